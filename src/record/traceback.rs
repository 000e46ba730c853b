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
/// What makes a record be read in another way: one pass tells of nearly all that they have none of it. It is looked for by what is rare
/// of it, for every line has `litellm` and `Error`.
static UNUSUAL: Needles = Needles::new(&["parsing chunk", "_truncated"]);
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
        let outline = Outline::of(text.as_bytes());
        read(text, outline.from(0))
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
    // A call at DEBUG is one line of tens of KB.
    let from = if text.starts_with("Traceback") { 0 } else { memchr::memchr(b'\n', text.as_bytes())? };
    let bytes = &text.as_bytes()[from..];
    STARTS.all_in(bytes).find(|&at| at == 0 || bytes[at - 1] == b'\n').map(|at| from + at)
}

#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Block,
    /// And whether there were any.
    Frames(bool),
    Exception,
    Connected,
}

/// Reads the traceback that fills `text`.
pub(super) fn read<'t>(text: Cow<'t, str>, outline: OutlineFrom<'_>) -> Traceback<'t> {
    let bytes = text.as_bytes();
    let mut reading = Reading { nests: !outline.is_plain, ..Reading::default() };
    for part in outline.parts(bytes) {
        let ended = match part {
            // Most lines are frames.
            Part::Indented(lines) if matches!(reading.expect, Expect::Frames(_)) && !reading.nests => {
                reading.take_frames(&bytes[lines]);
                false
            }
            Part::Indented(lines) => lines_of(bytes, lines).any(|line| reading.take(bytes, line)),
            Part::Line(line) => reading.take(bytes, line),
        };
        if ended {
            break;
        }
    }
    let shortened = !outline.is_plain && SHORTENING.is_in(bytes);
    let regular = shortened || (reading.regular && reading.expect == Expect::Exception);
    let (mut exceptions, nested) = (reading.exceptions, reading.lenient);
    for range in &mut exceptions {
        range.end = range.start + text[range.clone()].trim_end().len();
    }
    Traceback { text, exceptions, regular, shortened, nested }
}

/// A traceback as it is read.
struct Reading {
    expect: Expect,
    regular: bool,
    /// Whether an error's text in it may nest a traceback, and whether one did.
    nests: bool,
    lenient: bool,
    exceptions: Vec<Range<usize>>,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { expect: Expect::Block, regular: true, nests: false, lenient: false, exceptions: Vec::new() }
    }
}

impl Reading {
    /// Takes lines of a block's frames; blank ones are none.
    fn take_frames(&mut self, lines: &[u8]) {
        if !trim_end(lines).is_empty() {
            self.expect = Expect::Frames(true);
        }
    }

    /// Takes the next line; gives whether the traceback ends before it.
    fn take(&mut self, text: &[u8], line: Range<usize>) -> bool {
        let trimmed = trim_end(&text[line.clone()]);
        self.lenient |= self.nests && NESTING.is_in(trimmed);
        if trimmed == START {
            self.regular &= self.lenient || matches!(self.expect, Expect::Block | Expect::Connected);
            self.expect = Expect::Frames(false);
        } else if trimmed == DEBUG_INFORMATION {
            self.regular &= self.expect == Expect::Exception;
            return true;
        } else if is_connector(trimmed) {
            self.regular &= self.expect == Expect::Exception;
            self.expect = Expect::Connected;
        } else if trimmed.is_empty() {
            if let (Expect::Exception, Some(last)) = (self.expect, self.exceptions.last_mut()) {
                last.end = line.end;
            }
        } else if self.expect == Expect::Exception && (self.lenient || !is_only_in_traceback(trimmed)) {
            if let Some(last) = self.exceptions.last_mut() {
                last.end = line.end;
            }
        } else if matches!(trimmed[0], b' ' | b'|') && matches!(self.expect, Expect::Frames(_)) {
            self.take_frames(trimmed);
        } else {
            // What is no exception's text but stands behind one is another's, or what stood between was lost.
            self.regular &= self.lenient || (self.expect == Expect::Frames(true) && names_exception(trimmed));
            self.expect = Expect::Exception;
            self.exceptions.push(line);
        }
        false
    }
}

