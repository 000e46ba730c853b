//! Contents: what a client asked and a model answered, where an error echoes it.
//!
//! The value behind a key or a phrase of the tables is withheld, up to where it closes; one that does not close, to the end of its line.
//! A provider's sentence that merely speaks of messages stays, and so does what tells why a stream failed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::value;

/// Stands for what is withheld.
pub(crate) const WITHHELD: &str = "[withheld]";

/// Keys of a request or an answer behind which contents stand: `key=…`, `"key": …` in any quotes. A longer key may end with one.
const KEYS: [&str; 30] = [
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
    "inputtext",
    "outputtext",
    "system",
    "instructions",
    "thinking",
    "tool[_ ]calls",
    "tooluse",
    "partial_json",
    "failed_generation",
    "generated_content",
    "generated_text",
    "output_text",
    "outputs",
    "output",
    "query",
    "documents",
    "chunk",
    "response",
];

/// Keys that stand in sentences and in lines of source code, too: only what is quoted or in brackets behind them is contents.
const LOOSE: [&str; 8] = ["reasoning", "refusal", "summary", "parameters", "args", "kwargs", "body", "data"];

/// LiteLLM's and Python's words before contents, as patterns: a chunk that could not be parsed, a message that was refused, the
/// request as a `curl` command. Sources: LiteLLM 1.74–1.109, `llms/*/chat`, `litellm_core_utils`, `logging`.
const PHRASES: [&str; 8] = [
    r"(?:received|parsing|parse|decode|from|v[0-9]|,|unmapped|invalid|error) chunk ?[:=]",
    r"(?:received|invalid) (?:user |assistant |tool |system )?messages? ?(?:passed in|[:=])",
    r"(?:original|raw|received|model|completion|llm) (?:model )?response ?(?:text|from model|body)? ?[:=]",
    // With a blank, which a line of source code has not.
    r"(?:raw_response|response\.text|(?:tool|function|call|invalid|parse|parsing|with) arguments): ",
    r"response from llm endpoint\. received ?[:=]",
    r"(?:raw|received) (?:request|input|output|prompt|text) ?[:=]",
    r"(?:user|flagged|blocked|offending) (?:prompt|input|text|content) ?[:=]",
    r" (?:-d|--data|--data-raw|--json)",
];

/// A key or phrase, with all that stands before its value.
static STARTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let (keys, loose, phrases) = (KEYS.join("|"), LOOSE.join("|"), PHRASES.join("|"));
    let is = format!(r"{}\s{{0,4}}(?::|=>|%3A)", value::QUOTE);
    let edge = r"(?:\A|[^a-z0-9]|\\[nrt]|\\u002[27]|%2[27])";
    // What a rejected message was stands behind `message=`, in brackets; an error's words do, too, without.
    let pattern = format!(
        r"(?i:{edge}(?:(?<quoted>(?:{keys}){is})|(?<bare>(?:{keys})=)|(?<loose>(?:{loose})(?:{is}|\s{{0,4}}=)|(?:{keys})\s{{1,4}}=)|(?<message>message=))|(?<phrase>{phrases}))"
    );
    Regex::new(&pattern).ok()
});

/// What is no contents though it stands in their place: why a stream failed, in words that no model's answer begins with.
static CAUSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\A(?:(?:http/[0-9.]+\s)?[1-5][0-9]{2}[\s:,-]{1,3})?(?:no\ healthy\ upstream
        |upstream\ connect\ error(?:\ or\ disconnect/reset\ before\ headers)?(?:[.\ ]{1,2}(?:retried\ and\ the\ latest\ )?reset\ reason:\ [a-z\ ]{1,60})?
        |upstream\ request\ timeout|overloaded\b|internal\ server\ error|bad\ gateway|service\ unavailable|gateway\ time-?out|too\ many\ requests
        |<response\ \[[^\]\n]{0,60}\]>)",
    )
    .ok()
});

/// A number, with what was counted; nothing, none, a truth.
static NOTHING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)\A(?:[0-9][0-9,._]*\ (?:input\ |output\ )?(?i:tokens|characters|chars|bytes|items)(?-u:\b)
        |(?:None|null|True|False|true|false|\[\]|\{\}|''|""|-?[0-9][0-9._]*)(?<end>))"#,
    )
    .ok()
});

/// An error that a provider answered with: its own contents are looked for.
static ERROR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let (begin, quote) = (r#"\A\\*["']?\{\s{0,4}"#, r#"\\*["']"#);
    let is = format!(r"{quote}\s{{0,4}}:\s{{0,4}}");
    Regex::new(&format!("{begin}{quote}(?:(?:errors?|detail|fault){is}|message{is}{quote}|type{is}{quote}error{quote})")).ok()
});

/// How validators go on behind the name of a field (`Invalid 'input': string too long`), where no value stands.
static SAID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\A(?:string|array|integer|object|expected|must|is|should|value|field|invalid|too|empty|unsupported|unknown|missing|cannot|not|only|at least|at most|the) ").ok()
});

