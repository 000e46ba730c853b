//! What people and unknown tools do to a log's lines: something before each of them, colours spelt out, indentation lost, Markdown.
//!
//! None of it has a form of its own, so it is learnt from the source's start: what stands before the heads of LiteLLM's records
//! stands before all lines. Pasted tracebacks get their indentation again, for it tells frames from exceptions.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Entry, instant};
use crate::needle::{Needle, Needles};
use crate::record::{Form, starts_own};

/// How far into a line a head is looked for.
const HEAD_REACH: usize = 240;
/// How many heads must have something before them.
const ENOUGH_HEADS: usize = 3;
/// How many prefixes may be known: one per process and level.
const MOST_PREFIXES: usize = 256;
/// What every head has, and how far behind its start.
const MARKS: [(&[u8], usize); 7] =
    [(b" - LiteLLM", 8), (b"{\"message\": ", 0), (b"INFO:     ", 0), (b"WARNING:  ", 0), (b"ERROR:    ", 0), (b"DEBUG:    ", 0), (b"CRITICAL: ", 0)];
/// ESC as viewers and copies spell it.
const SPELT_ESC: [&str; 5] = ["^[[", "\\x1b[", "\\u001b[", "\\033[", "\u{241b}["];
/// What else a paste leaves: frames without indentation.
static BARE_FRAME: Needle = Needle::new("\nFile \"");
/// And frames in quotes that Markdown makes.
const CURLY_FRAMES: [&str; 2] = ["\nFile \u{201c}", "  File \u{201c}"];
/// All of these but [`BARE_FRAME`]. Each has one of three bytes, which most logs have not, and which are found in half the time.
static LEFT: Needles = Needles::new(&[SPELT_ESC[0], SPELT_ESC[1], SPELT_ESC[2], SPELT_ESC[3], SPELT_ESC[4], CURLY_FRAMES[0], CURLY_FRAMES[1]]);
const LEFT_BYTES: [u8; 3] = [b'^', b'\\', 0xe2];
/// How far behind the start of one of these its byte stands at most.
const LEFT_REACH: usize = 8;
/// What Markdown leaves of an underscore; among the others it would make the search of all as slow as that of two bytes.
static UNDERSCORE: Needle = Needle::new("\\_");
/// What says how bad a line is, and nothing of who wrote it.
const LEVELS: [&str; 16] =
    ["debug", "info", "inf", "notice", "warn", "warning", "wrn", "error", "err", "critical", "fatal", "stdout", "stderr", "out", "f", "p"];
const TRACEBACK: &[u8] = b"Traceback (most recent call last):";
const FRAME: &[u8] = b"File \"";
/// How a frame starts, also with the quotes that Markdown makes of plain ones.
const FRAMES: [&str; 2] = ["File \"", "File \u{201c}"];
const FENCE: &[u8] = b"```";
/// What Markdown puts a backslash before.
const MARKDOWN: [(&str, &str); 6] = [("\\_", "_"), ("\\*", "*"), ("\u{201c}", "\""), ("\u{201d}", "\""), ("\u{2018}", "'"), ("\u{2019}", "'")];

/// What was done to the lines of a source, and where its restoring stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pasted {
    prefixes: Vec<Prefix>,
    spelt: bool,
    unindented: bool,
    markdown: bool,
    within: Within,
}

/// Where in a traceback the last line stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Within {
    /// In none, or in an exception's text.
    #[default]
    Text,
    /// In its frames.
    Frames,
    /// At a frame: its code follows.
    Frame,
}

/// What stands before a line: its bytes with each run of digits as `0`, and inner blanks as one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Prefix {
    pattern: Vec<u8>,
    /// Blanks at its end: what is more of them belongs to the line.
    blanks: usize,
}

