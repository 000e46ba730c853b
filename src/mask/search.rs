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
use super::plain::is_plain;
use super::shapes::{EDGE, EMAIL, SHAPES, Shape};
use super::{address, value};

/// How often a text is gone through: each time but the last, something was found.
const MOST_ROUNDS: usize = 32;

/// A pattern of many alternatives, each with a group that tells it.
struct Table {
    pattern: Regex,
    /// The kind of each, by the number of its group.
    kinds: Vec<&'static str>,
    /// What looks like each and is none.
    is_none: Vec<fn(&str) -> bool>,
}

impl Table {
    fn of_shapes<'s>(shapes: impl Iterator<Item = &'s Shape>) -> Option<Table> {
        let (mut patterns, mut kinds) = (Vec::new(), vec![""]);
        let mut is_none: Vec<fn(&str) -> bool> = vec![|_| true];
        for shape in shapes {
            patterns.push(shape.pattern.replace("EDGE", EDGE).replace("(?<v>", "("));
            kinds.push(shape.kind);
            is_none.push(shape.is_none);
        }
        Some(Table { pattern: Regex::new(&patterns.join("|")).ok()?, kinds, is_none })
    }

    /// The secrets of a text, each with its kind.
    fn find(&self, text: &str) -> Vec<(&'static str, Range<usize>)> {
        let of = |found: regex::Captures<'_>| (1..self.kinds.len()).find_map(|at| Some((at, found.get(at)?.range())));
        let found = self.pattern.captures_iter(text).filter_map(of);
        found.filter(|(at, range)| !self.is_none[*at](&text[range.clone()])).map(|(at, range)| (self.kinds[at], range)).collect()
    }
}

static FORMS: LazyLock<Option<Table>> = LazyLock::new(|| Table::of_shapes(SHAPES.iter()));
static EMAILS: LazyLock<Option<Table>> = LazyLock::new(|| Table::of_shapes(std::iter::once(&EMAIL)));
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let spelt = |pattern: &str| pattern.replace("IS", named::IS).replace("SAYS", named::SAYS).replace("QUOTE", value::QUOTE);
    let names: Vec<String> = NAMED.iter().map(|named| format!("({})", spelt(named.pattern))).collect();
    Regex::new(&format!("(?i){MASK}|{}", names.join("|"))).ok()
});

/// No scheme's name is longer; keys are.
const LONGEST_SCHEME: usize = 16;

/// No mask is longer.
const LONGEST_MASK: usize = 32;

/// A mask: its kind's name is none of a secret's.
const MASK: &str = r"\[(?:key|token|password|private-key|email|ip):[0-9a-f]{8}\]";
static MASKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(MASK).ok());
/// From a value in a list to the next.
static NEXT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!(r"\A{0}?,\s{{0,2}}[bu]?{0}?", value::QUOTE)).ok());

/// Finds secrets, each with its kind, in their order.
type Pass = fn(&str) -> Vec<(&'static str, Range<usize>)>;

/// The text with a mask in the place of each secret.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    if is_plain(text) {
        return masked;
    }
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
    if !["@", "%40", "u0040", "&#64;"].iter().any(|at| text.contains(at)) {
        return Vec::new();
    }
    EMAILS.as_ref().map(|table| table.find(text)).unwrap_or_default()
}

fn addresses(text: &str) -> Vec<(&'static str, Range<usize>)> {
    address::find(text).into_iter().map(|range| ("ip", range)).collect()
}

/// What stands behind the names of secrets.
fn by_name(text: &str) -> Vec<(&'static str, Range<usize>)> {
    let Some(names) = NAMES.as_ref() else { return Vec::new() };
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(captures) = names.captures_at(text, at) {
        let Some(name) = captures.get(0) else { break };
        at = name.end().max(at + 1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
        let Some(known) = NAMED.iter().enumerate().find_map(|(index, known)| captures.get(index + 1).map(|_| known)) else { continue };
        if !is_name_of_value(text, name.range()) {
            continue;
        }
        let values = values(text, name.range(), known.worth);
        at = values.first().map_or(at, |first| at.min(first.start));
        for value in values {
            let before = found.len();
            found.extend(secrets_of(text, name.as_str(), value.clone(), known.worth).into_iter().map(|secret| (known.kind, secret)));
            if found.len() > before {
                at = value.end;
            }
        }
    }
    found
}

/// Whether a comma behind a name is a tuple's (`('x-api-key', 'S')`, as HTTP libraries print headers), and a `>` one of a document.
fn is_name_of_value(text: &str, name: Range<usize>) -> bool {
    let own = &text[name.clone()];
    if own.ends_with('>') {
        return !own.contains('=') && text[name.end..].split_once('<').is_some_and(|(_, rest)| rest.starts_with('/'));
    }
    if !own.contains(',') {
        return true;
    }
    let before = text[..name.start].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before).trim_end_matches('\\');
    before.ends_with('(') || before.ends_with("(b")
}

