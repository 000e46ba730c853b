//! Syslog, as it stands in files and on the wire: RFC 5424 and RFC 3164.

use std::borrow::Cow;

use super::{Entry, instant, token};

/// `<13>1 2026-11-22T07:48:21.99Z host app pid msgid [sd] text`.
pub(super) fn rfc5424(line: &[u8]) -> Option<Entry<'_>> {
    let rest = priority(line)?.strip_prefix(b"1 ")?;
    let (time, rest) = token(rest)?;
    let (host, rest) = token(rest)?;
    let (app, rest) = token(rest)?;
    let (process, rest) = token(rest)?;
    let (_, rest) = token(rest)?;
    let text = structured_data(rest)?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    Some(Entry { text: Cow::Borrowed(text), process: format!("{host}/{app}[{process}]"), written: instant(time), ..Entry::default() })
}

/// What follows the structured data: `-`, or elements in brackets, whose values may hold escaped brackets.
fn structured_data(rest: &[u8]) -> Option<&[u8]> {
    if let Some(text) = rest.strip_prefix(b"-") {
        return Some(text.strip_prefix(b" ").unwrap_or(text));
    }
    let mut escaped = false;
    let mut quoted = false;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted && rest.get(at + 1) != Some(&b'[') => return Some(rest.get(at + 2..).unwrap_or_default()),
            _ => {}
        }
    }
    None
}

/// `<13>Nov 22 07:48:21 host app[pid]: text`; without the priority it is journald's short form.
pub(super) fn rfc3164(line: &[u8]) -> Option<Entry<'_>> {
    super::journald::short(priority(line)?)
}

fn priority(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"<")?;
    let end = memchr::memchr(b'>', &rest[..rest.len().min(4)])?;
    rest[..end].iter().all(u8::is_ascii_digit).then(|| &rest[end + 1..])
}