impl Pasted {
    /// What was done to the lines of a source, by its start, and the forms of its records; `None` if nothing was, or no LiteLLM log
    /// can be seen in it.
    pub(super) fn learn(start: &[u8]) -> Option<(Pasted, Vec<Form>)> {
        let mut pasted = Pasted { markdown: has_markdown(start), ..Pasted::default() };
        let (mut heads, mut bare, mut forms) = (0, 0, BTreeSet::new());
        for raw in start.split(|byte| *byte == b'\n') {
            let line = with_escapes(raw.into());
            let Some(at) = head_in(&line) else { continue };
            pasted.spelt |= line[at..].starts_with(b"\x1b") && line.len() < raw.len();
            forms.extend(starts_own(&line[at..]));
            heads += 1;
            bare += usize::from(at == 0);
            if at > 0 {
                pasted.add(&line[..at]);
            }
        }
        if heads - bare < ENOUGH_HEADS.max(bare) || !pasted.stands_before_most(start) {
            pasted.prefixes.clear();
        }
        pasted.unindented = pasted.lost_indentation(start);
        let touched = !pasted.prefixes.is_empty() || pasted.spelt || pasted.unindented || pasted.markdown;
        (heads > 0 && touched).then(|| (pasted, forms.into_iter().filter(|form| form.is_log()).collect()))
    }

    /// Whether anything in a log can be the doing of a paste: a quick look, for most logs are as they were written.
    pub(super) fn leaves_marks(start: &[u8]) -> bool {
        let [caret, backslash, curly] = LEFT_BYTES;
        let rest = || memchr::memchr3(caret, backslash, curly, start).map(|at| &start[at.saturating_sub(LEFT_REACH)..]);
        start.starts_with(FENCE) || BARE_FRAME.is_in(start) || rest().is_some_and(|rest| LEFT.find(rest).is_some() || UNDERSCORE.is_in(rest))
    }

    /// A line as it was, with what its prefix tells.
    pub(super) fn restore<'a>(&mut self, line: &'a [u8]) -> Entry<'a> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = if self.spelt { with_escapes(line.into()) } else { Cow::Borrowed(line) };
        let length = self.prefix_of(&line);
        let (process, written) = origin(&line[..length]);
        let mut text = match line {
            Cow::Borrowed(line) => Cow::Borrowed(&line[length..]),
            Cow::Owned(line) => Cow::Owned(line[length..].to_vec()),
        };
        if self.markdown {
            text = if text.trim_ascii().starts_with(FENCE) { Cow::Borrowed(b"") } else { replaced(text, &MARKDOWN) };
        }
        if self.unindented {
            text = self.indented(text);
        }
        Entry { text, process, written, ..Entry::default() }
    }

    fn add(&mut self, prefix: &[u8]) {
        let prefix = Prefix::of(prefix);
        if self.prefixes.len() < MOST_PREFIXES && !self.prefixes.contains(&prefix) {
            self.prefixes.push(prefix);
        }
    }

    /// How many bytes stand before a line. A new process may turn up at any time, with a head first.
    fn prefix_of(&mut self, line: &[u8]) -> usize {
        if self.prefixes.is_empty() {
            return 0;
        }
        if let Some(length) = self.prefixes.iter().find_map(|prefix| prefix.length_in(line)) {
            return length;
        }
        let Some(at) = head_in(line).filter(|at| *at > 0) else { return 0 };
        self.add(&line[..at]);
        at
    }

    /// Whether most lines have a prefix: a program's source quotes heads, too.
    fn stands_before_most(&self, start: &[u8]) -> bool {
        let (mut with, mut without) = (0, 0);
        for line in start.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            let line = if self.spelt { with_escapes(line.into()) } else { line.into() };
            let found = self.prefixes.iter().any(|prefix| prefix.length_in(&line).is_some());
            *(if found { &mut with } else { &mut without }) += 1;
        }
        with > without
    }

    /// Whether the frames of tracebacks stand where exceptions do.
    fn lost_indentation(&self, start: &[u8]) -> bool {
        let mut copy = Pasted { unindented: false, ..self.clone() };
        let lines = start.split(|byte| *byte == b'\n').map(|line| copy.restore(line).text.into_owned());
        let lines: Vec<Vec<u8>> = lines.filter(|text| !text.trim_ascii().is_empty()).collect();
        let follows = |frame: &[u8]| lines.windows(2).any(|pair| pair[0].starts_with(TRACEBACK) && pair[1].starts_with(frame));
        follows(FRAME) && !follows(&[b"  ", FRAME].concat())
    }

    /// A line with the indentation that it must have had.
    fn indented<'a>(&mut self, text: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        if text.trim_ascii().is_empty() || text.starts_with(b" ") {
            return text;
        }
        let (within, indent): (Within, &[u8]) = match self.within {
            _ if text.starts_with(TRACEBACK) => (Within::Frames, b""),
            Within::Text => (Within::Text, b""),
            _ if text.starts_with(FRAME) => (Within::Frame, b"  "),
            _ if self.is_code(&text) => (Within::Frames, b"    "),
            _ => (Within::Text, b""),
        };
        self.within = within;
        if indent.is_empty() { text } else { Cow::Owned([indent, &text].concat()) }
    }

    /// Whether a line within frames is code: it stands behind its frame, or does not look like an exception.
    fn is_code(&self, text: &[u8]) -> bool {
        let name = text.split(|byte| *byte == b':').next().unwrap_or_default();
        let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        let is_exception = is_name && (name.contains(&b'.') || text.len() > name.len() || name.first().is_some_and(u8::is_ascii_uppercase));
        // Frames of compiled modules have no code.
        let surely = is_name && name.contains(&b'.') && text.len() > name.len();
        !surely && (self.within == Within::Frame || !is_exception)
    }
}

