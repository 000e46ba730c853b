//! Kubernetes: the container runtime's files (CRI), and `kubectl logs --prefix`.

use std::borrow::Cow;

use super::{Entry, Output, instant, token};

/// `2026-11-22T07:48:21.997668245Z stderr F text`; `P` says that the line goes on in the next entry of this output.
pub(super) fn cri(line: &[u8]) -> Option<Entry<'_>> {
    let (time, rest) = token(line)?;
    let written = instant(time)?;
    let (output, rest) = token(rest).filter(|(output, _)| matches!(*output, "stdout" | "stderr"))?;
    let (tag, text) = token(rest)?;
    let partial = match tag.split(':').next()? {
        "F" => false,
        "P" => true,
        _ => return None,
    };
    Some(Entry { text: Cow::Borrowed(text), output: Output::of(output), written: Some(written), partial, ..Entry::default() })
}

/// `[pod/NAME/CONTAINER] text`; with `--timestamps` the time follows.
pub(super) fn prefix(line: &[u8]) -> Option<Entry<'_>> {
    let rest = line.strip_prefix(b"[pod/")?;
    let end = memchr::memchr(b']', rest)?;
    let name = std::str::from_utf8(&rest[..end]).ok().filter(|name| !name.contains(' '))?;
    let text = &rest[end + 1..];
    Some(Entry { text: Cow::Borrowed(text.strip_prefix(b" ").unwrap_or(text)), process: name.to_owned(), ..Entry::default() })
}
