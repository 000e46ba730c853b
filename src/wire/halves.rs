//! Halves of records, as far as they may leave the machine: an error's own lines, masked; nothing of a prompt.
//!
//! A record that a rotation or a split has cut is put together where facts are linked, so its halves must be there. But what stands at
//! the end of a file may be anything, a request's messages included. So of a half only what shows to be an error's is kept, without
//! contents; of any other line, that there was one. (A JSON record is one line: where contents in it do not close, its rest is lost.)

use std::borrow::Cow;

use crate::knowledge::signature::{HeadKind, MESSAGE_HEADS};
use crate::mask::{self, Secrets, WITHHELD};
use crate::record::{self, Form};

/// How lines start that belong to an error and are no source code: a traceback's, LiteLLM's nested texts.
const STARTS: [&str; 15] = [
    "Traceback (most recent call last):",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "Available Model Group Fallbacks=",
    "Error doing the fallback: ",
    "Received Model Group=",
    "LiteLLM: model group '",
    "Received chunk:",
    "Debug Information:",
    "Cooldown Deployments=",
    "litellm.",
    "openai.",
    "httpx.",
    "httpcore.",
    "aiohttp.",
];

/// The half before a source's first head, from where it shows to be an error's. Its first line may be the rest of one.
pub(super) fn opening(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let next = text.lines().skip(1).find(|line| !line.trim().is_empty());
    let (mut within, mut first) = (false, true);
    kept(&text, |line| {
        within |= is_own(line) || (first && tells(line));
        let is_rest = std::mem::take(&mut first) && (line.len() <= SHORT || next.is_some_and(is_own));
        within || is_rest
    })
}

/// A source's last record, which may go on elsewhere; `None` of a trace's row: what a cut leaves of it speaks for itself.
pub(super) fn closing(bytes: &[u8]) -> Option<String> {
    match record::starts_here(bytes) {
        Some(Form::Row) | None => None,
        Some(_) if is_error(bytes) => Some(kept(&String::from_utf8_lossy(bytes), |_| true)),
        Some(_) => Some(outline(&String::from_utf8_lossy(bytes))),
    }
}

/// What is left of a record that is known to say nothing, and to go on: as many lines, and of the last one what may begin the next record.
fn outline(text: &str) -> String {
    let head = text.lines().next().and_then(|line| line.find(" - ").map(|end| &line[..end + 3])).unwrap_or_default();
    let (before, last) = text.rsplit_once('\n').map_or(("", text), |(before, last)| (before, last));
    if before.is_empty() && begins_head(text) {
        return text.to_owned();
    }
    let lines = text.matches('\n').count();
    let last = if lines > 0 && begins_head(last) { last } else { "" };
    format!("{head}{WITHHELD}{}{last}", "\n".repeat(lines))
}

/// How a JSON record begins.
const JSON_HEAD: &str = "{\"message\": \"";

/// Whether a line that was cut may have been to become a record's head: no more than a time and a logger stands in it.
fn begins_head(line: &str) -> bool {
    let uncoloured = line.trim_start_matches("\u{1b}[92m");
    let clock = uncoloured.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b':').count();
    let logger = &uncoloured[clock..];
    let is_text = clock <= "07:35:20".len()
        && (" - LiteLLM".starts_with(logger) || logger.strip_prefix(" - LiteLLM").is_some_and(|name| !name.contains(" - ")));
    let is_json = JSON_HEAD.starts_with(line) || line.strip_prefix(JSON_HEAD).is_some_and(|message| message.len() <= SHORT);
    !line.is_empty() && (is_text || is_json)
}

/// Whether a record with a head is LiteLLM's word on an error, or on a hop: of what else is logged, nothing is asked.
fn is_error(bytes: &[u8]) -> bool {
    let is_request = |kind: &HeadKind, message: &str| *kind == HeadKind::Call && matches!(mask::withheld(message), Cow::Owned(_));
    record::read(bytes).iter().any(|(_, record)| {
        let message = record.message.trim_start();
        let loud = matches!(record.level.as_ref(), "ERROR" | "WARNING" | "CRITICAL");
        let known = MESSAGE_HEADS.iter().any(|(head, kind)| message.starts_with(head) && !is_request(kind, message));
        // Cut in its first words, or before them.
        loud || known || MESSAGE_HEADS.iter().any(|(head, _)| head.starts_with(message.trim_end()))
    })
}

