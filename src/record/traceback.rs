//! Python tracebacks: a chain of exceptions, oldest first.
//!
//! Blocks are joined by `During handling of the above exception, another exception occurred:` or `The above exception was the
//! direct cause of the following exception:`; an exception's text may span lines. Python 3.13 writes `...<84 lines>...` for
//! repeated frames and `~~~^^^` below code; both are indented and count as frames.

use std::borrow::Cow;
use std::ops::Range;

use crate::knowledge::signature::SHORTENED;
use crate::needle::{Needle, Needles};

/// LiteLLM 1.77.7 puts the parser's own traceback into the text of a malformed chunk's error.
static NESTING: Needle = Needle::new("Error parsing chunk");
/// How a traceback block starts.
pub(super) const START: &[u8] = b"Traceback (most recent call last):";
static STARTS: Needle = Needle::new("Traceback (most recent call last):");
static SHORTENING: Needle = Needle::new(SHORTENED);
/// What makes a record be read in another way: one pass tells of nearly all that they have none of it.
static UNUSUAL: Needles = Needles::new(&["Error parsing chunk", SHORTENED]);
const CONNECTORS: [&[u8]; 2] =
    [b"During handling of the above exception, another exception occurred:", b"The above exception was the direct cause of the following exception:"];
/// What the Router writes behind the traceback.
pub(super) const DEBUG_INFORMATION: &[u8] = b"Debug Information:";
pub(super) const COOLDOWN: &[u8] = b"Cooldown Deployments=";
/// Lines that stand in tracebacks only start with these: a frame, an exception with its module.
const FRAME: &[u8] = b"  File \"";
const MODULES: [&[u8]; 2] = [b"litellm.exceptions.", b"litellm.llms."];

/// A record's traceback.
#[derive(Debug)]
pub struct Traceback<'a> {
    text: Cow<'a, str>,
    exceptions: Vec<Range<usize>>,
    /// Whether each block has its start, its frames and its exception, and blocks are joined as Python joins them.
    pub regular: bool,
    /// Whether LiteLLM itself left out its middle (≥1.99.4).
    pub shortened: bool,
    /// Whether an error's text in it holds a traceback of its own (1.77.7).
    pub nested: bool,
}

