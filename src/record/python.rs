//! The few Python literals that LiteLLM prints: lists, dicts and strings of group names.

use std::ops::Range;

/// A literal; what is none of these is `Other`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Text(String),
    List(Vec<Literal>),
    Dict(Vec<(String, Literal)>),
    Other,
}

/// Reads the literal at the start of `text`; gives it and how many bytes it took.
pub(crate) fn literal(text: &str) -> Option<(Literal, usize)> {
    read(text, 0)
}

/// The group names of a list of targets; a target may be a map that overrides the request (`{'model': 'G', …}`).
pub(crate) fn group_names(targets: Literal) -> Vec<String> {
    let Literal::List(items) = targets else { return Vec::new() };
    items.into_iter().filter_map(group_name).collect()
}

/// One target's group name.
pub(crate) fn group_name(target: Literal) -> Option<String> {
    match target {
        Literal::Text(name) => Some(name),
        Literal::Dict(pairs) => pairs.into_iter().find_map(|(key, value)| match value {
            Literal::Text(name) if key == "model" => Some(name),
            _ => None,
        }),
        Literal::List(_) | Literal::Other => None,
    }
}

const MAX_DEPTH: usize = 16;

fn read(text: &str, depth: usize) -> Option<(Literal, usize)> {
    if depth > MAX_DEPTH {
        return None;
    }
    match text.bytes().next()? {
        b'\'' | b'"' => string(text).map(|(value, used)| (Literal::Text(value), used)),
        b'[' => {
            let mut items = Vec::new();
            let used = sequence(text, b']', |rest| {
                let (item, used) = read(rest, depth + 1)?;
                items.push(item);
                Some(used)
            })?;
            Some((Literal::List(items), used))
        }
        b'{' => {
            let mut pairs = Vec::new();
            let used = sequence(text, b'}', |rest| {
                let (key, key_used) = string(rest)?;
                let after = &rest[key_used..];
                let colon = after.strip_prefix(": ").or_else(|| after.strip_prefix(':'))?;
                let (value, value_used) = read(colon, depth + 1)?;
                pairs.push((key, value));
                Some(rest.len() - colon.len() + value_used)
            })?;
            Some((Literal::Dict(pairs), used))
        }
        _ => {
            let used = text.find([',', ']', '}', '\n']).unwrap_or(text.len());
            (used > 0).then_some((Literal::Other, used))
        }
    }
}

/// Reads comma-separated items between brackets; gives the bytes used, brackets included.
fn sequence(text: &str, close: u8, mut item: impl FnMut(&str) -> Option<usize>) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = text[at..].trim_start_matches([' ', ',']);
        at = text.len() - rest.len();
        if rest.bytes().next()? == close {
            return Some(at + 1);
        }
        at += item(rest)?;
    }
}

/// Reads a quoted string; gives its value and the bytes used, quotes included.
pub(crate) fn string(text: &str) -> Option<(String, usize)> {
    let quote = *text.as_bytes().first().filter(|b| matches!(b, b'\'' | b'"'))?;
    let (mut value, mut at) = (String::new(), 1);
    loop {
        let end = at + memchr::memchr3(quote, b'\\', b'\n', &text.as_bytes()[at..])?;
        value.push_str(&text[at..end]);
        match text.as_bytes()[end] {
            b'\n' => return None,
            b'\\' => {
                let escaped = text[end + 1..].chars().next()?;
                value.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    other => other,
                });
                at = end + 1 + escaped.len_utf8();
            }
            _ => return Some((value, end + 1)),
        }
    }
}

/// The ranges of the items of the list at the start of `text`, and how many bytes the list takes.
///
/// Brackets and quotes are matched, nothing is built: for the `messages=[…]` of a DEBUG line, which may hold anything.
pub(crate) fn items(text: &str) -> Option<(Vec<Range<usize>>, usize)> {
    let bytes = text.as_bytes();
    let (mut depth, mut quote, mut at, mut begin) = (0_usize, None, 0, 1);
    let mut ranges = Vec::new();
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(q), b) if b == q => quote = None,
            (None, b @ (b'\'' | b'"')) => quote = Some(b),
            (None, b'[' | b'{' | b'(') => depth += 1,
            (None, b',') if depth == 1 => {
                ranges.push(begin..at);
                begin = at + 1;
            }
            (None, b']' | b'}' | b')') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    if !text[begin.min(at)..at].trim().is_empty() {
                        ranges.push(begin..at);
                    }
                    return Some((ranges, at + 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
