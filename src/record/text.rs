//! The text form: `HH:MM:SS - LiteLLM Router:ERROR: router.py:5867 - message`, with its traceback, and uvicorn's lines.
//!
//! Up to 1.99 the head is coloured, in files too; a viewer may have eaten the ESC and left `[92m`. The time is local, without
//! a date. Source: LiteLLM 1.74.15–1.109.1.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::time::Time;
use super::traceback::{self, Outline, Traceback};
use crate::knowledge::route;
use crate::knowledge::signature::MESSAGE_HEADS;
use crate::needle::Needle;

use super::{Form, Record, ansi, piece, seam, text_of};

/// Whether the line starts a text record: colour, `HH:MM:SS - LiteLLM`.
pub(super) fn is_head(line: &[u8]) -> bool {
    let at = colour_length(line);
    let Some(rest) = line.get(at..at + 18) else { return false };
    rest[2] == b':' && rest[5] == b':' && &rest[8..] == b" - LiteLLM" && [0, 1, 3, 4, 6, 7].iter().all(|&i| rest[i].is_ascii_digit())
}

/// What uvicorn's lines start with: a level, a colon, blanks up to column ten.
pub(super) const UVICORN_LEVELS: [&str; 5] = ["INFO:     ", "WARNING:  ", "ERROR:    ", "DEBUG:    ", "CRITICAL: "];

/// Whether the line is one of uvicorn's: a level, a colon, blanks up to column ten.
pub(super) fn is_uvicorn(line: &[u8]) -> bool {
    UVICORN_LEVELS.iter().any(|level| line.starts_with(level.as_bytes()))
}

const POST_TO: &str = "\"POST ";
static POST: Needle = Needle::new(POST_TO);
/// How far an access line's path may reach.
const MOST_PATH: usize = 256;
static PROTOCOL: Needle = Needle::new(" HTTP/");
static DASH: Needle = Needle::new(" - ");

/// What an access line says of a POST request: `… "POST /v1/chat/completions HTTP/1.1" 200`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it was for chat completions.
    pub chat: bool,
    /// The HTTP status.
    pub status: u16,
}

/// Reads the access line, text or JSON, that `bytes` start with.
#[must_use]
pub fn access_line(bytes: &[u8]) -> Option<Answer> {
    super::starts_here(bytes).filter(|form| *form != Form::Text)?;
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let line = &bytes[..end.min(400)];
    let start = POST.find(line)? + POST_TO.len();
    let end = start + PROTOCOL.find(&line[start..])?;
    let after = &line[end + 6..];
    let status = after.iter().position(|&b| b == b' ')? + 1;
    let digits = after.get(status..status + 3)?;
    Some(Answer { chat: line[start..end].ends_with(b"/chat/completions"), status: std::str::from_utf8(digits).ok()?.parse().ok()? })
}

/// How many access lines of requests to a model stand in a log.
#[must_use]
pub fn requests_in(bytes: &[u8]) -> u64 {
    let is_request = |at: usize| {
        let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
        let path = &bytes[at + POST_TO.len()..bytes.len().min(at + MOST_PATH)];
        let end = path.iter().position(|byte| matches!(byte, b' ' | b'?' | b'\n')).unwrap_or(0);
        let route = std::str::from_utf8(&path[..end]).ok().and_then(route::of_path);
        route.is_some() && access_line(&bytes[line..]).is_some()
    };
    POST.all_in(bytes).filter(|at| is_request(*at)).count() as u64
}

/// Length of a colour sequence at the start of a line, with or without its ESC.
fn colour_length(line: &[u8]) -> usize {
    let start = usize::from(line.first() == Some(&0x1b));
    if line.get(start) != Some(&b'[') {
        return 0;
    }
    let digits = line[start + 1..].iter().take_while(|b| b.is_ascii_digit() || **b == b';').count();
    if line.get(start + 1 + digits) == Some(&b'm') { start + digits + 2 } else { 0 }
}

