//! Rows of tables, as JSON objects of strings: what reads records needs no second way for tables.

use serde_json::{Map, Value};

/// Appends a row as one JSON object; a missing value (`NULL`) is left out.
pub(super) fn append(row: &mut Vec<u8>, cells: impl Iterator<Item = (String, Option<String>)>) {
    let object: Map<String, Value> = cells.filter_map(|(name, value)| Some((name, Value::String(value?)))).collect();
    row.extend_from_slice(Value::Object(object).to_string().as_bytes());
}
