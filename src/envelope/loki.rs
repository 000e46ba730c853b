//! Loki: `logcli --output=jsonl`, the API's `query_range`, pushes, and Grafana's download.

use serde_json::{Value, json};

use super::Entry;
use super::object::Shape;

const SHAPE: Shape = Shape {
    text: &["line"],
    written: &["timestamp"],
    process: &["labels.namespace", "labels.pod", "labels.container", "labels.filename", "labels.instance"],
    output: &["labels.stream"],
};

/// `{"labels": {…}, "line": …, "timestamp": …}`; Grafana says `fields`; the API `{"stream": {…}, "values": ["ns", "line"]}`.
pub(super) fn entry(value: &Value) -> Option<Entry<'static>> {
    if let Some(pair) = value.get("values").and_then(Value::as_array) {
        let [time, line, ..] = pair.as_slice() else { return None };
        return SHAPE.read(&json!({"labels": value.get("stream")?, "timestamp": time, "line": line}));
    }
    value.get("line")?;
    let labels = value.get("labels").or_else(|| value.get("fields"))?;
    SHAPE.read(&json!({"labels": labels, "timestamp": value.get("timestamp"), "line": value.get("line")}))
}