/// Reads a text record and the pieces behind it that are not its own.
pub(super) fn read(bytes: &[u8]) -> Vec<(usize, Record<'_>)> {
    let at = colour_length(bytes);
    let Some(head) = parse_head(bytes, at) else { return piece(bytes, 0) };
    let body = &bytes[head.message.start..];
    let level = text_of(&bytes[head.level.clone()]);
    let outline = (!quotes(&level, body)).then(|| Outline::of(body));
    let own = outline.as_ref().map_or(body.len(), |outline| seam::own_length(body, outline));
    let text = match text_of(&body[..own]) {
        // Tens of KB, of which nothing but the ends is coloured.
        Cow::Borrowed(line) if outline.is_none() => ansi::strip_line(line),
        text => ansi::strip(text),
    };
    let text = if bytes.starts_with(b"[") { ansi::strip_lost(text) } else { text };
    // Of a call at DEBUG, which is one line of tens of KB, that is asked once.
    let is_line = outline.is_none() && memchr::memchr(b'\n', text.as_bytes()).is_none();
    let (message, traceback) = if is_line && !text.starts_with("Traceback") { (text, None) } else { split(text, outline.as_ref()) };
    let broken = traceback.as_ref().is_some_and(|t| !t.regular) || own < body.len() || (!is_line && traceback::stands_in_message(&message));
    let record = Record {
        form: Some(Form::Text),
        time: Some(head.time),
        level,
        origin: head.origin.map(|(file, line)| (text_of(&bytes[file]), line)),
        message,
        traceback,
        broken,
        call_id: None,
    };
    let mut parts = vec![(0, record)];
    let mut next = head.message.start + own;
    while next < bytes.len() {
        let from = outline.as_ref().map(|outline| outline.from(next - head.message.start));
        let length = from.map_or(bytes.len() - next, |from| seam::piece_length(&bytes[next..], from));
        parts.extend(piece(&bytes[..next + length], next));
        next += length;
    }
    parts
}

/// Whether a text record says nothing that matters, by its first line: it is at DEBUG and starts as none of [`MESSAGE_HEADS`].
///
/// Such a record has no pieces behind it that are not its own (see [`quotes`]), and there are thousands of them, of many KB.
pub(super) fn says_nothing(bytes: &[u8]) -> bool {
    let Some(head) = parse_head(bytes, colour_length(bytes)) else { return false };
    let body = &bytes[head.message.start..];
    let message = body[colour_length(body)..].trim_ascii_start();
    // Another colour in its head, or another blank before it, would have to be taken off first.
    let is_plain = !matches!(message.first(), Some(0x0b | b'[' | 0x80..) | None) && !message[..message.len().min(LONGEST_HEAD)].contains(&0x1b);
    &bytes[head.level] == b"DEBUG" && is_plain && !MESSAGE_HEADS.iter().any(|(start, _)| message.starts_with(start.as_bytes()))
}

/// Whether a message may quote anything, line by line: at DEBUG, all but errors hold prompts and answers.
fn quotes(level: &str, body: &[u8]) -> bool {
    level == "DEBUG" && !body[colour_length(body)..].starts_with(b"An error occurred: ")
}

/// Message and traceback of a record's text.
fn split<'t>(text: Cow<'t, str>, outline: Option<&Outline>) -> (Cow<'t, str>, Option<Traceback<'t>>) {
    match traceback::start(&text) {
        None => (text, None),
        // LiteLLM 1.77.7 puts the parser's traceback into the message of a malformed chunk: what follows it is message, too.
        Some(at) if outline.is_none_or(|outline| !outline.from(at).is_plain) && seam::nests_traceback(text.as_bytes()) => {
            let traceback = Traceback::of(Cow::Owned(text[at..].to_owned()));
            (text, Some(traceback))
        }
        Some(at) => match text {
            Cow::Borrowed(text) => {
                let behind = Cow::Borrowed(&text[at..]);
                let traceback = match outline {
                    Some(outline) => traceback::read(behind, outline.from(at)),
                    None => Traceback::of(behind),
                };
                (Cow::Borrowed(&text[..at]), Some(traceback))
            }
            Cow::Owned(mut text) => {
                let rest = text.split_off(at);
                (Cow::Owned(text), Some(Traceback::of(Cow::Owned(rest))))
            }
        },
    }
}

/// No head of a message is longer.
const LONGEST_HEAD: usize = 128;
/// How far a head reaches: behind it, lines at DEBUG have many KB.
const HEAD_REACH: usize = 4096;

struct Head {
    time: Time,
    level: Range<usize>,
    origin: Option<(Range<usize>, u32)>,
    message: Range<usize>,
}

