//! A record quoted the way compilers quote source: its words, and under them what is what.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::page::Page;
use crate::knowledge::signature::REJECTION;
use crate::link::{Evidence, Incident};
use crate::output::terminal::plain;

/// What stands left of a quoted line, but for its number.
const GUTTER: usize = 6;
/// Wider than any line that is shown.
const WIDE: usize = 10_000;
/// Characters that are shown before a mark, where there is room.
const LEAD: usize = 16;

/// A part of a quote that is pointed at.
struct Mark {
    span: Range<usize>,
    kind: AnnotationKind,
    label: &'static str,
}

/// The evidence that shows most of what happened: failure and rejection in one record, else the rejection.
pub(super) fn clearest(incident: &Incident) -> Option<&Evidence> {
    let shows = |evidence: &&Evidence| {
        let lines = evidence.quote.as_deref().unwrap_or_default().lines();
        lines.map(|line| marks(incident, line).len()).sum::<usize>()
    };
    let quoted = incident.evidence.iter().filter(|evidence| evidence.quote.is_some());
    // Of those that show as much, the first.
    quoted.rev().max_by_key(shows)
}

impl Page<'_> {
    /// Quotes the record of which the place has just been told.
    pub(super) fn excerpt(&mut self, incident: &Incident, evidence: &Evidence) {
        let Some(quote) = evidence.quote.as_deref() else { return };
        let first = usize::try_from(evidence.place.line).unwrap_or_default();
        let room = usize::from(self.shown.look.width).saturating_sub(GUTTER + (first + quote.lines().count()).to_string().len());
        let (mut text, mut annotations) = (String::new(), Vec::new());
        for line in quote.lines().map(plain) {
            let (shown, marks) = cut(&line, marks(incident, &line), room);
            let at = text.len();
            annotations.extend(marks.into_iter().map(|mark| mark.kind.span(at + mark.span.start..at + mark.span.end).label(mark.label)));
            text.push_str(&shown);
            text.push('\n');
        }
        let snippet = Snippet::source(text.as_str()).line_start(first).fold(false).annotations(annotations);
        let style = if self.shown.look.colour { Renderer::styled() } else { Renderer::plain() };
        // The lines have been cut to the page: the renderer's own cut keeps marks whole, however wide they are.
        let drawn = style.decor_style(DecorStyle::Unicode).term_width(WIDE).render(&[Group::with_level(Level::ERROR).element(snippet)]);
        for line in drawn.lines() {
            self.line(&format!("  {line}"));
        }
    }
}

/// What of a line is to be pointed at.
fn marks(incident: &Incident, line: &str) -> Vec<Mark> {
    let find = |text: &str| memchr::memmem::find(line.as_bytes(), text.as_bytes()).map(|at| at..at + text.len());
    let failure = incident.stream_failure.as_ref().and_then(|failure| failure.message.as_deref()).filter(|message| !message.is_empty());
    let failure = failure.and_then(|message| find(&plain(message)));
    let failure = failure.map(|span| Mark { span, kind: AnnotationKind::Context, label: "what broke the stream" });
    let refusal = find(REJECTION).map(|span| Mark { span, kind: AnnotationKind::Primary, label: "the rejection" });
    failure.into_iter().chain(refusal).collect()
}

/// As much of a line as there is room for, the first mark in it, and the marks where they are then.
fn cut(line: &str, marks: Vec<Mark>, room: usize) -> (String, Vec<Mark>) {
    let chars: Vec<(usize, char)> = line.char_indices().collect();
    let index = |byte: usize| chars.partition_point(|(at, _)| *at < byte);
    let Some(first) = marks.into_iter().next() else { return (window(&chars, 0, room), Vec::new()) };
    let needed = first.label.chars().count() + 1;
    let (start, end) = (index(first.span.start), index(first.span.end));
    let marked = (end - start).min(room.saturating_sub(needed + 2)).max(1);
    let lead = LEAD.min(room.saturating_sub(needed + marked + 1));
    // What fits is not cut.
    let from = if end + needed <= room { 0 } else { start.saturating_sub(lead) };
    let shown = window(&chars, from, room);
    let byte = |index: usize| shown.char_indices().nth(index).map_or(shown.len(), |(at, _)| at);
    let mark = Mark { span: byte(start - from)..byte(start - from + marked), ..first };
    (shown, vec![mark])
}

/// So many characters of a line, with dots for what is left out.
fn window(chars: &[(usize, char)], from: usize, room: usize) -> String {
    let to = chars.len().min(from + room);
    let mut text: Vec<char> = chars[from..to].iter().map(|(_, c)| *c).collect();
    if let Some(first) = text.first_mut().filter(|_| from > 0) {
        *first = '…';
    }
    if let Some(last) = text.last_mut().filter(|_| to < chars.len()) {
        *last = '…';
    }
    text.into_iter().collect()
}