/// What is looked at of a text by all who read it.
pub(super) struct Outline {
    /// Where lines start that are not indented: of a traceback, all but its frames. A text is shorter than 4 GiB.
    starts: Vec<u32>,
    /// Whether surely no error's text in it nests a traceback, and nothing of it was left out.
    is_plain: bool,
}

/// The outline of a text from some line on.
#[derive(Clone, Copy)]
pub(super) struct OutlineFrom<'o> {
    starts: &'o [u32],
    /// Where that line starts in the outline's text.
    base: usize,
    /// See [`Outline`].
    pub(super) is_plain: bool,
}

/// A part of a text.
pub(super) enum Part {
    /// A line that is not indented, with its end.
    Line(Range<usize>),
    /// Lines that are.
    Indented(Range<usize>),
}

impl Outline {
    pub(super) fn of(text: &[u8]) -> Outline {
        let mut starts = Vec::with_capacity(MOST_UNINDENTED);
        let first = text.first().filter(|byte| **byte != b' ').map(|_| 0);
        starts.extend(first.into_iter().chain(unindented(text)).map_while(|start| u32::try_from(start).ok()));
        Outline { starts, is_plain: UNUSUAL.find(text).is_none() }
    }

    /// That of the text from `base` on, where a line starts.
    pub(super) fn from(&self, base: usize) -> OutlineFrom<'_> {
        let before = self.starts.partition_point(|start| (*start as usize) < base);
        OutlineFrom { starts: &self.starts[before..], base, is_plain: self.is_plain }
    }
}

/// How many lines that are not indented LiteLLM's tracebacks have, or fewer.
const MOST_UNINDENTED: usize = 64;
/// How many bytes are looked at together: the compiler makes one comparison of many.
const BLOCK: usize = 64;

/// Where lines start behind a newline that are not indented. Nearly all lines of a traceback are, so newlines are not stopped at.
fn unindented(text: &[u8]) -> impl Iterator<Item = usize> {
    let behind = text.get(1..).unwrap_or_default();
    let (blocks, rest) = text[..behind.len()].as_chunks::<BLOCK>();
    let (blocks_behind, rest_behind) = behind.as_chunks::<BLOCK>();
    let in_blocks = blocks.iter().zip(blocks_behind).enumerate().filter(|(_, (block, behind))| any_starts(block, behind));
    let in_blocks = in_blocks.flat_map(|(number, (block, behind))| starts(block, behind).map(move |at| number * BLOCK + at));
    in_blocks.chain(starts(rest, rest_behind).map(|at| blocks.len() * BLOCK + at)).map(|newline| newline + 1)
}

/// Whether a line that is not indented starts behind any of these bytes.
fn any_starts(block: &[u8; BLOCK], behind: &[u8; BLOCK]) -> bool {
    let mut any = 0;
    for at in 0..BLOCK {
        any |= u8::from(block[at] == b'\n') & u8::from(behind[at] != b' ');
    }
    any != 0
}

fn starts(bytes: &[u8], behind: &[u8]) -> impl Iterator<Item = usize> {
    bytes.iter().zip(behind).enumerate().filter(|(_, (newline, first))| **newline == b'\n' && **first != b' ').map(|(at, _)| at)
}

impl OutlineFrom<'_> {
    /// The parts of its text, or of the start of that, one behind the other.
    pub(super) fn parts<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = Part> {
        let starts = self.starts.iter().map(|start| *start as usize - self.base);
        let (mut at, mut starts) = (0, starts.take_while(|start| *start < text.len()).peekable());
        std::iter::from_fn(move || {
            let begin = at;
            if starts.next_if_eq(&begin).is_some() {
                at = memchr::memchr(b'\n', &text[begin..]).map_or(text.len(), |newline| begin + newline + 1);
                return Some(Part::Line(begin..at));
            }
            at = starts.peek().copied().unwrap_or(text.len());
            (begin < at).then_some(Part::Indented(begin..at))
        })
    }
}

