//! Finds what the tables know, and puts a mask in its place.
//!
//! Forms come first, then names: a key is a key wherever it stands, so that it has one mask. Masks may bring to light what they had
//! hidden, so the search goes on until it finds nothing more; what it gives holds nothing that it would find.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use xxhash_rust::xxh3::xxh3_64;

use super::named::{self, NAMED, Worth};
use super::shapes::{EDGE, EMAIL, SHAPES, Shape};
use super::{address, value};

/// How often a text is gone through: each time but the last, something was found.
const MOST_ROUNDS: usize = 32;

/// A pattern of many alternatives, each with a group that tells it.
struct Table {
    pattern: Regex,
    /// The kind of each, by the number of its group.
    kinds: Vec<&'static str>,
}

impl Table {
    fn of_shapes<'s>(shapes: impl Iterator<Item = &'s Shape>) -> Option<Table> {
        let (mut patterns, mut kinds) = (Vec::new(), vec![""]);
        for Shape { kind, pattern, .. } in shapes {
            patterns.push(pattern.replace("EDGE", EDGE).replace("(?<v>", "("));
            kinds.push(*kind);
        }
        Some(Table { pattern: Regex::new(&patterns.join("|")).ok()?, kinds })
    }

    /// The secrets of a text, each with its kind.
    fn find(&self, text: &str) -> Vec<(&'static str, Range<usize>)> {
        let of = |found: regex::Captures<'_>| (1..self.kinds.len()).find_map(|at| Some((self.kinds[at], found.get(at)?.range())));
        self.pattern.captures_iter(text).filter_map(of).collect()
    }
}

static FORMS: LazyLock<Option<Table>> = LazyLock::new(|| Table::of_shapes(SHAPES.iter()));
static EMAILS: LazyLock<Option<Table>> = LazyLock::new(|| Table::of_shapes(std::iter::once(&EMAIL)));
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let spelt = |pattern: &str| pattern.replace("IS", named::IS).replace("QUOTED", named::QUOTED);
    let names: Vec<String> = NAMED.iter().map(|named| format!("({})", spelt(named.pattern))).collect();
    Regex::new(&format!("(?i){MASK}|{}", names.join("|"))).ok()
});

/// A mask: its kind's name is none of a secret's.
const MASK: &str = r"\[(?:key|token|password|private-key|email|ip):[0-9a-f]{8}\]";
static MASKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(MASK).ok());

/// Finds secrets, each with its kind, in their order.
type Pass = fn(&str) -> Vec<(&'static str, Range<usize>)>;

/// The text with a mask in the place of each secret.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    let passes: [Pass; 4] = [by_form, by_name, emails, addresses];
    for _ in 0..MOST_ROUNDS {
        let mut is_changed = false;
        for pass in passes {
            let found = pass(&masked);
            if !found.is_empty() {
                masked = Cow::Owned(replaced(&masked, &found));
                is_changed = true;
            }
        }
        if !is_changed {
            break;
        }
    }
    masked
}

fn replaced(text: &str, found: &[(&'static str, Range<usize>)]) -> String {
    let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
    for (kind, range) in found {
        masked.push_str(&text[at..range.start]);
        let hash = xxh3_64(text[range.clone()].as_bytes()) & 0xffff_ffff;
        masked.extend(["[", kind, ":", &format!("{hash:08x}"), "]"]);
        at = range.end;
    }
    masked.push_str(&text[at..]);
    masked
}

fn by_form(text: &str) -> Vec<(&'static str, Range<usize>)> {
    FORMS.as_ref().map(|table| table.find(text)).unwrap_or_default()
}

fn emails(text: &str) -> Vec<(&'static str, Range<usize>)> {
    if !text.contains('@') && !text.contains("%40") {
        return Vec::new();
    }
    EMAILS.as_ref().map(|table| table.find(text)).unwrap_or_default()
}

fn addresses(text: &str) -> Vec<(&'static str, Range<usize>)> {
    address::find(text).into_iter().map(|range| ("ip", range)).collect()
}

/// What stands behind the names of secrets.
fn by_name(text: &str) -> Vec<(&'static str, Range<usize>)> {
    let (Some(names), Some(masks)) = (NAMES.as_ref(), MASKS.as_ref()) else { return Vec::new() };
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(captures) = names.captures_at(text, at) {
        let Some(name) = captures.get(0) else { break };
        at = name.end().max(at + 1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
        let Some(known) = NAMED.iter().enumerate().find_map(|(index, known)| captures.get(index + 1).map(|_| known)) else { continue };
        let range = name.end()..end_of(text, name.end(), known.worth);
        let secret = &text[range.clone()];
        if !secret.is_empty() && named::is_secret(secret, known.worth) && !masks.is_match(secret) && !secret.starts_with(super::content::WITHHELD) {
            at = range.end;
            found.push((known.kind, range));
        }
    }
    found
}

/// Where the value ends that starts at `at`.
fn end_of(text: &str, at: usize, worth: Worth) -> usize {
    let line = || text[at..].find('\n').map_or(text.len(), |end| at + end);
    if worth == Worth::Line && value::quote_before(text, at).is_none() {
        return line();
    }
    match value::quote_before(text, at) {
        Some((quote, escapes)) => value::quoted_end(text, at, quote, escapes),
        None if text[at..].starts_with(['[', '{', '(']) => at,
        None => {
            let is_end =
                |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ',' | ';' | '&' | '<' | '>' | '(' | ')' | '{' | '}' | '[' | ']');
            text[at..].find(is_end).map_or(text.len(), |end| at + end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold() {
        assert_eq!(FORMS.as_ref().map(|table| table.kinds.len()), Some(SHAPES.len() + 1));
        assert!(EMAILS.is_some() && NAMES.is_some() && MASKS.is_some());
    }

    #[test]
    fn a_value_has_one_mask_wherever_it_stands() {
        let texts = ["Bearer sk-abcdefgh1234", "x-api-key: 'sk-abcdefgh1234'", "sk-abcdefgh1234", "?key=sk-abcdefgh1234&a"];
        for text in texts {
            let secret = masked("sk-abcdefgh1234").into_owned();
            assert_eq!(masked(text), text.replace("sk-abcdefgh1234", &secret));
        }
    }

    #[test]
    fn what_the_analysis_needs_stays() {
        for text in [
            "Rate limit reached for gpt-4.1 in organization org-lab on tokens per min (TPM)",
            "anthropic/claude-sonnet-4-5-20250929 vertex_ai/claude-sonnet-4-5@20250929 bedrock/us.anthropic.claude-opus-4-7-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3",
            "req_011C4LHegTP5carjhuWw55qe msg_01XFDUDYJgAACzvnptvVoYEL chatcmpl-8a3c6cbe-6f3e",
            "4bf92f3577b34da6a3ce929d0e0e4736 3f2504e0-4f89-11d3-9a0c-0305e82c3301 2026-11-22T07:35:20.123456Z 1.85.0 v1.85.0-stable",
            "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
            "litellm.MidStreamFallbackError: litellm.InternalServerError: AnthropicException - Overloaded. Received Model Group=task-force-12345678",
            "No fallback model group found for original model_group=a. Fallbacks=[{'a': ['b']}] LiteLLM Retried: 1 times",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
