//! Datadog: the search API (v2 and v1), archives, and the CSV download.

use std::borrow::Cow;

use serde_json::Value;

use super::Entry;
use super::object::{Shape, json_record};
use crate::record::value::at;

const API: Shape = Shape { text: &["message"], written: &["timestamp"], process: &["host", "service"], output: &[] };
const CSV: Shape = Shape { text: &["Message", "message"], written: &["Date", "date"], process: &["Host", "host", "Service", "service"], output: &[] };

/// `{"attributes": {"message": …, "timestamp": …, "tags": […]}}`; in v1 the object is called `content`. Of a JSON log the other
/// keys stand in `attributes.attributes`.
pub(super) fn entry(value: &Value) -> Option<Entry<'static>> {
    if let Some(inner) = value.get("attributes").or_else(|| value.get("content")).filter(|inner| inner.get("message").is_some()) {
        let mut entry = API.read(inner)?;
        if let Some(record) = json_log(inner) {
            entry.text = Cow::Owned(record.into_bytes());
        }
        return Some(entry);
    }
    let table = value.get("Message").is_some() && value.get("Date").is_some();
    let archive = value.get("message").is_some() && value.get("date").is_some() && value.get("status").is_some();
    if table || archive { CSV.read(value) } else { None }
}

/// LiteLLM's JSON record, put together again of the message and its attributes.
fn json_log(inner: &Value) -> Option<String> {
    let mut record = at(inner, "attributes")?.as_object().filter(|keys| keys.contains_key("level") && keys.contains_key("timestamp"))?.clone();
    record.insert("message".to_owned(), inner.get("message")?.clone());
    Some(json_record(&record))
}
