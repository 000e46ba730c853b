//! Elasticsearch and OpenSearch hits, and the lines of Filebeat and Vector that they are made of.

use std::borrow::Cow;

use serde_json::Value;

use super::Entry;
use super::object::{Shape, json_record};

const SHAPE: Shape = Shape {
    text: &["message"],
    written: &["@timestamp", "timestamp"],
    process: &[
        "host.name",
        "kubernetes.pod_namespace",
        "kubernetes.namespace",
        "kubernetes.pod.name",
        "kubernetes.pod_name",
        "kubernetes.container.name",
        "kubernetes.container_name",
        "log.file.path",
    ],
    output: &["stream"],
};

/// `{"_source": {"@timestamp": …, "message": …, "json": {…}}}`, or the inner object alone. `json` is a JSON log's record that
/// the shipper took apart; Vector has its time as `timestamp`, and a `source_type`.
pub(super) fn entry(value: &Value) -> Option<Entry<'static>> {
    let value = value.get("_source").unwrap_or(value);
    let shipped = value.get("@timestamp").is_some() || value.get("source_type").is_some() || value.get("kubernetes").is_some();
    value.get("message").filter(|_| shipped)?;
    let mut entry = SHAPE.read(value)?;
    let record = value.get("json").and_then(Value::as_object).filter(|record| record.contains_key("message") && record.contains_key("level"));
    if let Some(record) = record {
        entry.text = Cow::Owned(json_record(record).into_bytes());
    }
    Some(entry)
}
