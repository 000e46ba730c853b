//! Azure Log Analytics: the API's tables, the command line's objects and the portal's CSV, of Container Insights (`LogEntry`,
//! V2 `LogMessage`) and Container Apps (`Log_s`).

use serde_json::{Map, Value};

use super::Entry;
use super::object::Shape;

const SHAPE: Shape = Shape {
    text: &["LogMessage", "LogEntry", "Log_s"],
    written: &["TimeGenerated", "TimeGenerated [UTC]", "time_t"],
    process: &["PodNamespace", "PodName", "ContainerName", "ContainerID", "ContainerGroupName_s", "ContainerAppName_s", "ContainerName_s"],
    output: &["LogSource", "LogEntrySource", "Stream_s"],
};

/// A row as an object, or as `{"columns": [{"name": …}], "rows": […cells…]}`, as documents give the rows of tables.
pub(super) fn row(value: &Value) -> Option<Entry<'static>> {
    let named = value.get("columns").and_then(Value::as_array).zip(value.get("rows").and_then(Value::as_array)).map(|(columns, cells)| {
        let names = columns.iter().filter_map(|column| column.get("name")?.as_str().map(str::to_owned));
        Value::Object(names.zip(cells.iter().cloned()).collect::<Map<String, Value>>())
    });
    let value = named.as_ref().unwrap_or(value);
    SHAPE.text.iter().find(|key| value.get(**key).is_some())?;
    SHAPE.read(value)
}
