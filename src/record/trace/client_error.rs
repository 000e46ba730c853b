//! What a client saw: the JSON error body, the `data: {"error": …}` frame that ends a broken stream, and the OpenAI SDK's
//! `Error code: 503 - {'error': …}` in an application's own log.
//!
//! The SDK names a status only where the proxy answered with an error; a frame comes after the answer had begun. A body alone
//! does not tell: applications log a frame's body, too.

use serde_json::{Value, json};

use super::{About, Form, TraceRecord};
use crate::knowledge::{route, signature};
use crate::record::python;
use crate::record::value::{has, text};

/// How many lines a nested error has at most: LiteLLM stops after five fallbacks.
const MOST_LINES: usize = 64;

/// A JSON error body.
pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    if !has(value, &["error"]) && !has(value, &["response"]) {
        return None;
    }
    let error = message(value)?;
    // A provider's own body names its request beside the error.
    let of_provider = text(value, "type").as_deref() == Some("error");
    let known = error.starts_with("litellm.") || signature::tells_rejection(&error) || error.contains(signature::MID_STREAM);
    let error = match text(value, "request_id").filter(|_| of_provider) {
        Some(id) => json!({"error": {"message": error}, "request_id": id}).to_string(),
        None => error,
    };
    known.then(|| vec![TraceRecord { error, ..TraceRecord::new(Form::ClientError, About::Request) }])
}

/// The text of an error body, of LiteLLM's or the provider's shape.
fn message(value: &Value) -> Option<String> {
    text(value, "error.message").or_else(|| text(value, "response.error.message")).or_else(|| text(value, "error"))
}

/// The errors that a client's capture or an application's log holds in these lines, each with its line's offset.
#[must_use]
pub fn errors_in(lines: &[u8]) -> Vec<(usize, TraceRecord)> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in lines.split_inclusive(|b| *b == b'\n') {
        let text = String::from_utf8_lossy(line);
        let known = || frame(&text).or_else(|| repr(&text)).or_else(|| raised(&text, &lines[at + line.len()..]));
        if signature::tells_rejection(&text) || text.contains(signature::MID_STREAM) {
            found.extend(known().map(|record| (at, record)));
        }
        at += line.len();
    }
    found
}

/// An exception with LiteLLM's own text, as the SDK raises it for an error within a stream (`openai.APIError: litellm.…`), or what
/// is left of a traceback. The text of nested fallbacks goes on over lines.
fn raised(line: &str, behind: &[u8]) -> Option<TraceRecord> {
    let start = line
        .find("Error: litellm.")
        .map(|at| at + "Error: ".len())
        .or_else(|| ["litellm.", "openai."].iter().any(|s| line.starts_with(s)).then_some(0))?;
    let mut error = line[start..].to_owned();
    for more in behind.split_inclusive(|b| *b == b'\n').take(MOST_LINES) {
        let more = String::from_utf8_lossy(more);
        if !signature::NESTED_LINES.iter().any(|nested| more.starts_with(nested)) {
            break;
        }
        error.push_str(&more);
    }
    Some(TraceRecord { error: error.trim_end().to_owned(), ..TraceRecord::new(Form::ClientError, About::Part) })
}

/// `data: {"error": {…}}`, on `/v1/responses` `data: {"type": "response.failed", "response": {"error": {…}}}`.
fn frame(line: &str) -> Option<TraceRecord> {
    let body = line.trim_start().strip_prefix("data:")?.trim();
    let value: Value = serde_json::from_str(body).ok()?;
    let responses = text(&value, "type").is_some_and(|kind| kind.starts_with("response."));
    let error = message(&value)?;
    Some(TraceRecord { error, route: responses.then_some(route::RESPONSES), ..TraceRecord::new(Form::ClientError, About::Request) })
}

/// `Error code: 503 - {'error': {'message': "…"}}`: Python's repr of the body.
fn repr(line: &str) -> Option<TraceRecord> {
    let (_, rest) = line.split_once("Error code: ")?;
    let (status, body) = rest.split_once(" - ")?;
    let status = status.trim().parse().ok()?;
    let start = body.find("'message': ")? + "'message': ".len();
    let (error, _) = python::string(&body[start..])?;
    // Only LiteLLM's own words come from a proxy; a provider's may be an upstream answer to one.
    let status = Some(status).filter(|_| error.starts_with("litellm."));
    Some(TraceRecord { error, status, ..TraceRecord::new(Form::ClientError, About::Request) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_reprs_are_read_and_prose_is_not() {
        let text = "litellm.MidStreamFallbackError: x. Received Model Group=a\\nAvailable Model Group Fallbacks=['b']";
        let repr = text.replace("\\n", "\\\\n");
        let cases = [
            (format!("data: {{\"error\": {{\"message\": \"{text}\", \"code\": \"503\"}}}}\n"), Some(None)),
            (format!("2026-03-04 ERROR app: Error code: 503 - {{'error': {{'message': \"{text}\", 'code': '503'}}}}\n"), Some(Some(503))),
            (format!("Why do I see {repr}?\n"), None),
        ];
        for (line, expected) in cases {
            let found = errors_in(line.as_bytes());
            assert_eq!(found.first().map(|(_, record)| record.status), expected, "{line}");
            if let Some((_, record)) = found.first() {
                assert!(record.error.contains("=a\nAvailable"), "{record:?}");
            }
        }
    }
}