/// The lines in a part of a text.
pub(super) fn lines_of(text: &[u8], part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut begin = part.start;
    line_ends(&text[part.clone()]).map(move |end| std::mem::replace(&mut begin, part.start + end)..part.start + end)
}

/// The line without the blanks at its end, those among them that web pages and chats put into what is pasted.
pub(super) fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_end();
    match line.last() {
        Some(0x0b | 0x80..) => std::str::from_utf8(line).map_or(line, |text| text.trim_end().as_bytes()),
        _ => line,
    }
}

/// Where the lines of a text end, one behind the other.
fn line_ends(text: &[u8]) -> impl Iterator<Item = usize> {
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
    is_frame(line) || MODULES.iter().any(|module| line.starts_with(module)) || is_connector(trim_end(line))
}

/// Whether a record's message holds what only a traceback has: then the line that starts the traceback was lost.
pub(super) fn stands_in_message(message: &str) -> bool {
    in_message(message).is_some()
}

/// Where in a record's message the first line starts that only a traceback has.
#[must_use]
pub fn in_message(message: &str) -> Option<usize> {
    let message = message.as_bytes();
    let mut starts = memchr::memchr_iter(b'\n', message).map(|newline| newline + 1);
    starts.find(|start| is_only_in_traceback(line_at(message, *start))).filter(|_| !nests(message))
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
    fn lines_that_are_not_indented_are_found_wherever_they_stand() {
        for shift in 0..2 * BLOCK {
            for tail in ["", "\n", "\nx", "\n x", "\n\n"] {
                let text = format!("{}\n\nab\n  c\n{}\nd\n e{tail}", "x".repeat(shift), " y".repeat(shift));
                let lines = text.char_indices().filter(|(_, c)| *c == '\n').map(|(at, _)| at + 1);
                let expected: Vec<usize> = lines.filter(|at| text[*at..].chars().next().is_some_and(|first| first != ' ')).collect();
                assert_eq!(unindented(text.as_bytes()).collect::<Vec<_>>(), expected, "{text:?}");
            }
        }
        assert_eq!(unindented(b"").next(), None);
    }

    #[test]
    fn a_chain_gives_its_exceptions_in_order() {
        let traceback = Traceback::of(CHAIN.into());
        assert!(traceback.regular);
        assert_eq!(traceback.exceptions().collect::<Vec<_>>(), ["ValueError: a\nb c", "KeyError: c"]);
    }

    #[test]
    fn pasted_blanks_are_blanks() {
        for blank in ["\u{a0}", "\u{b}", "\u{3000}", " \u{85} ", "\u{2028}"] {
            let pasted = CHAIN.replace("last):\n", &format!("last):{blank}\n")).replace("\n\nDuring", &format!("\n{blank}\nDuring"));
            let traceback = Traceback::of(pasted.into());
            assert!(traceback.regular, "{blank:?}");
            assert_eq!(traceback.exceptions().collect::<Vec<_>>(), ["ValueError: a\nb c", "KeyError: c"], "{blank:?}");
        }
    }

    #[test]
    fn a_line_of_another_records_chain_is_no_text_of_an_exception() {
        let foreign = "litellm.llms.anthropic.common_utils.AnthropicError: x";
        let mixed = CHAIN.replace("\nb c\n", &format!("\nb c\n{foreign}\n"));
        let traceback = Traceback::of(mixed.as_str().into());
        assert!(!traceback.regular);
        assert_eq!(traceback.exceptions().collect::<Vec<_>>(), ["ValueError: a\nb c", foreign, "KeyError: c"]);
        let message = format!("litellm.Timeout: x\n{foreign}\n");
        assert_eq!(in_message(&message), message.find(foreign));
    }

    #[test]
    fn a_lost_line_of_structure_is_noticed() {
        let lines: Vec<&str> = CHAIN.split_inclusive('\n').collect();
        for (i, line) in lines.iter().enumerate() {
            let structure = ["Traceback (", "During", "ValueError", "KeyError"].iter().any(|s| line.starts_with(s));
            if structure && i > 0 {
                let without: String = lines.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, l)| *l).collect();
                assert!(!Traceback::of(without.into()).regular, "without {line:?}");
            }
        }
    }
}