/// The lines that are an error's, masked, and of the others that there were some; as many as before.
fn kept(text: &str, mut is_error: impl FnMut(&str) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let own = line.trim_end_matches(['\n', '\r']);
        if is_error(own) {
            kept.push_str(&Secrets::Masked.in_text(own));
        } else if !own.trim().is_empty() {
            // A traceback goes on behind an indented line and ends with another.
            kept.extend(own.chars().take_while(|letter| *letter == ' '));
            kept.push_str(WITHHELD);
        }
        kept.push_str(&line[own.len()..]);
    }
    kept
}

/// Whether a line begins as an error's do.
fn is_own(line: &str) -> bool {
    line.trim_start().starts_with("File \"") || STARTS.iter().any(|start| line.starts_with(start)) || names_class(line)
}

/// Whether a line starts with the name of an exception: `ValueError: …`, `a.b.SomeException`.
fn names_class(line: &str) -> bool {
    let length = line.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')).count();
    let (name, rest) = line.split_at(length);
    let ends = ["Error", "Exception", "Timeout", "Interrupt", "Warning"].iter().any(|end| name.ends_with(end));
    ends && (rest.is_empty() || rest.starts_with(':'))
}

/// Too short to tell anything.
const SHORT: usize = 16;

/// Words of which the rest of an error's line has one.
const REST: [&str; 10] =
    ["request_id", "litellm", ".py\"", "Exception", "Error", "Fallback", "prefill", " of the above exception", "Model Group=", "LiteLLM "];

/// Fields of a JSON record that stand behind its message and level.
const BEHIND_LEVEL: [&str; 3] = ["\"timestamp\": \"", "\"component\": \"", "\"logger\": \""];

/// Whether a line shows to be the rest of an error's.
fn tells(line: &str) -> bool {
    REST.iter().any(|word| line.contains(word)) || STARTS.iter().any(|start| start.ends_with(line)) || is_end_of_json(line)
}

/// Whether a line is the end of a JSON record, from behind its message, or of an error's.
fn is_end_of_json(line: &str) -> bool {
    match line.split_once("\"level\": \"") {
        Some((_, level)) => ["ERROR", "WARNING", "CRITICAL"].iter().any(|loud| level.starts_with(loud)),
        None => BEHIND_LEVEL.iter().any(|field| line.contains(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_says_is_carried_and_no_prompt() {
        let cases = [
            // The middle of anything: nothing shows that it is an error's.
            ("my plan is secret and long enough\nand goes on\n", "[withheld]\n[withheld]\n"),
            ("short\nmy plan is secret and long\n", "short\n[withheld]\n"),
            // Of an error, all but lines with contents.
            ("the provider's own words\nTraceback (most recent call last):\n  File \"a.py\", line 1\n    raise e\n", ""),
            ("x.BadRequestError: no\nReceived chunk: my plan\nmodel=m\n", "x.BadRequestError: no\nReceived chunk: [withheld]\nmodel=m\n"),
            ("x.BadRequestError: no\n{'delta': {'text': 'my plan'}}\n", "x.BadRequestError: no\n{'delta': [withheld]}\n"),
            ("litellm.APIError: messages: at least one message is required\n", ""),
            ("Error: asked {'messages': [{'content': 'my plan'}]}. Group=a\n", "Error: asked {'messages': [withheld]}. Group=a\n"),
            // A line that is not kept is still indented, so that a traceback goes on.
            ("    await the plan of mine\nis secret\n", "    [withheld]\n[withheld]\n"),
            // The end of a JSON record tells which level it has.
            ("my plan is to go\", \"level\": \"INFO\", \"timestamp\": \"2026-11-22T07:36:15.5\"}\n", "[withheld]\n"),
            ("is overloaded today\", \"level\": \"ERROR\", \"timestamp\": \"2026-11-22T07:36:15.5\"}\n", ""),
        ];
        for (half, expected) in cases {
            assert_eq!(opening(half.as_bytes()), if expected.is_empty() { half } else { expected }, "{half}");
        }
    }

    #[test]
    fn a_record_that_says_nothing_leaves_its_head_and_what_may_be_the_next() {
        let head = "07:35:20 - LiteLLM:DEBUG: utils.py:348 - ";
        let cases = [
            (format!("{head}my plan\nis secret\n"), format!("{}[withheld]\n\n", "07:35:20 - ")),
            (format!("{head}my plan\n07:35:2"), format!("{}[withheld]\n07:35:2", "07:35:20 - ")),
            (format!("{head}my plan\nis secr"), format!("{}[withheld]\n", "07:35:20 - ")),
            (head.to_owned(), head.to_owned()),
        ];
        for (record, expected) in cases {
            assert_eq!(closing(record.as_bytes()), Some(expected), "{record}");
        }
    }
}
