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

use super::traceback::{self, COOLDOWN, DEBUG_INFORMATION, START};

const AVAILABLE: &str = "Available Model Group Fallbacks=";
const RECEIVED: &str = "Received Model Group=";
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
pub(super) fn own_length(body: &[u8]) -> usize {
    first_seam(body, State::Message)
}

/// How many bytes a piece without a head reaches: up to the next seam in it.
pub(super) fn piece_length(bytes: &[u8]) -> usize {
    let first = lossy_start(bytes);
    let state = if first == START { State::Connected } else { State::Message };
    first_seam(bytes, state).max(line_length(bytes))
}

fn first_seam(body: &[u8], mut state: State) -> usize {
    let (mut at, mut received, mut lenient) = (0, false, false);
    while at < body.len() {
        let length = line_length(&body[at..]);
        let line = &body[at..at + length];
        let text = lossy_start(line);
        let text = text.trim_end();
        if at > 0 && !text.is_empty() {
            let foreign = match state {
                State::Ended => true,
                State::Debug => !text.starts_with(COOLDOWN),
                _ if text.starts_with(AVAILABLE) => !received,
                _ if lenient => false,
                State::Message => traceback::is_only_in_traceback(text),
                State::Exception => text == START || traceback::is_frame(text),
                State::Frames => text == START,
                State::Connected => text != START,
            };
            if foreign {
                return at;
            }
        }
        lenient |= traceback::nests(text);
        received = memchr::memmem::find(line, RECEIVED.as_bytes()).is_some() || (received && text.is_empty());
        state = next_state(state, text, lenient);
        at += length;
    }
    body.len()
}

/// Whether the message itself holds a traceback.
pub(super) fn nests_traceback(body: &[u8]) -> bool {
    traceback::nests(&String::from_utf8_lossy(&body[..line_length(body)]))
}

fn next_state(state: State, text: &str, lenient: bool) -> State {
    if text == DEBUG_INFORMATION {
        return State::Debug;
    }
    match state {
        State::Debug if text.starts_with(COOLDOWN) => State::Ended,
        State::Message | State::Connected if text == START && !lenient => State::Frames,
        State::Frames if !text.starts_with(' ') && !text.is_empty() => State::Exception,
        State::Exception if traceback::is_connector(text) => State::Connected,
        _ => state,
    }
}

fn line_length(bytes: &[u8]) -> usize {
    memchr::memchr(b'\n', bytes).map_or(bytes.len(), |i| i + 1)
}

fn lossy_start(line: &[u8]) -> std::borrow::Cow<'_, str> {
    let end = line_length(line).min(LINE_START);
    String::from_utf8_lossy(&line[..end])
}

#[cfg(test)]
mod tests {
    use super::own_length;

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
            assert_eq!(own_length(format!("{own}{foreign}").as_bytes()), own.len(), "{own}|{foreign}");
        }
    }
}
