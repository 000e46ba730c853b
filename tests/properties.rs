//! What must always hold: where chunks are cut changes nothing, and no bytes make it panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::fmt::Write;

use common::{Dice, capture, report_on, trace};
use proptest::prelude::*;
use streamfall::document::Start;
use streamfall::scan::{self, Edges, InOrder, Searcher, Wanted};

/// All facts of a source, with their places, for a size of chunk; chunks come back in a shuffled order, as from several threads.
fn facts(source: &[u8], chunk_bytes: usize, seed: u64) -> String {
    let searcher = Searcher::new(Wanted::default()).unwrap();
    let start = Start::of(source);
    let mut chunks = scan::chunks(start.layout, Box::new(start.whole()), chunk_bytes);
    let mut results: Vec<_> = std::iter::from_fn(|| chunks.next_chunk(&mut streamfall::input::Buffer::default()).ok().flatten())
        .map(|chunk| searcher.search(&chunk))
        .collect();
    let mut dice = Dice::new(seed);
    let mut order = InOrder::new(0);
    while !results.is_empty() {
        order.add(results.swap_remove(dice.below(results.len())));
    }
    let found = order.finish();
    let mut text = format!("{} mentions\n", found.mentions);
    for stream in found.streams {
        // Times near the ends are looked for in each chunk.
        let edges = Edges { first: None, last: None, ..stream.edges };
        writeln!(text, "{edges:?} {}", stream.lines).unwrap();
        for fact in stream.facts {
            writeln!(text, "{fact:?}").unwrap();
        }
    }
    text
}

#[test]
fn any_cut_into_chunks_gives_the_same_facts() {
    let logs = ["1.77.7_A_default", "1.85.0_C_info", "1.85.0_D_json_default", "1.85.0_B_debug", "1.109.1_D_json_default"]
        .map(|name| (name, capture(name).log));
    let traces = ["1.85.0_E_otel_otlp", "1.85.0_F_generic_api", "1.85.7_G_langfuse"].map(|name| (name, trace(name)));
    for (name, source) in logs.into_iter().chain(traces) {
        let whole = facts(&source, usize::MAX / 2, 0);
        assert!(whole.lines().count() > 10, "{name}");
        for (seed, chunk_bytes) in (1..).zip([200, 1_000, 4_096, 50_000, 1 << 20]) {
            assert!(facts(&source, chunk_bytes, seed) == whole, "{name} in chunks of {chunk_bytes} bytes");
        }
    }
}

/// Pieces of real records, so that random logs reach deep.
const PIECES: [&str; 26] = [
    "openai.BadRequestError: Error code: 400 - {'error': {'message': 'This model does not support assistant message prefill.'}}\n",
    "data: {\"error\": {\"message\": \"litellm.MidStreamFallbackError: This model does not support assistant message prefill.\"}}\n",
    "\n{\"id\": \"x\", \"litellm_call_id\": \"u\", \"trace_id\": \"t\", \"call_type\": \"acompletion\", \"model_group\": \"g\", \"error_str\": \"This model does not support assistant message prefill.\"}\n",
    "\n{\n    \"name\": \"Failed Proxy Server Request\",\n    \"context\": {\"trace_id\": \"0x1\"},\n",
    "\n",
    "07:35:20 - LiteLLM Router:ERROR: router.py:5867 - ",
    "\u{1b}[92m07:35:20 - LiteLLM Proxy:ERROR\u{1b}[0m: proxy_server.py:1 - ",
    "{\"message\": \"",
    "\", \"level\": \"ERROR\", \"timestamp\": \"2026-11-22T07:36:15.560479\", \"logger\": \"router.py:1\"}",
    "litellm.router.py::async_function_with_fallbacks() - Error occurred while trying to do fallbacks - ",
    "Fallback also failed: ",
    "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - ",
    "litellm.MidStreamFallbackError: ",
    "litellm.BadRequestError: AnthropicException - b'",
    "{\"message\":\"This model does not support assistant message prefill.\"},\"request_id\":\"req_abcd\"}'",
    "No fallback model group found for original model_group=a. Fallbacks=[{'a': ['b', 'c']}]",
    ". Received Model Group=a\nAvailable Model Group Fallbacks=['b']\nError doing the fallback: ",
    "\n\nLiteLLM: model group 'a' failed with the error above. Fallback to b, c also failed: ",
    "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n",
    "litellm.exceptions.MidStreamFallbackError: x\n",
    "\nDuring handling of the above exception, another exception occurred:\n\n",
    "\n\n\nDebug Information:\nCooldown Deployments=[]\n",
    "litellm.acompletion(model=m) Exception litellm.BadRequestError: ",
    "litellm.acompletion(x, messages=[{'role': 'assistant', 'content': '",
    "'}], metadata={'previous_models': [{'exception_type': 'E', 'exception_string': '\"'}]}, litellm_call_id='u')",
    "é\u{202e}\\\"\\u00",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        // The binary would stop at the first look at junk; what lies behind that look is searched all the same.
        let log = [b"07:35:20 - LiteLLM Router:ERROR: router.py:1 - Fallback also failed: ".as_slice(), &bytes].concat();
        facts(&log, 200, 1);
        report_on(&log);
    }

    #[test]
    fn no_mix_of_real_pieces_makes_it_panic_or_contradict_itself(
        pieces in proptest::collection::vec((0..PIECES.len(), 0..40_usize), 0..60),
        chunk_bytes in 128..600_usize,
    ) {
        let mut log = Vec::new();
        for (piece, cut) in pieces {
            let bytes = PIECES[piece].as_bytes();
            log.extend_from_slice(&bytes[cut.min(bytes.len() / 3)..]);
        }
        let report = report_on(&log);
        prop_assert_eq!(report["summary"]["requests"].as_u64().unwrap(), report["incidents"].as_array().unwrap().len() as u64);
        for incident in report["incidents"].as_array().unwrap() {
            prop_assert_eq!(incident["verdict"] == "unknown", incident["confidence"].is_null());
            prop_assert!(!incident["because"].as_array().unwrap().is_empty());
        }
        prop_assert_eq!(facts(&log, chunk_bytes, 1), facts(&log, usize::MAX / 2, 2));
    }
}