impl<'a> Traceback<'a> {
    /// The traceback that fills a text of its own.
    #[must_use]
    pub fn of(text: Cow<'a, str>) -> Traceback<'a> {
        let is_plain = is_plain(text.as_bytes());
        read(text, is_plain)
    }

    /// The exceptions of the chain, each with its whole text (`litellm.exceptions.BadRequestError: …`), oldest first.
    pub fn exceptions(&self) -> impl Iterator<Item = &str> {
        self.exceptions.iter().map(|range| &self.text[range.clone()])
    }

    /// The whole text, frames included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Where a traceback starts in a record's text: at the beginning of a line.
pub(super) fn start(text: &str) -> Option<usize> {
    STARTS.all_in(text.as_bytes()).find(|&at| at == 0 || text.as_bytes()[at - 1] == b'\n')
}

#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Block,
    Frames,
    Exception,
    Connected,
}

/// Whether neither an error's text in it nests a traceback, nor anything of it was left out.
pub(super) fn is_plain(text: &[u8]) -> bool {
    UNUSUAL.find(text).is_none()
}

/// Reads the traceback that fills `text`, which may be known to be plain.
pub(super) fn read(text: Cow<'_, str>, is_plain: bool) -> Traceback<'_> {
    let mut exceptions: Vec<Range<usize>> = Vec::new();
    let (mut expect, mut frames, mut regular, mut at, mut lenient) = (Expect::Block, 0, true, 0, false);
    let nests = !is_plain && nests(text.as_bytes());
    for end in line_ends(text.as_bytes()) {
        let begin = std::mem::replace(&mut at, end);
        let line = &text.as_bytes()[begin..end];
        // Most lines are frames.
        if expect == Expect::Frames && matches!(line[0], b' ' | b'|') && !nests {
            frames += usize::from(!line.trim_ascii_start().is_empty());
            continue;
        }
        let trimmed = line.trim_ascii_end();
        lenient |= nests && NESTING.is_in(trimmed);
        if trimmed == START {
            regular &= lenient || matches!(expect, Expect::Block | Expect::Connected);
            (expect, frames) = (Expect::Frames, 0);
        } else if trimmed == DEBUG_INFORMATION {
            regular &= expect == Expect::Exception;
            break;
        } else if is_connector(trimmed) {
            regular &= expect == Expect::Exception;
            expect = Expect::Connected;
        } else if trimmed.is_empty() {
            if let (Expect::Exception, Some(last)) = (expect, exceptions.last_mut()) {
                last.end = at;
            }
        } else if expect == Expect::Exception {
            regular &= lenient || !is_frame(trimmed);
            if let Some(last) = exceptions.last_mut() {
                last.end = at;
            }
        } else if matches!(line[0], b' ' | b'|') && expect == Expect::Frames {
            frames += 1;
        } else {
            regular &= lenient || (expect == Expect::Frames && frames > 0 && names_exception(trimmed));
            expect = Expect::Exception;
            exceptions.push(begin..at);
        }
    }
    let shortened = !is_plain && SHORTENING.is_in(text.as_bytes());
    regular = shortened || (regular && expect == Expect::Exception);
    for range in &mut exceptions {
        range.end = range.start + text[range.clone()].trim_end().len();
    }
    Traceback { text, exceptions, regular, shortened, nested: lenient }
}

/// Where the lines of a text end, one behind the other.
pub(super) fn line_ends(text: &[u8]) -> impl Iterator<Item = usize> {
    let rest = (!text.is_empty() && !text.ends_with(b"\n")).then_some(text.len());
    memchr::memchr_iter(b'\n', text).map(|newline| newline + 1).chain(rest)
}

/// Whether a line starts as an exception's text does: its dotted name, alone or before a colon.
fn names_exception(line: &[u8]) -> bool {
    let name = &line[..memchr::memchr(b':', line).unwrap_or(line.len())];
    !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
}

/// Whether a line is a frame's: no exception text starts like this.
pub(super) fn is_frame(line: &[u8]) -> bool {
    line.starts_with(FRAME)
}

/// Whether an error's text holds a traceback of its own.
pub(super) fn nests(text: &[u8]) -> bool {
    NESTING.is_in(text)
}

/// Whether a line stands in tracebacks only: a frame, what joins two blocks, an exception with its module.
pub(super) fn is_only_in_traceback(line: &[u8]) -> bool {
    is_frame(line) || MODULES.iter().any(|module| line.starts_with(module)) || is_connector(line.trim_ascii_end())
}

/// Whether a record's message holds what only a traceback has: then the line that starts the traceback was lost.
pub(super) fn stands_in_message(message: &str) -> bool {
    let message = message.as_bytes();
    let starts = memchr::memchr_iter(b'\n', message).map(|newline| newline + 1);
    starts.into_iter().any(|start| is_only_in_traceback(line_at(message, start))) && !nests(message)
}

/// The line that starts here, without its end.
fn line_at(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start..];
    &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
}

/// Whether a line joins two blocks of a chain.
pub(super) fn is_connector(line: &[u8]) -> bool {
    CONNECTORS.contains(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: &str = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    x\nValueError: a\nb c\n\nDuring handling of the above \
        exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 2, in g\n  ...<84 \
        lines>...\nKeyError: c\n\n\nDebug Information:\nCooldown Deployments=[]\n";

    #[test]
    fn a_chain_gives_its_exceptions_in_order() {
        let traceback = read(CHAIN.into(), true);
        assert!(traceback.regular);
        assert_eq!(traceback.exceptions().collect::<Vec<_>>(), ["ValueError: a\nb c", "KeyError: c"]);
    }

    #[test]
    fn a_lost_line_of_structure_is_noticed() {
        let lines: Vec<&str> = CHAIN.split_inclusive('\n').collect();
        for (i, line) in lines.iter().enumerate() {
            let structure = ["Traceback (", "During", "ValueError", "KeyError"].iter().any(|s| line.starts_with(s));
            if structure && i > 0 {
                let without: String = lines.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, l)| *l).collect();
                assert!(!read(without.into(), true).regular, "without {line:?}");
            }
        }
    }
}
