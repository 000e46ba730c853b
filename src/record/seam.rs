//! Finds where a record ends although no head says so: the next record's first line was lost, cut or moved.
//!
//! Two records that run together hold evidence for two requests, and a verdict from both would blame the wrong side. What
//! cannot belong to the record is therefore cut off as a piece of its own:
//! * anything behind `Cooldown Deployments=[…]`, which ends the Router's error record;
//! * a traceback that no connector joins to the block before it;
//! * what only a traceback has, where none has begun, and a frame behind an exception's text;
//! * `Available Model Group Fallbacks=` without `Received Model Group=` before it.
//!
//! Behind an error that nests a traceback of its own (LiteLLM 1.77.7, malformed chunks), the traceback rules do not hold.

use super::traceback::{self, COOLDOWN, DEBUG_INFORMATION, Outline, OutlineFrom, Part, START};
use crate::needle::Needle;

const AVAILABLE: &[u8] = b"Available Model Group Fallbacks=";
static RECEIVED: Needle = Needle::new("Received Model Group=");
/// How many bytes of a line are looked at: what marks a seam stands at its start.
const LINE_START: usize = 400;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Message,
    Frames,
    Exception,
    Connected,
    Debug,
    Ended,
}

/// How many bytes from the start of a record's message are its own.
pub(super) fn own_length(body: &[u8], outline: &Outline) -> usize {
    first_seam(body, State::Message, outline.from(0))
}

/// How many bytes a piece without a head reaches: up to the next seam in it.
pub(super) fn piece_length(bytes: &[u8], outline: OutlineFrom<'_>) -> usize {
    let first = line_length(bytes);
    let state = if bytes[..first.min(LINE_START)] == *START { State::Connected } else { State::Message };
    first_seam(bytes, state, outline).max(first)
}

fn first_seam(body: &[u8], state: State, outline: OutlineFrom<'_>) -> usize {
    let mut walk = Walk { state, nests: !outline.is_plain, lenient: false };
    for part in outline.parts(body) {
        let seam = match part {
            // Most lines are frames, and none of them is a seam within a traceback.
            Part::Indented(_) if walk.state == State::Frames && !walk.nests => None,
            Part::Indented(lines) => traceback::lines_of(body, lines).find(|line| walk.meets_seam(body, line.clone())),
            Part::Line(line) => Some(line).filter(|line| walk.meets_seam(body, line.clone())),
        };
        if let Some(line) = seam {
            return line.start;
        }
    }
    body.len()
}

/// Where in a record a line stands.
struct Walk {
    state: State,
    /// Whether an error's text may nest a traceback, and whether one did.
    nests: bool,
    lenient: bool,
}

impl Walk {
    /// Whether the next line cannot be the record's own.
    fn meets_seam(&mut self, body: &[u8], line: std::ops::Range<usize>) -> bool {
        let begin = line.start;
        let text = traceback::trim_end(&body[begin..line.end.min(begin + LINE_START)]);
        if begin > 0 && !text.is_empty() {
            let foreign = match self.state {
                State::Ended => true,
                State::Debug => !text.starts_with(COOLDOWN),
                _ if text.starts_with(AVAILABLE) => !received_before(&body[..begin]),
                _ if self.lenient => false,
                State::Message => traceback::is_only_in_traceback(text),
                State::Exception => text == START || traceback::is_frame(text),
                State::Frames => text == START,
                State::Connected => text != START,
            };
            if foreign {
                return true;
            }
        }
        self.lenient |= self.nests && traceback::nests(text);
        self.state = next_state(self.state, text, self.lenient);
        false
    }
}

/// Whether the last line that is not blank names the group that met an error.
fn received_before(body: &[u8]) -> bool {
    let body = traceback::trim_end(body);
    RECEIVED.is_in(&body[memchr::memrchr(b'\n', body).map_or(0, |newline| newline + 1)..])
}

/// Whether the message itself holds a traceback.
pub(super) fn nests_traceback(body: &[u8]) -> bool {
    traceback::nests(&body[..line_length(body)])
}

fn next_state(state: State, text: &[u8], lenient: bool) -> State {
    if text == DEBUG_INFORMATION {
        return State::Debug;
    }
    match state {
        State::Debug if text.starts_with(COOLDOWN) => State::Ended,
        State::Message | State::Connected if text == START && !lenient => State::Frames,
        State::Frames if !text.starts_with(b" ") && !text.is_empty() => State::Exception,
        State::Exception if traceback::is_connector(text) => State::Connected,
        _ => state,
    }
}

fn line_length(bytes: &[u8]) -> usize {
    memchr::memchr(b'\n', bytes).map_or(bytes.len(), |i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::{Outline, own_length};

    #[test]
    fn what_cannot_be_the_records_own_is_cut_off() {
        let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: a\n";
        let joined = "\nDuring handling of the above exception, another exception occurred:\n\n";
        let cases = [
            (format!("own\n{traceback}"), String::new()),
            (format!("own\n{traceback}{joined}{traceback}"), String::new()),
            (format!("own\n{traceback}\n\nDebug Information:\nCooldown Deployments=[]\n"), traceback.to_owned()),
            (format!("own\n{traceback}"), traceback.to_owned()),
            (format!("own\n{traceback}"), "  File \"b.py\", line 1, in g\n".to_owned()),
            ("x. Received Model Group=a\nAvailable Model Group Fallbacks=None\nError doing the fallback: y\n".to_owned(), String::new()),
            ("own\n".to_owned(), "litellm.exceptions.BadRequestError: another's\n".to_owned()),
            ("own\n".to_owned(), "  File \"b.py\", line 1, in g\n".to_owned()),
            ("x\n".to_owned(), "Available Model Group Fallbacks=None\nError doing the fallback: y\n".to_owned()),
        ];
        for (own, foreign) in cases {
            let body = format!("{own}{foreign}");
            assert_eq!(own_length(body.as_bytes(), &Outline::of(body.as_bytes())), own.len(), "{own}|{foreign}");
        }
    }
}
