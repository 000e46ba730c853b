//! Docker: the `json-file` driver's lines, and `docker logs -t`.

use std::borrow::Cow;

use serde_json::Value;

use super::object::Shape;
use super::{Entry, instant, token};

const SHAPE: Shape = Shape { text: &["log"], written: &["time"], process: &["attrs.tag", "container_id"], output: &["stream"] };

/// `{"log":"…\n","stream":"stderr","time":"…Z"}`; without its newline the text is a piece of a line of more than 16 KiB.
pub(super) fn json_file(value: &Value) -> Option<Entry<'static>> {
    value.get("time").filter(|_| value.get("log").is_some() && value.get("stream").is_some())?;
    let mut entry = SHAPE.read(value)?;
    // Whatever the operator chose to have added: labels, environment.
    let attributes = value.get("attrs").and_then(Value::as_object).into_iter().flatten().filter_map(|(_, value)| value.as_str());
    for attribute in attributes.filter(|attribute| !entry.process.contains(attribute)).collect::<Vec<_>>() {
        entry.process += "/";
        entry.process += attribute;
    }
    entry.partial = !entry.text.ends_with(b"\n");
    entry.text = Cow::Owned(entry.text.strip_suffix(b"\n").unwrap_or(&entry.text).to_vec());
    Some(entry)
}

/// `2026-11-22T07:48:21.997668245Z text`: also CloudWatch's export to S3.
pub(super) fn timestamps(line: &[u8]) -> Option<Entry<'_>> {
    let (time, text) = token(line)?;
    Some(Entry { written: Some(instant(time)?), text: Cow::Borrowed(text), ..Entry::default() })
}
