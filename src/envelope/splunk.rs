//! Splunk's export: `{"_raw": …, "_time": …, "host": …, "source": …}`, and CloudWatch Logs Insights, whose rows are lists of
//! fields.

use serde_json::{Map, Value};

use super::Entry;
use super::object::Shape;

const SHAPE: Shape =
    Shape { text: &["_raw", "@message"], written: &["_time", "@timestamp"], process: &["host", "source", "@logStream"], output: &["stream"] };

pub(super) fn result(value: &Value) -> Option<Entry<'static>> {
    let fields = value.get("results").and_then(Value::as_array).map(|fields| {
        let pair = |field: &Value| Some((field.get("field")?.as_str()?.to_owned(), field.get("value")?.clone()));
        Value::Object(fields.iter().filter_map(pair).collect::<Map<String, Value>>())
    });
    let value = fields.as_ref().unwrap_or(value);
    value.get("_raw").or_else(|| value.get("@message"))?;
    SHAPE.read(value)
}
