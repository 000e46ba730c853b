//! Google Cloud Logging: `gcloud logging read --format json`, and what a sink writes.

use serde_json::Value;

use super::Entry;
use super::object::Shape;

const SHAPE: Shape = Shape {
    text: &["textPayload", "jsonPayload"],
    written: &["timestamp"],
    process: &[
        "resource.labels.namespace_name",
        "resource.labels.pod_name",
        "resource.labels.container_name",
        "resource.labels.revision_name",
        "resource.labels.instance_id",
    ],
    output: &[],
};

pub(super) fn entry(value: &Value) -> Option<Entry<'static>> {
    value.get("logName").or_else(|| value.get("insertId"))?;
    let mut entry = SHAPE.read(value)?;
    let name = value.get("logName").and_then(Value::as_str).and_then(|name| name.rsplit(['/', '%']).next());
    entry.output = name.map(super::Output::of).unwrap_or_default();
    Some(entry)
}