impl Prefix {
    fn of(bytes: &[u8]) -> Prefix {
        let text = bytes.trim_ascii_end();
        let mut pattern: Vec<u8> = Vec::new();
        for byte in text.trim_ascii_start() {
            let class = if byte.is_ascii_digit() { b'0' } else { *byte };
            let repeats = matches!(class, b'0' | b' ') && pattern.last() == Some(&class);
            if !repeats {
                pattern.push(class);
            }
        }
        let blanks = if text.is_empty() { bytes } else { &bytes[text.len()..] };
        Prefix { pattern, blanks: blanks.len() }
    }

    /// How long it is before this line, if it is there.
    fn length_in(&self, line: &[u8]) -> Option<usize> {
        let mut at = if self.pattern.is_empty() { 0 } else { line.len() - line.trim_ascii_start().len() };
        for class in &self.pattern {
            let run = |is: fn(u8) -> bool| line[at..].iter().take_while(|byte| is(**byte)).count();
            let length = match class {
                b'0' => run(|byte| byte.is_ascii_digit()),
                b' ' => run(|byte| byte == b' '),
                other => usize::from(line.get(at) == Some(other)),
            };
            if length == 0 {
                return None;
            }
            at += length;
        }
        // Of a line that is empty, editors take the blanks.
        let blanks = line[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).take(self.blanks).count();
        (blanks == self.blanks || at + blanks == line.len()).then_some(at + blanks)
    }
}

/// Where a head of a record stands in a line, with what colours it.
fn head_in(line: &[u8]) -> Option<usize> {
    let reach = &line[..line.len().min(HEAD_REACH)];
    let found = MARKS.iter().filter_map(|(mark, behind)| memchr::memmem::find(reach, mark)?.checked_sub(*behind));
    let at = found.filter(|at| starts_own(&line[*at..]).is_some()).min()?;
    // A colour's own ESC and bracket belong to the head.
    let coloured = [5, 4]
        .into_iter()
        .filter_map(|length| at.checked_sub(length))
        .find(|before| line[*before..at].ends_with(b"m") && starts_own(&line[*before..]).is_some());
    Some(coloured.unwrap_or(at))
}

