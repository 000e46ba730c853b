//! Halves of records, as far as they may leave the machine: an error's own lines, masked; nothing of a prompt.
//!
//! A record that a rotation or a split has cut is put together where facts are linked, so its halves must be there. But what stands at
//! the end of a file may be anything, a request's messages included. So of a half only lines that show to be an error's (`own`) are kept, without
//! contents; of any other, that there was one. (A JSON record is one line: where contents in it do not close, its rest is lost.)

mod own;

use std::borrow::Cow;

use crate::knowledge::signature::{HeadKind, MESSAGE_HEADS};
use crate::mask::{self, Secrets, WITHHELD};
use crate::record::{self, Form};
use own::Lines;

/// The half before a source's first head. Its first line may be the rest of one.
pub(super) fn opening(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let next = text.lines().skip(1).find(|line| !line.trim().is_empty());
    let (mut lines, mut first) = (Lines::default(), true);
    kept(&text, |line, _| {
        let is_first = std::mem::take(&mut first);
        if lines.is_own(line) {
            return true;
        }
        let is_rest = is_first && (own::is_rest(line) || next.is_some_and(|next| own::ends_message(next) && own::may_be_rest(line)));
        if is_rest {
            lines.take_rest(line);
        }
        is_rest
    })
}

/// A source's last record, which may go on elsewhere; `None` of a trace's row: what a cut leaves of it speaks for itself.
pub(super) fn closing(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    match record::starts_here(bytes) {
        Some(Form::Row) | None => None,
        Some(_) if is_error(bytes) => {
            let (mut lines, mut first) = (Lines::default(), true);
            Some(kept(&text, |line, ended| {
                let own = if ended { lines.is_own(line) } else { lines.may_become_own(line) || own::begins_head(line) };
                std::mem::take(&mut first) || own
            }))
        }
        Some(_) => Some(outline(&text)),
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

/// Whether a line that was cut may have been to become a record's head, and holds nothing else.
fn begins_head(line: &str) -> bool {
    let known = |message: &str| MESSAGE_HEADS.iter().any(|(head, _)| head.starts_with(message));
    own::begins_head(line) || (!line.is_empty() && (JSON_HEAD.starts_with(line) || line.strip_prefix(JSON_HEAD).is_some_and(known)))
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

/// The lines that are an error's, masked, and of the others that there were some; as many as before. `is_error` is told whether a line was
/// ended.
fn kept(text: &str, mut is_error: impl FnMut(&str, bool) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let own = line.trim_end_matches(['\n', '\r']);
        if is_error(own, own.len() < line.len()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_says_is_carried_and_no_prompt() {
        let cases = [
            // The middle of anything: nothing shows that it is an error's.
            ("my plan is secret and long enough\nand goes on\n", "[withheld]\n[withheld]\n"),
            ("one\nmy plan is secret and long\n", "one\n[withheld]\n"),
            ("hunter2\n", "[withheld]\n"),
            // A request's, and what a user writes about errors.
            ("my plan. in my code, 'litellm_params': {}, error: AnthropicException - Error\n", "[withheld]\n"),
            ("please fix this Error in my code\nand then the plan\nkey is hunter2\n", "[withheld]\n[withheld]\n[withheld]\n"),
            ("my plan\nKeyError: x\nnow the plan\n", "[withheld]\n[withheld]\n[withheld]\n"),
            ("my plan on Friday\nhttpx.ConnectError: x\n", "[withheld]\nhttpx.ConnectError: x\n"),
            (
                "Traceback (most recent call last):\n  File \"/home/me/plan.py\", line 1\n    plan()\nValueError: plan\n",
                "Traceback (most recent call last):\n  [withheld]\n    [withheld]\n[withheld]\n",
            ),
            // Of an error, all but lines with contents.
            (
                "s own words. Received Model Group=a\nTraceback (most recent call last):\n  File \"/app/litellm/a.py\", line 1\n    raise e\nValueError: no\n",
                "",
            ),
            ("litellm.InternalServerError`.\"}\n", ""),
            ("litellm.plan` is secret\n", "[withheld]\n"),
            ("litellm.my plan`.\n", "[withheld]\n"),
            ("the provider's own words\nAvailable Model Group Fallbacks=None\n", ""),
            ("openai.BadRequestError: no\nReceived chunk: my plan\n", "openai.BadRequestError: no\nReceived chunk: [withheld]\n"),
            ("openai.BadRequestError: no\n{'delta': {'text': 'my plan'}}\n", "openai.BadRequestError: no\n[withheld]\n"),
            ("litellm.APIError: messages: at least one message is required\n", ""),
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
            (format!("{head}my plan\n - LiteLLM key hunter2"), format!("{}[withheld]\n", "07:35:20 - ")),
            ("{\"message\": \"hunter2".to_owned(), "[withheld]".to_owned()),
        ];
        for (record, expected) in cases {
            assert_eq!(closing(record.as_bytes()), Some(expected), "{record}");
        }
    }

    #[test]
    fn of_a_loud_record_that_goes_on_only_what_is_its_own_is_carried() {
        let head = "07:35:20 - LiteLLM:ERROR: utils.py:348 - request failed\n";
        let cases = [
            ("{'body': 'my plan'}\nhello my plan\n", "[withheld]\n[withheld]\n"),
            ("Traceback (most recent call last):\n  File \"/usr/lib/pyth", ""),
            ("litellm.BadReq", ""),
            ("my pl", "[withheld]"),
            ("07:35:2", ""),
            ("07:36:00 - LiteLLM Proxy:ERROR: comm", ""),
            (" - LiteLLM key hunter2", " [withheld]"),
            ("07:36:00 - LiteLLM:DEBUG: utils.py:348 sk-ant-hunter2", "[withheld]"),
        ];
        for (rest, expected) in cases {
            let expected = format!("{head}{}", if expected.is_empty() { rest } else { expected });
            assert_eq!(closing(format!("{head}{rest}").as_bytes()), Some(expected), "{rest}");
        }
    }
}