fn parse_head(bytes: &[u8], at: usize) -> Option<Head> {
    let digits = |i: usize| Some(u32::from(bytes.get(at + i)?.wrapping_sub(b'0')) * 10 + u32::from(bytes.get(at + i + 1)?.wrapping_sub(b'0')));
    let time = Time::of_day(digits(0)?, digits(3)?, digits(6)?)?;
    let near = &bytes[..bytes.len().min(HEAD_REACH)];
    let line = &near[..memchr::memchr(b'\n', near).unwrap_or(near.len())];
    // `LiteLLM Router:ERROR`, then the end of the colour, then `: router.py:5867 - `.
    let name_end = at + 11 + memchr::memchr(b':', line.get(at + 11..)?)?;
    let level_end = name_end + 1 + line[name_end + 1..].iter().take_while(|b| b.is_ascii_uppercase()).count();
    let level = name_end + 1..level_end;
    let colour_end = level_end + colour_length(&line[level_end..]);
    let after = line.get(colour_end..)?.strip_prefix(b": ").map(|_| colour_end + 2)?;
    let (origin, message) = match DASH.find(&line[after..]) {
        Some(dash) => (parse_origin(line, after..after + dash), after + dash + 3),
        None => (None, after),
    };
    let message = if origin.is_some() { message } else { after };
    Some(Head { time, level, origin, message: message..bytes.len() })
}

/// `router.py:5867` as file and line number.
fn parse_origin(line: &[u8], range: Range<usize>) -> Option<(Range<usize>, u32)> {
    let text = std::str::from_utf8(&line[range.clone()]).ok()?;
    let (file, number) = text.rsplit_once(':')?;
    Some((range.start..range.start + file.len(), number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let cases: [(&str, bool); 8] = [
            ("07:35:20 - LiteLLM Router:ERROR: router.py:1 - x", true),
            ("\x1b[92m07:35:20 - LiteLLM:DEBUG\x1b[0m: utils.py:1 - x", true),
            ("[92m07:35:20 - LiteLLM Proxy:ERROR[0m: x.py:1 - x", true),
            ("7:35:20 - LiteLLM Router:ERROR: router.py:1 - x", false),
            ("07:35:20 - other: x", false),
            ("07:35:20 - LiteL", false),
            ("", false),
            ("\x1b[92m", false),
        ];
        for (line, expected) in cases {
            assert_eq!(is_head(line.as_bytes()), expected, "{line:?}");
        }
    }

    #[test]
    fn what_says_nothing_is_told_by_the_head() {
        assert!(MESSAGE_HEADS.iter().all(|(head, _)| head.len() <= LONGEST_HEAD));
        let coloured = format!("\x1b[92mlitellm.responses(input='{}')\x1b[0m", "x".repeat(LONGEST_HEAD));
        let cases = [
            ("checking callbacks", true),
            (coloured.as_str(), true),
            ("\x1b[92mlitellm.acompletion(model='x')\x1b[0m", false),
            ("\x1b[92mlitellm.acompl\x1b[31metion(model='x')\x1b[0m", false),
            ("\u{b}litellm.acompletion(", false),
        ];
        for (message, expected) in cases {
            let line = format!("\x1b[92m07:35:20 - LiteLLM:DEBUG\x1b[0m: utils.py:1 - {message}\n");
            assert_eq!(says_nothing(line.as_bytes()), expected, "{message:?}");
        }
    }

    #[test]
    fn a_head_gives_time_level_and_origin() {
        let parts = read(b"\x1b[92m07:35:20 - LiteLLM Router:ERROR\x1b[0m: router.py:5867 - Fallback also failed: x\nmore\n");
        let record = &parts[0].1;
        assert_eq!(record.level, "ERROR");
        assert_eq!(record.origin, Some(("router.py".into(), 5867)));
        assert_eq!(record.message, "Fallback also failed: x\nmore\n");
        assert_eq!(record.time.map(|t| t.to_string()), Some("07:35:20".into()));
    }

    #[test]
    fn many_seams_give_as_many_pieces() {
        let line = "Available Model Group Fallbacks=None\n";
        let record = format!("07:35:20 - LiteLLM Router:ERROR: router.py:1 - x\n{}", line.repeat(20_000));
        let parts = read(record.as_bytes());
        assert_eq!(parts.len(), 20_001);
        assert!(parts[1..].iter().all(|(at, piece)| piece.form.is_none() && record[*at..].starts_with(line)));
    }

    #[test]
    fn access_lines() {
        let cases: [(&str, Option<(bool, u16)>); 5] = [
            ("INFO:     127.0.0.1:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK", Some((true, 200))),
            (r#"{"message": "127.0.0.1:5 - \"POST /v1/messages HTTP/1.1\" 400", "level": "INFO"}"#, Some((false, 400))),
            ("INFO:     127.0.0.1:5 - \"GET /health HTTP/1.1\" 200 OK", None),
            ("text \"POST /v1/chat/completions HTTP/1.1\" 200 OK", None),
            ("INFO:     Started\nINFO:     1.2.3.4:5 - \"POST /v1/messages HTTP/1.1\" 200 OK", None),
        ];
        for (line, expected) in cases {
            assert_eq!(access_line(line.as_bytes()).map(|a| (a.chat, a.status)), expected, "{line}");
        }
    }
}
