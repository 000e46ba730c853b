//! OTLP logs: `resourceLogs[].scopeLogs[].logRecords[]`.

use serde_json::Value;

use super::Entry;
use super::object::{MOST_DEPTH, Shape, add_origins};

const SHAPE: Shape = Shape { text: &["body.stringValue"], written: &["timeUnixNano", "observedTimeUnixNano"], process: &[], output: &[] };

pub(super) fn record(value: &Value) -> Option<Entry<'static>> {
    if let Some(inner) = value.pointer("/scopeLogs/logRecords") {
        let entry = record(inner)?;
        let mut names = vec![entry.process];
        add_origins(value.get("resource")?, MOST_DEPTH, &mut names);
        names.retain(|name| !name.is_empty());
        return Some(Entry { process: names.join("/"), ..entry });
    }
    value.get("timeUnixNano").or_else(|| value.get("observedTimeUnixNano"))?;
    let mut entry = SHAPE.read(value)?;
    let attributes = value.get("attributes").and_then(Value::as_array).into_iter().flatten();
    let output = attributes.filter(|pair| pair.get("key").and_then(Value::as_str) == Some("log.iostream"));
    entry.output = output.filter_map(|pair| pair.pointer("/value/stringValue")?.as_str()).map(super::Output::of).next().unwrap_or_default();
    Some(entry)
}
