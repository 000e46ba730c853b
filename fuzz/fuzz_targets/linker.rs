//! Real records in any order, with any of a few ids and groups, over several files: each two bytes choose a record and what fills it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use streamfall_fuzz::{Files, facts, report};

/// Records with gaps: `@` is an id, `#` a group, `%` another group, `~` a second.
const RECORDS: [&str; 14] = [
    "INFO:     127.0.0.1:4@ - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n",
    "INFO:     127.0.0.1:4@ - \"POST /v1/chat/completions HTTP/1.1\" 400 Bad Request\n",
    "07:35:2~ - LiteLLM Router:ERROR: router.py:5867 - litellm.router.py::async_function_with_fallbacks() - Error occurred while trying to do fallbacks - litellm.MidStreamFallbackError: litellm.InternalServerError: AnthropicException - Overloaded. Received Model Group=#\nAvailable Model Group Fallbacks=['%']\n",
    "07:35:2~ - LiteLLM Router:ERROR: router.py:5867 - Fallback also failed: litellm.BadRequestError: AnthropicException - {\"error\":{\"message\":\"This model does not support assistant message prefill. The conversation must end with a user message.\"},\"request_id\":\"req_@\"}. Received Model Group=%\nAvailable Model Group Fallbacks=None\n",
    "07:35:2~ - LiteLLM Proxy:ERROR: proxy_server.py:1 - litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - litellm.BadRequestError: AnthropicException - {\"error\":{\"message\":\"This model does not support assistant message prefill. The conversation must end with a user message.\"},\"request_id\":\"req_@\"}. Received Model Group=%\nAvailable Model Group Fallbacks=None\n",
    "07:35:2~ - LiteLLM Proxy:ERROR: common_request_processing.py:1 - litellm.proxy.proxy_server.async_data_generator(): Exception occured - litellm.MidStreamFallbackError: litellm.RateLimitError: AnthropicException - slow down. Received Model Group=#\nAvailable Model Group Fallbacks=['%']\nError doing the fallback: litellm.BadRequestError: AnthropicException - b'{\"error\":{\"message\":\"This model does not support assistant message prefill. The conversation must end with a user message.\"},\"request_id\":\"req_@\"}'No fallback model group found for original model_group=%. Fallbacks=[{'#': ['%']}]\n",
    "07:35:2~ - LiteLLM Router:INFO: router.py:1 - Trying to fallback b/w models\n",
    "07:35:2~ - LiteLLM Router:INFO: router.py:1 - Falling back to model_group = %\n",
    "07:35:2~ - LiteLLM Router:INFO: router.py:2521 - litellm.acompletion(model=openai/#) Exception litellm.BadRequestError: AnthropicException - {\"error\":{\"message\":\"This model does not support assistant message prefill.\"},\"request_id\":\"req_@\"}\n",
    "07:35:2~ - LiteLLM Router:INFO: router.py:2521 - litellm.acompletion(model=anthropic/%) 200 OK\n",
    "{\"id\": \"x@\", \"litellm_call_id\": \"u@\", \"trace_id\": \"t@\", \"call_type\": \"acompletion\", \"status\": \"failure\", \"model_group\": \"%\", \"startTime\": 1795332920.~, \"error_str\": \"litellm.BadRequestError: AnthropicException - This model does not support assistant message prefill. req_@\"}\n",
    "Traceback (most recent call last):\n  File \"/app/litellm/router.py\", line 1, in stream_with_fallbacks\n    raise e\nlitellm.exceptions.MidStreamFallbackError: litellm.MidStreamFallbackError: x. Received Model Group=#\n",
    "\nDuring handling of the above exception, another exception occurred:\n\n",
    "{\"message\": \"Fallback also failed: litellm.BadRequestError: AnthropicException - b'{\\\"message\\\":\\\"This model does not support assistant message prefill.\\\",\\\"request_id\\\":\\\"req_@\\\"}'. Received Model Group=%\", \"level\": \"ERROR\", \"timestamp\": \"2026-11-22T07:35:2~.560479\"}\n",
];
const GROUPS: [&str; 4] = ["gpt-4.1", "claude-opus-4-7", "claude-sonnet-4-5", "team-default"];
const FILES: [&str; 3] = ["proxy.log", "proxy.log.1", "other.jsonl"];

fuzz_target!(|bytes: &[u8]| {
    let mut logs = [String::new(), String::new(), String::new()];
    for pair in bytes.chunks_exact(2) {
        let (record, filling) = (pair[0] as usize, pair[1] as usize);
        let text = RECORDS[record % RECORDS.len()]
            .replace('@', &(filling % 8).to_string())
            .replace('#', GROUPS[filling / 8 % 4])
            .replace('%', GROUPS[filling / 32 % 4])
            .replace('~', &(filling / 64).to_string());
        logs[record / RECORDS.len() % logs.len()].push_str(&text);
    }
    let named: Vec<(&str, &[u8])> = FILES.into_iter().zip(logs.iter().map(String::as_bytes)).filter(|(_, log)| !log.is_empty()).collect();
    let files = Files::new(&named);
    let told = report(&files.paths, bytes.len() as u8);
    let carried: Vec<_> =
        files.paths.iter().enumerate().map(|(at, path)| files.add(&format!("part-{at}"), &facts(std::slice::from_ref(path)))).collect();
    assert_eq!(told["incidents"].as_array().map(Vec::len), report(&carried, 0)["incidents"].as_array().map(Vec::len));
});
