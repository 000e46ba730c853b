//! Fluent Bit's and Fluentd's records, FireLens among them.

use std::borrow::Cow;

use serde_json::Value;

use super::object::Shape;
use super::{Entry, Output, instant, token};

const SHAPE: Shape = Shape {
    text: &["log", "_msg", "short_message"],
    written: &["date", "time", "@timestamp", "timestamp", "_time"],
    process: &[
        "kubernetes.namespace_name",
        "kubernetes.pod_name",
        "kubernetes.container_name",
        "container_name",
        "container_id",
        "_stream",
        "ecs_task_arn",
        "host",
    ],
    output: &["stream", "source"],
};

/// `{"date": 1795333701.99, "stream": "stderr", "_p": "F", "log": …}`; `_p` is the runtime's tag of a line that goes on. Also
/// VictoriaLogs (`_msg`) and GELF (`short_message`).
pub(super) fn object(value: &Value) -> Option<Entry<'static>> {
    let known = ["date", "kubernetes", "container_id", "container_name", "_time", "_p", "@timestamp", "version"];
    SHAPE.text.iter().find(|key| value.get(**key).is_some())?;
    known.iter().find(|key| value.get(**key).is_some())?;
    let mut entry = SHAPE.read(value)?;
    entry.partial = value.get("_p").and_then(Value::as_str) == Some("P");
    if let Some(full) = value.get("full_message").and_then(Value::as_str) {
        entry.text = Cow::Owned(full.as_bytes().to_vec());
    }
    entry.text = Cow::Owned(entry.text.strip_suffix(b"\n").unwrap_or(&entry.text).to_vec());
    Some(entry)
}

/// `2026-11-22T07:48:21+00:00<TAB>tag<TAB>{"log": …}`.
pub(super) fn fluentd(line: &[u8]) -> Option<Entry<'_>> {
    let mut parts = line.splitn(3, |b| *b == b'\t');
    let (time, tag, record) = (parts.next()?, parts.next()?, parts.next()?);
    let (time, _) = token(time)?;
    let value: Value = serde_json::from_slice(record).ok()?;
    let written = instant(time)?;
    let text = value.get("log").or_else(|| value.get("message"))?.as_str()?.trim_end_matches('\n').as_bytes().to_vec();
    let output = value.get("stream").and_then(Value::as_str).map(Output::of).unwrap_or_default();
    Some(Entry {
        text: Cow::Owned(text),
        process: String::from_utf8_lossy(tag).into_owned(),
        output,
        written: Some(written),
        partial: false,
        ..Entry::default()
    })
}
