//! Docker Compose: `litellm-1  | text`, and in old releases `litellm_1  | text`, coloured on a terminal.

use std::borrow::Cow;

use super::Entry;

/// The longest service name with its padding.
const MOST_BYTES: usize = 80;

/// The prefix is on every line; without a blank behind the bar the line is empty.
pub(super) fn prefix(line: &[u8]) -> Option<Entry<'_>> {
    let bar = memchr::memchr(b'|', &line[..line.len().min(MOST_BYTES)])?;
    let padded = uncoloured(&line[..bar]);
    let name = padded.trim_ascii_end();
    let named = !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !named || padded.len() == name.len() {
        return None;
    }
    let text = strip_reset(&line[bar + 1..]);
    let text = text.strip_prefix(b" ").unwrap_or(text);
    Some(Entry { text: Cow::Borrowed(strip_reset(text)), process: String::from_utf8_lossy(name).into_owned(), ..Entry::default() })
}

/// The name without the colour that stands before it.
fn uncoloured(text: &[u8]) -> &[u8] {
    let Some(rest) = text.strip_prefix(b"\x1b[") else { return text };
    memchr::memchr(b'm', rest).map_or(text, |end| &rest[end + 1..])
}

fn strip_reset(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\x1b[0m").unwrap_or(text)
}