/// How many bytes may be searched for the ends of values that have none, beyond those of the text itself.
const MOST_SEARCHED: usize = 1 << 20;

/// How a value is introduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// `"key":`, where quotes are escaped and values end where they say.
    Quoted,
    /// `key=`, in a repr, a line of source code or a sentence.
    Bare,
    /// A key that stands in sentences.
    Loose,
    /// `message=`.
    Message,
    /// LiteLLM's words, behind which anything may stand.
    Phrase,
}

/// The text without contents.
pub(crate) fn withheld(text: &str) -> Cow<'_, str> {
    let Some(starts) = STARTS.as_ref() else { return Cow::Borrowed(text) };
    let (mut kept, mut from, mut at, mut budget) = (String::new(), 0, 0, text.len() + MOST_SEARCHED);
    while let Some(start) = starts.captures_at(text, at) {
        let Some(found) = start.get(0).map(|found| found.range()) else { break };
        let value = value_at(text, found.end);
        at = found.end.max(value);
        let Some(contents) = contents(text, before(&start), &text[found], value, &mut budget) else { continue };
        kept.push_str(&text[from..contents.start]);
        kept.push_str(WITHHELD);
        (from, at) = (contents.end, contents.end);
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[from..]);
    if kept == text { Cow::Borrowed(text) } else { Cow::Owned(kept) }
}

fn before(start: &Captures<'_>) -> Before {
    let all = [("quoted", Before::Quoted), ("bare", Before::Bare), ("loose", Before::Loose), ("message", Before::Message)];
    all.into_iter().find(|(name, _)| start.name(name).is_some()).map_or(Before::Phrase, |(_, before)| before)
}

/// Where the value begins behind spaces and the `b` of bytes.
fn value_at(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let rest = rest.trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix("%20").unwrap_or(rest);
    let is_bytes = rest.starts_with("b'") || rest.starts_with("b\"");
    text.len() - rest.len() + usize::from(is_bytes)
}

/// What of a value is contents.
fn contents(text: &str, before: Before, start: &str, at: usize, budget: &mut usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let is_open = || {
        rest.starts_with(['[', '{', '(', '"', '\'']) || rest.trim_start_matches('\\').starts_with(['"', '\'']) || value::encoded_quote(rest).is_some()
    };
    let is_none = match before {
        Before::Loose => !is_open(),
        Before::Message => !rest.starts_with(['[', '{']),
        Before::Quoted => SAID.as_ref().is_some_and(|said| said.is_match(rest)),
        _ => false,
    };
    let may_be_error = before == Before::Loose || start.to_ascii_lowercase().contains("response");
    let is_error = || may_be_error && ERROR.as_ref().is_some_and(|error| error.is_match(rest));
    if is_none || is_nothing(rest, before) || is_error() {
        return None;
    }
    let cause = CAUSE.as_ref().and_then(|cause| cause.find(rest)).map_or(0, |cause| cause.end());
    let range = at + cause..end_of(text, before, start, at, budget);
    (!text[range.clone()].trim_matches([' ', '.']).is_empty()).then_some(range)
}

/// Where a value ends.
fn end_of(text: &str, before: Before, start: &str, at: usize, budget: &mut usize) -> usize {
    let rest = &text[at..];
    let line = rest.find('\n').map_or(text.len(), |line| at + line);
    if rest.starts_with(WITHHELD) {
        return at + WITHHELD.len();
    }
    if let Some(quote) = value::encoded_quote(rest) {
        return value::encoded_end(text, at + quote.len(), quote).map_or(line, |end| end + quote.len());
    }
    if value::ENCODED_QUOTES.iter().any(|quote| start.contains(quote)) {
        return line;
    }
    if *budget == 0 {
        return text.len();
    }
    match value::closed_end(text, at) {
        // An apostrophe in words is no end of them.
        Some(end) if before != Before::Quoted && !rest.starts_with(['[', '{', '(']) && !is_behind_value(&text[end..]) => line,
        Some(end) => end,
        None => {
            let is_bracket = rest.starts_with(['[', '{', '(']);
            *budget = budget.saturating_sub(if is_bracket { rest.len() } else { 0 });
            (before == Before::Bare).then(|| variable_end(text, at)).flatten().unwrap_or(line)
        }
    }
}

/// Whether a text goes on as one does behind a quoted value.
fn is_behind_value(rest: &str) -> bool {
    let next = rest.trim_start_matches([' ', '\t']);
    let name = next.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(next.len());
    let is_argument = name > 0 && next[name..].starts_with('=') || next.starts_with(['-', '(', '[']);
    next.is_empty()
        || rest.starts_with([',', ')', ']', '}', ';', '.', '&', '\\', '"', '\'', '<', '|', '\n', '\r'])
        || (next.len() < rest.len() && is_argument)
}

