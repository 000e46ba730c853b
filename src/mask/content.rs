//! Contents: what a client asked and a model answered, where an error echoes it.
//!
//! The value behind a key or a phrase of the tables is withheld, up to where it closes; one that does not close, to the end of its line.
//! A provider's sentence that merely speaks of messages stays.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::value;

/// Stands for what is withheld.
pub(crate) const WITHHELD: &str = "[withheld]";

/// Keys of a request or an answer behind which contents stand: `key=…`, `"key": …` in any quotes. A longer key may end with one.
const KEYS: [&str; 27] = [
    "messages",
    "prompt",
    "content",
    "contents",
    "input",
    "inputs",
    "input_value",
    "choices",
    "arguments",
    "completion",
    "delta",
    "text",
    "system",
    "instructions",
    "thinking",
    "tool_calls",
    "partial_json",
    "generated_content",
    "generated_text",
    "output_text",
    "outputs",
    "output",
    "query",
    "documents",
    "chunk",
    "guardrail_response",
    "ai_response",
];

/// LiteLLM's and Python's words before contents, as patterns: a chunk that could not be parsed, a message that was refused, the
/// request as a `curl` command. Sources: LiteLLM 1.74–1.109, `llms/*/chat`, `litellm_core_utils`, `logging`.
const PHRASES: [&str; 6] = [
    r"(?:received|parsing|parse|unmapped|invalid|error) chunk ?[:=]",
    r"(?:received|invalid) (?:user |assistant |tool |system )?messages? ?(?:passed in|[:=])",
    r"(?:original|raw|received|model|completion|llm) (?:model )?response ?(?:text|from model|body)? ?[:=]",
    r"(?:raw|received) (?:request|input|output|prompt|text) ?[:=]",
    r"(?:user|flagged|blocked|offending) (?:prompt|input|text|content) ?[:=]",
    r" (?:-d|--data|--data-raw|--json)",
];

/// A key or phrase, with all that stands before its value.
static STARTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let (keys, phrases) = (KEYS.join("|"), PHRASES.join("|"));
    // What a rejected message was stands behind `message=`, in brackets; an error's words do, too, without.
    let pattern = format!(r#"(?i:(?:\A|[^a-z0-9])(?:(?:{keys})(?:\\*["']\s*:|=)|message=[\[{{])|(?:{phrases}))"#);
    Regex::new(&pattern).ok()
});

/// Values that tell nothing.
const EMPTY: [&str; 10] = ["None", "null", "True", "False", "true", "false", "[]", "{}", "''", "\"\""];

/// The text without contents.
pub(crate) fn withheld(text: &str) -> Cow<'_, str> {
    let Some(starts) = STARTS.as_ref() else { return Cow::Borrowed(text) };
    let (mut kept, mut from, mut at) = (String::new(), 0, 0);
    while let Some(start) = starts.find_at(text, at) {
        let end = start.end() - usize::from(start.as_str().ends_with(['[', '{']));
        let value = end + (text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len());
        let value = value + usize::from(text[value..].starts_with("b'") || text[value..].starts_with("b\""));
        at = start.end().max(value);
        if is_empty(&text[value..]) {
            continue;
        }
        let line = || text[value..].find('\n').map_or(text.len(), |line| value + line);
        let close = value::closed_end(text, value).or_else(|| variable_end(text, value)).unwrap_or_else(line);
        kept.push_str(&text[from..value]);
        kept.push_str(WITHHELD);
        (from, at) = (close, close);
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[from..]);
    if kept == text { Cow::Borrowed(text) } else { Cow::Owned(kept) }
}

/// Where a variable ends that is given on in a line of source code (`f(text=_body)`, `f(messages=messages, n=1)`), of which tracebacks are full.
fn variable_end(text: &str, value: usize) -> Option<usize> {
    let rest = &text[value..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.')).filter(|end| *end > 0)?;
    let argument = rest[end..].strip_prefix(", ").and_then(|next| next.split_once('=')).map(|(name, _)| name);
    let is_argument = argument.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    (rest[end..].starts_with(')') || is_argument).then_some(value + end)
}

fn is_empty(value: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
    value.trim().is_empty() || EMPTY.iter().any(|empty| value.strip_prefix(empty).is_some_and(ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold() {
        assert!(STARTS.is_some());
    }

    #[test]
    fn contents_go_and_the_error_stays() {
        let cases = [
            ("AnthropicException - Overloaded", "AnthropicException - Overloaded"),
            ("messages: text content blocks must be non-empty", "messages: text content blocks must be non-empty"),
            (
                "b'{\"error\":{\"message\":\"prompt is too long: 212345 tokens\"}}'",
                "b'{\"error\":{\"message\":\"prompt is too long: 212345 tokens\"}}'",
            ),
            ("[type=missing, input_value={'a': 'it is]'}, input_type=dict]", "[type=missing, input_value=[withheld], input_type=dict]"),
            ("input_value='my \\' plan', input_type=str", "input_value=[withheld], input_type=str"),
            ("completion(model='m', messages=[{'role': 'user', 'content': \"it's\"}], n=1)", "completion(model='m', messages=[withheld], n=1)"),
            (r#"{\"content\": \"say \\\"x\\\" now\", \"role\": 1}"#, r#"{\"content\": [withheld], \"role\": 1}"#),
            ("Error parsing chunk: {'a': 1}. Received Model Group=a", "Error parsing chunk: [withheld]. Received Model Group=a"),
            ("Received chunk: my plan is\nAvailable", "Received chunk: [withheld]\nAvailable"),
            ("messages=[{'role': 'user', 'content': 'cut he", "messages=[withheld]"),
            ("Invalid user message={'content': 'x'} at index 0", "Invalid user message=[withheld] at index 0"),
            ("curl -X POST https://x -H 'a: b' -d '{\"p\": 1}'", "curl -X POST https://x -H 'a: b' -d [withheld]"),
            ("messages=None, choices=[], input_tokens=12", "messages=None, choices=[], input_tokens=12"),
            ("message='Overloaded'", "message='Overloaded'"),
            ("raise E(e, message=_body, text=_body) from None", "raise E(e, message=_body, text=[withheld]) from None"),
            ("f(messages=messages, n=1)", "f(messages=[withheld], n=1)"),
            ("prompt=hello, this is my plan", "prompt=[withheld]"),
        ];
        for (text, expected) in cases {
            assert_eq!(withheld(text), expected);
            assert_eq!(withheld(expected), expected);
        }
    }
}