/// A line with each ESC that is spelt out as one.
fn with_escapes(line: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    replaced(line, &SPELT_ESC.map(|spelt| (spelt, "\x1b[")))
}

/// Whether a text went through Markdown: it is fenced, or LiteLLM's own frames are written as Markdown has them. A prompt may hold
/// anything.
fn has_markdown(start: &[u8]) -> bool {
    let is_frame = |line: &&[u8]| FRAMES.iter().any(|frame| line.trim_ascii_start().starts_with(frame.as_bytes()));
    let is_escaped = |line: &[u8]| MARKDOWN.iter().any(|(from, _)| memchr::memmem::find(line, from.as_bytes()).is_some());
    start.trim_ascii_start().starts_with(FENCE) || start.split(|byte| *byte == b'\n').filter(is_frame).any(is_escaped)
}

fn replaced<'a>(text: Cow<'a, [u8]>, pairs: &[(&str, &str)]) -> Cow<'a, [u8]> {
    if !pairs.iter().any(|(from, _)| memchr::memmem::find(&text, from.as_bytes()).is_some()) {
        return text;
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    Cow::Owned(pairs.iter().fold(text, |text, (from, to)| text.replace(from, to)).into_bytes())
}

/// The process and the instant that a prefix names: what is a number, a time or a level names no process.
fn origin(prefix: &[u8]) -> (String, Option<crate::record::Time>) {
    let text = String::from_utf8_lossy(prefix);
    let written = text.split_ascii_whitespace().find_map(|token| instant(token.trim_matches(['[', ']', '|'])));
    let trimmed = |token: &str| token.trim_matches(['[', ']', '|', ':', '>', '(', ')', '-', ',', '"', '\'']).to_owned();
    let numbered = |token: &String| token.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches([':', '-']).len();
    // Of numbers, those in brackets and addresses name a process; others count lines.
    let numbers = text.split_ascii_whitespace().filter(|token| {
        let is_bracketed =
            token.len() > 2 && token.starts_with('[') && token.ends_with(']') && token[1..token.len() - 1].bytes().all(|b| b.is_ascii_digit());
        is_bracketed || token.trim_end_matches(':').parse::<std::net::IpAddr>().is_ok()
    });
    let numbers: Vec<String> = numbers.map(trimmed).collect();
    let names = text.split_ascii_whitespace().map(trimmed).filter(|token| {
        let number = token.bytes().all(|byte| !byte.is_ascii_alphabetic()) || instant(token).is_some() || looks_like_time(token);
        !number && !LEVELS.contains(&token.to_ascii_lowercase().as_str())
    });
    // `grep -n` puts a line's number behind the file's name.
    let names = numbers.into_iter().chain(names);
    let names: Vec<String> = names.map(|name| if name.contains(':') { name[..numbered(&name)].to_owned() } else { name }).collect();
    (names.join("/"), written)
}