/// The values behind a name: one, or those of a list.
fn values(text: &str, name: Range<usize>, worth: Worth) -> Vec<Range<usize>> {
    // What seems to begin a list may be a mask.
    let is_mask = text[..name.end].ends_with('[') && masks_at(text, name.end - 1).is_some();
    let start = name.end - usize::from(is_mask);
    let first = start..end_of(text, start, worth);
    let mut all = vec![if worth == Worth::Header { behind_scheme(text, first) } else { first }];
    let is_list = !is_mask && text[name].trim_end_matches(['"', '\'', '\\', 'b', 'u']).trim_end().ends_with('[');
    while is_list
        && let Some(last) = all.last()
        && let Some(next) = NEXT.as_ref().and_then(|next| next.find(&text[last.end..]))
    {
        let start = last.end + next.end();
        all.push(start..end_of(text, start, worth));
    }
    all
}

/// What stands behind the name of a scheme that no table knows (`Authorization: ZenApiKey S`).
fn behind_scheme(text: &str, value: Range<usize>) -> Range<usize> {
    let own = &text[value.clone()];
    let (scheme, end) = own.split_once(' ').map_or((own, None), |(scheme, _)| (scheme, Some(value.end)));
    let start = value.start + scheme.len() + 1;
    let is_scheme = scheme.len() <= LONGEST_SCHEME && scheme.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if !is_scheme || !text[value.start + scheme.len()..].starts_with(' ') {
        return value;
    }
    let second = start..end.unwrap_or_else(|| bare_end(text, start, Worth::Header));
    let is_secret = masks_at(text, start).is_some() || named::is_secret(&text[second.clone()], Worth::NoWord);
    if is_secret { second } else { value }
}

fn masks_at(text: &str, at: usize) -> Option<usize> {
    let mask = MASKS.as_ref()?.find(text.get(at..text.len().min(at + LONGEST_MASK)).unwrap_or_default())?;
    (mask.start() == 0).then(|| at + mask.end())
}

/// What of a value is secret: all of it, or what stands beside masks.
fn secrets_of(text: &str, name: &str, value: Range<usize>, worth: Worth) -> Vec<Range<usize>> {
    let own = &text[value.clone()];
    let Some(masks) = MASKS.as_ref().filter(|_| !own.is_empty() && !own.starts_with(super::content::WITHHELD)) else { return Vec::new() };
    if !masks.is_match(own) {
        let is_colon = name.trim_end().ends_with(':') && !name.contains(['"', '\'', '\\']);
        let is_said = is_colon && worth != Worth::Line && name.contains(' ') && named::is_word(own);
        let is_own_name = own.len() > 2 && name.len() > own.len() && name.get(..own.len()).is_some_and(|name| name.eq_ignore_ascii_case(own));
        let is_password = name.to_ascii_lowercase().starts_with("pass");
        let is_none = is_said || is_own_name || !is_password && named::is_count(own);
        return if !is_none && named::is_secret(own, worth) { vec![value] } else { Vec::new() };
    }
    let mut rests = Vec::new();
    let mut from = 0;
    for end in masks.find_iter(own).map(|mask| (mask.start(), mask.end())).chain([(own.len(), own.len())]) {
        let piece = own[from..end.0].trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '+' | '='));
        let start = value.start + piece.as_ptr() as usize - own.as_ptr() as usize;
        let is_words = piece.contains(char::is_whitespace);
        if !is_words && named::is_secret(piece, Worth::NoWord) {
            rests.push(start..start + piece.len());
        }
        from = end.1;
    }
    rests
}

/// Where the value ends that starts at `at`.
fn end_of(text: &str, at: usize, worth: Worth) -> usize {
    if let Some(quote) = value::encoded_quote_before(text, at) {
        return value::encoded_end(text, at, quote).unwrap_or_else(|| bare_end(text, at, worth));
    }
    match value::quote_before(text, at) {
        Some((quote, escapes)) => value::quoted_end(text, at, quote, escapes),
        None if worth == Worth::Line => text[at..].find('\n').map_or(text.len(), |end| at + end),
        None => bare_end(text, at, worth),
    }
}

/// Where a value without quotes ends. Masks in it are part of it; a full stop is a sentence's.
fn bare_end(text: &str, at: usize, worth: Worth) -> usize {
    let mut end = at;
    while let Some(c) = text[end..].chars().next() {
        let rest = &text[end + c.len_utf8()..];
        let is_end = match c {
            '[' if let Some(behind) = masks_at(text, end) => {
                end = behind;
                continue;
            }
            // A header's parameters stand in one word.
            ',' | ';' if worth == Worth::Header => rest.is_empty() || rest.starts_with(char::is_whitespace),
            '&' => is_parameter(rest),
            '%' => value::encoded_quote(&text[end..]).is_some(),
            _ => c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ',' | ';' | '<' | '>' | '(' | ')' | '{' | '}' | '[' | ']'),
        };
        if is_end {
            break;
        }
        end += c.len_utf8();
    }
    at + text[at..end].trim_end_matches(['.', ':']).len()
}

/// Whether a parameter of a URL, or an entity of HTML, begins behind a `&`.
fn is_parameter(rest: &str) -> bool {
    let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.' | '#')).unwrap_or(rest.len());
    name == 0 || rest[name..].starts_with(';') || (rest[name..].starts_with('=') && !rest[name..].starts_with("=="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold() {
        assert_eq!(FORMS.as_ref().map(|table| table.kinds.len()), Some(SHAPES.len() + 1));
        assert!(EMAILS.is_some() && NAMES.is_some() && MASKS.is_some() && NEXT.is_some());
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