/// Where a variable ends that is given on in a line of source code (`f(text=_body)`, `f(messages=messages, n=1)`), of which tracebacks are full.
fn variable_end(text: &str, value: usize) -> Option<usize> {
    let line = text[..value].rfind('\n').map_or(0, |line| line + 1);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_call = text[line..value].match_indices('(').any(|(at, _)| text[line..line + at].ends_with(is_name));
    let rest = &text[value..];
    let end = rest.find(|c: char| !is_name(c) && c != '.').filter(|end| *end > 0)?;
    let argument = rest[end..].strip_prefix(", ").and_then(|next| next.split_once('=')).map(|(name, _)| name);
    let is_argument = argument.is_some_and(|name| !name.is_empty() && name.chars().all(is_name));
    (is_call && (rest[end..].starts_with(')') || is_argument)).then_some(value + end)
}

/// Whether a value tells nothing of contents, and ends there.
fn is_nothing(rest: &str, before: Before) -> bool {
    if rest.trim().is_empty() {
        return true;
    }
    let Some(found) = NOTHING.as_ref().and_then(|nothing| nothing.captures(rest)) else { return false };
    let behind = &rest[found.get(0).map_or(0, |found| found.end())..];
    let ends = || {
        let is_last = behind.trim_start_matches([' ', '\r']).is_empty() || behind.starts_with(['\n', '\r']) || behind.starts_with("\\n");
        let is_argument = before != Before::Phrase && (behind.starts_with([')', ']', '}', '"', '\'', '&', ';', '\\']) || is_next(behind));
        is_last || is_argument || behind.starts_with(". Received Model Group")
    };
    found.name("end").is_none() || ends()
}

/// Whether a comma and the next key or argument follow.
fn is_next(behind: &str) -> bool {
    let Some(next) = behind.strip_prefix(',').map(str::trim_start) else { return false };
    let name = next.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(next.len());
    next.starts_with(['"', '\'', '\\', '[', '{']) || (name > 0 && next[name..].starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold() {
        assert!(STARTS.is_some() && CAUSE.is_some() && NOTHING.is_some() && ERROR.is_some() && SAID.is_some());
    }

    #[test]
    fn values_without_an_end_take_no_more_time_than_others() {
        let text = "content=[\n".repeat(100_000);
        assert!(!withheld(&text).contains("content=[\n"));
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
            ("prompt=Hello, plan=PLANTED", "prompt=[withheld]"),
            ("prompt='Hello' PLANTED", "prompt=[withheld]"),
            ("Received input: plan, codename=PLANTED", "Received input: [withheld]"),
            ("Raw input: Yes) PLANTED", "Raw input: [withheld]"),
            ("Original Response: None of the PLANTED", "Original Response: [withheld]"),
            ("Original Response: True story: PLANTED", "Original Response: [withheld]"),
            ("Original Response: None", "Original Response: None"),
            ("content = 'PLANTED it', n = 1", "content = [withheld], n = 1"),
            (r"{\u0022content\u0022: \u0022PLANTED\u0022, \u0022n\u0022: 1}", r"{\u0022content\u0022: [withheld], \u0022n\u0022: 1}"),
            ("{&quot;content&quot;: &quot;PLANTED&quot;}", "{&quot;content&quot;: [withheld]}"),
            ("x=%22content%22%3A%22PLANTED%22%7D", "x=%22content%22%3A[withheld]%7D"),
            (
                "Received: 'no'. Empty or invalid response from LLM endpoint. Received: 'it's PLANTED'. Check",
                "Received: 'no'. Empty or invalid response from LLM endpoint. Received: [withheld]",
            ),
            (
                "Unable to convert openai tool calls={'a': 'PLANTED'} to gemini tool calls",
                "Unable to convert openai tool calls=[withheld] to gemini tool calls",
            ),
            ("body={'error': {'message': 'Overloaded'}}", "body={'error': {'message': 'Overloaded'}}"),
            (r#""response": {"type":"error","error":{"message":"Overloaded"}}"#, r#""response": {"type":"error","error":{"message":"Overloaded"}}"#),
            ("body={'a': 'PLANTED'}, data='PLANTED'", "body=[withheld], data=[withheld]"),
            ("Invalid 'messages[0].content': string too long", "Invalid 'messages[0].content': string too long"),
            ("body={\"message\":\"Too many tokens\"}", "body={\"message\":\"Too many tokens\"}"),
            ("data = self.parse(x); body of the request", "data = self.parse(x); body of the request"),
            ("model response: 503 no healthy upstream", "model response: 503 no healthy upstream"),
            (
                "raw response: upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
                "raw response: upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
            ),
            ("ContextWindowExceeded: input=212345 tokens > max=200000", "ContextWindowExceeded: input=212345 tokens > max=200000"),
            ("text=Overloaded. please retry", "text=Overloaded[withheld]"),
            ("output=0 tokens, prompt=12", "output=0 tokens, prompt=12"),
            ("raw response: 3 things that I would do", "raw response: [withheld]"),
            ("response=<Response [429 Too Many Requests]>", "response=<Response [429 Too Many Requests]>"),
        ];
        for (text, expected) in cases {
            assert_eq!(withheld(text), expected);
            assert_eq!(withheld(expected), expected);
        }
    }
}