/// Whether a token is a date or a time of day: months, and digits with what joins them.
fn looks_like_time(token: &str) -> bool {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.contains(&token)
        || token.starts_with(|c: char| c.is_ascii_digit()) && token.bytes().all(|b| b.is_ascii_digit() || b":.,-/TZ+".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: [&str; 12] = [
        "07:35:20 - LiteLLM Router:ERROR: router.py:1 - one",
        "Traceback (most recent call last):",
        "  File \"/a/_models.py\", line 1, in f",
        "    raise x",
        "    ^^^^^^^",
        "  File \"/a/b.py\", line 2, in <module>",
        "    ValueError: is what this code says",
        "ValueError: y",
        "",
        "INFO:     1.2.3.4:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK",
        "\u{1b}[92m07:35:21 - LiteLLM Proxy:ERROR\u{1b}[0m: x.py:1 - two",
        "{\"message\": \"three\", \"level\": \"INFO\", \"timestamp\": \"2026-11-22T07:36:15\"}",
    ];

    #[test]
    fn what_was_done_to_a_log_is_undone() {
        type Change = fn(usize, &str) -> String;
        let changes: [(&str, Change, &str); 14] = [
            ("grep -n", |n, l| format!("{n}:{l}"), ""),
            ("grep -Hn", |n, l| format!("logs/proxy.log:{n}:{l}"), "logs/proxy.log"),
            ("cat -n", |n, l| format!("{n:>6}\t{l}"), ""),
            ("quote", |_, l| format!("> {l}").trim_end().to_owned(), ""),
            ("indented", |_, l| format!("    {l}").trim_end().to_owned(), ""),
            ("stern", |_, l| format!("litellm-7d9f6c5b4-abcde litellm {l}"), "litellm-7d9f6c5b4-abcde/litellm"),
            ("a numbered pod", |_, l| format!("litellm-0 litellm {l}"), "litellm-0/litellm"),
            ("heroku", |_, l| format!("2026-11-22T07:48:21.99+00:00 app[web.1]: {l}"), "app[web.1"),
            ("railway", |_, l| format!("2026-11-22T07:48:21.99Z [inf]  {l}"), ""),
            ("supervisor", |n, l| format!("2026-11-22 07:48:21,{n:03} INFO litellm {l}"), "litellm"),
            ("pm2", |_, l| format!("0|litellm  | {l}"), "0|litellm"),
            ("ESC spelt", |_, l| l.replace('\u{1b}', "\\x1b"), ""),
            ("indentation lost", |_, l| l.trim_start().to_owned(), ""),
            ("Markdown", |_, l| l.trim_start().replace("/_", "/\\_"), ""),
        ];
        for (name, change, process) in changes {
            let lines: Vec<String> = LOG.iter().enumerate().map(|(n, line)| change(n + 1, line)).collect();
            let (mut pasted, _) = Pasted::learn(lines.join("\n").as_bytes()).unwrap_or_else(|| panic!("{name}"));
            for (line, expected) in lines.iter().zip(LOG) {
                let entry = pasted.restore(line.as_bytes());
                assert_eq!((String::from_utf8_lossy(&entry.text), entry.process.as_str()), (expected.into(), process), "{name}");
            }
        }
    }

    #[test]
    fn marks_are_found_by_their_bytes() {
        for mark in SPELT_ESC.iter().chain(&CURLY_FRAMES).chain(&["\\_"]) {
            let at = mark.bytes().position(|byte| LEFT_BYTES.contains(&byte));
            assert!(at.is_some_and(|at| at <= LEFT_REACH), "{mark}");
        }
        let found = ["^[[", "\\x1b[", "\\u001b[", "\\033[", "\u{241b}[", "\nFile \"", "\nFile \u{201c}", "  File \u{201c}", "\\_"];
        for (mark, expected) in found.into_iter().map(|mark| (mark, true)).chain([("^ \\n \u{201c} File \"", false), ("", false)]) {
            for before in ["", "x", "^ ", "a line\n"] {
                assert_eq!(Pasted::leaves_marks(format!("{before}{mark}").as_bytes()), expected, "{before}{mark}");
            }
        }
    }

    #[test]
    fn a_log_as_it_was_written_is_left_alone() {
        assert_eq!(Pasted::learn(LOG.join("\n").as_bytes()), None);
        for bait in ["```", "a \\_b", "Traceback (most recent call last):\nFile \"x\", line 1", "> 07:35:20 - LiteLLM:INFO: x.py:1 - quoted"] {
            assert_eq!(Pasted::learn(format!("{}\n{bait}\n{}", LOG.join("\n"), LOG.join("\n")).as_bytes()), None, "{bait}");
        }
        assert_eq!(Pasted::learn(b"  File \"a\"\nTraceback (most recent call last):\n"), None);
    }
}
