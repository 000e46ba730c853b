//! journald: `journalctl`'s short forms and `-o json`.

use std::borrow::Cow;

use serde_json::Value;

use super::object::Shape;
use super::{Entry, instant, token};

const SHAPE: Shape = Shape {
    text: &["MESSAGE"],
    written: &["_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"],
    process: &["_HOSTNAME", "CONTAINER_NAME", "_SYSTEMD_UNIT", "_PID"],
    output: &[],
};
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `MESSAGE` is a list of bytes where it holds ESC, and `null` where it was too long and `--all` was not given.
pub(super) fn json(value: &Value) -> Option<Entry<'static>> {
    value.get("__REALTIME_TIMESTAMP")?;
    let text = value.get("MESSAGE")?;
    if text.is_null() {
        return Some(Entry { text: Cow::Borrowed(b""), lost: true, ..Entry::default() });
    }
    SHAPE.read(value)
}

/// `Nov 22 07:48:21 host litellm[2419]: text`, with fractions (`short-precise`), or with an ISO time (`short-iso`). The short
/// time has no year and is the host's own: it says nothing that the log's own does not.
pub(super) fn short(line: &[u8]) -> Option<Entry<'_>> {
    let (first, rest) = token(line)?;
    let (written, rest) = match iso(first) {
        Some(time) => (Some(time), rest),
        None => (None, after_month(first, rest)?),
    };
    let (host, rest) = token(rest)?;
    let colon = memchr::memmem::find(&rest[..rest.len().min(120)], b": ").or_else(|| rest.strip_suffix(b":").map(<[u8]>::len))?;
    let app = std::str::from_utf8(&rest[..colon]).ok().filter(|app| app.ends_with(']') && app.contains('[') && !app.contains(' '))?;
    Some(Entry { text: Cow::Borrowed(rest.get(colon + 2..).unwrap_or_default()), process: format!("{host}/{app}"), written, ..Entry::default() })
}

/// `2026-11-22T07:48:21+0000`: journalctl's zone has no colon.
fn iso(token: &str) -> Option<crate::record::Time> {
    let colon = token.len().checked_sub(2).filter(|at| token.is_char_boundary(*at) && token[..*at].ends_with(|c: char| c.is_ascii_digit()))?;
    instant(token).or_else(|| instant(&format!("{}:{}", &token[..colon], &token[colon..])))
}

fn after_month<'a>(month: &str, rest: &'a [u8]) -> Option<&'a [u8]> {
    MONTHS.contains(&month).then_some(())?;
    let (day, rest) = token(rest.trim_ascii_start())?;
    day.parse::<u8>().ok()?;
    let (time, rest) = token(rest)?;
    let bytes = time.as_bytes();
    (bytes.len() >= 8 && bytes[2] == b':' && bytes[5] == b':').then_some(rest)
}
