//! Documents: payloads, spans, generations, spend logs, what clients saw; the first byte says what is put around.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use streamfall_fuzz::{Files, report};

const NAMES: [&str; 4] = ["trace.json", "trace.jsonl", "trace.csv", "trace.pb"];

/// A trace's row with a text where its error stands.
fn around(choice: u8, text: &str) -> Option<Value> {
    Some(match choice {
        0 => {
            json!({"id": "x", "litellm_call_id": "u", "trace_id": "t", "call_type": "acompletion", "status": "failure", "model_group": "g", "error_str": text})
        }
        1 => json!({"request_id": "x", "call_type": "acompletion", "metadata": {"status": "failure", "error_information": {"error_message": text}}}),
        2 => json!({"name": "litellm_request", "traceId": "a", "spanId": "b", "attributes": [{"key": "exception", "value": {"stringValue": text}}]}),
        3 => json!({"type": "generation-create", "body": {"level": "ERROR", "statusMessage": text, "traceId": "t", "model": "m"}}),
        4 => json!({"error": {"message": text, "type": "invalid_request_error", "code": "400"}}),
        _ => return None,
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, document)) = bytes.split_first() else { return };
    let name = NAMES[*choice as usize % NAMES.len()];
    let made = around(*choice / 4, &String::from_utf8_lossy(document)).map(|row| match *choice % 4 {
        0 => json!([row]).to_string(),
        1 => format!("{row}\n{row}\n"),
        2 => json!({"data": [row], "meta": {"page": 1}}).to_string(),
        _ => json!({"resourceSpans": [{"scopeSpans": [{"spans": [row]}]}]}).to_string(),
    });
    let document = made.as_deref().map_or(document, str::as_bytes);
    report(&Files::new(&[(name, document)]).paths, *choice);
});
