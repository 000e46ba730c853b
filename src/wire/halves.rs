//! Halves of records, as far as they may leave the machine: an error's own lines, masked; nothing of a prompt.
//!
//! A record that a rotation or a split has cut is put together where facts are linked, so its halves must be there. But what stands at
//! the end of a file may be anything, a request's messages included. So of a half only lines are kept that are an error's by their
//! form; of any other, that there was one.

use crate::knowledge::signature::{HeadKind, MESSAGE_HEADS};
use crate::mask;
use crate::record::{self, Form};

/// Stands for a line that is not kept.
const WITHHELD: &str = "[withheld]";

/// Keys behind which a prompt or an answer stands, in any quotes.
const PROMPTS: [&str; 7] = ["messages", "prompt", "content", "input", "choices", "input_value", "arguments"];

/// How lines start that belong to an error and are no source code: a traceback's, LiteLLM's nested texts.
const STARTS: [&str; 14] = [
    "Traceback (most recent call last):",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "Available Model Group Fallbacks=",
    "Error doing the fallback: ",
    "Received Model Group=",
    "LiteLLM: model group '",
    "Debug Information:",
    "Cooldown Deployments=",
    "litellm.",
    "openai.",
    "httpx.",
    "httpcore.",
    "aiohttp.",
];

/// The half before a source's first head. Its first line may be the rest of one.
pub(super) fn opening(bytes: &[u8]) -> String {
    kept(bytes, is_rest)
}

/// A source's last record, which may go on elsewhere; `None` of a trace's row: what a cut leaves of it speaks for itself.
pub(super) fn closing(bytes: &[u8]) -> Option<String> {
    match record::starts_here(bytes) {
        Some(Form::Row) | None => None,
        Some(_) if is_error(bytes) => Some(kept(bytes, |_| true)),
        Some(_) => {
            let text = String::from_utf8_lossy(bytes);
            let lines = text.matches('\n').count();
            let head = text.lines().next().and_then(|line| line.find(" - ").map(|end| &line[..end + 3])).unwrap_or_default();
            // It is known to say nothing, and to go on: as many lines, none of them kept.
            Some(format!("{head}{WITHHELD}{}", "\n".repeat(lines)))
        }
    }
}

/// Whether a record with a head is LiteLLM's word on an error, or on a hop: of what else is logged, nothing is asked.
fn is_error(bytes: &[u8]) -> bool {
    let is_request = |kind: &HeadKind, message: &str| *kind == HeadKind::Call && PROMPTS.iter().any(|key| message.contains(key));
    record::read(bytes).iter().any(|(_, record)| {
        let message = record.message.trim_start();
        let loud = matches!(record.level.as_ref(), "ERROR" | "WARNING" | "CRITICAL");
        let known = MESSAGE_HEADS.iter().any(|(head, kind)| message.starts_with(head) && !is_request(kind, message));
        loud || known || MESSAGE_HEADS.iter().any(|(head, _)| !message.is_empty() && head.starts_with(message.trim_end()))
    })
}

/// The lines that are an error's, and of the others that there were some; as many as before.
fn kept(bytes: &[u8], may_be_first: impl Fn(&str) -> bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut kept = String::with_capacity(text.len());
    let mut behind_frame = false;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let own = line.trim_end_matches(['\n', '\r']);
        let is_frame = own.trim_start().starts_with("File \"");
        let is_code = behind_frame && own.starts_with("    ");
        let first = at == 0 && may_be_first(own);
        let known = first || is_frame || is_code || own.trim().is_empty() || STARTS.iter().any(|start| own.starts_with(start)) || names_class(own);
        if known && !holds_prompt(own) {
            kept.push_str(&mask::secrets(own));
        } else {
            // A traceback goes on behind an indented line and ends with another.
            kept.extend(own.chars().take_while(|letter| *letter == ' '));
            kept.push_str(WITHHELD);
        }
        kept.push_str(&line[own.len()..]);
        behind_frame = first || is_frame || is_code;
    }
    kept
}

/// Whether a line starts with the name of an exception: `ValueError: …`, `a.b.SomeException`.
fn names_class(line: &str) -> bool {
    let length = line.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')).count();
    let (name, rest) = line.split_at(length);
    let ends = ["Error", "Exception", "Timeout", "Interrupt", "Warning"].iter().any(|end| name.ends_with(end));
    ends && (rest.is_empty() || rest.starts_with(':'))
}

/// Words of which the rest of an error's line has one.
const REST: [&str; 7] = ["request_id", "litellm", ".py\"", "Exception", "Error", "Fallback", "prefill"];

/// Whether the first line may be the rest of an error's: it is short, or tells.
fn is_rest(line: &str) -> bool {
    line.len() <= 16 || REST.iter().any(|word| line.contains(word))
}

/// Whether a prompt may stand in a line: behind `key=` or a quoted key, not in a provider's sentence, which speaks of messages.
fn holds_prompt(line: &str) -> bool {
    PROMPTS.iter().any(|key| {
        line.match_indices(key).any(|(at, found)| {
            let rest = &line[at + found.len()..];
            let behind = rest.trim_start_matches(['\\', '"', '\'']);
            behind.starts_with('=') || (behind.starts_with(':') && behind.len() < rest.len() && line[..at].ends_with(['"', '\'']))
        })
    })
}
