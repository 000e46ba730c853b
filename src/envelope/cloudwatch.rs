//! CloudWatch: `filter-log-events` and `get-log-events`, subscriptions (Firehose to S3), and `aws logs tail`. The export to S3
//! is lines behind their time, as Docker's are.

use std::borrow::Cow;

use serde_json::Value;

use super::object::Shape;
use super::{Entry, instant, token};

const SHAPE: Shape =
    Shape { text: &["message", "@message"], written: &["timestamp", "@timestamp"], process: &["logStreamName", "@logStream"], output: &[] };

/// An event of `events[]`, or of a subscription's `logEvents[]`.
pub(super) fn event(value: &Value) -> Option<Entry<'static>> {
    if let Some(inner) = value.get("logEvents").filter(|inner| inner.is_object()) {
        let entry = event(inner)?;
        let stream = value.get("logStream").and_then(Value::as_str).unwrap_or_default();
        return Some(Entry { process: stream.to_owned(), ..entry });
    }
    let of_events = value.get("ingestionTime").is_some() || value.get("eventId").is_some();
    let of_subscription = value.get("id").is_some() && value.as_object().is_some_and(|object| object.len() <= 4);
    value.get("timestamp").filter(|time| time.is_number() && (of_events || of_subscription))?;
    SHAPE.read(value)
}

/// `2026-11-22T07:48:21.997668+00:00 group/stream/id text`.
pub(super) fn tail(line: &[u8]) -> Option<Entry<'_>> {
    let (time, rest) = token(line)?;
    let written = instant(time).filter(|_| time.ends_with("+00:00"))?;
    let (stream, text) = token(rest).filter(|(stream, _)| stream.contains('/') && !stream.contains(['"', '{', '(']))?;
    Some(Entry { text: Cow::Borrowed(text), process: stream.to_owned(), written: Some(written), ..Entry::default() })
}
