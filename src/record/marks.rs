//! The words by which the start of a source tells its form of trace, before any row of it is read.

use super::Form;

/// The words by which the start of a source tells its form of trace; all of them must be there. They hold no quotes, since payloads
/// are also put into strings.
const FORM_MARKS: [(Form, &[&str]); 9] = [
    (Form::Payload, &["call_type", "model_group", "startTime", "error_str"]),
    (Form::Otlp, &["spanId", "startTimeUnixNano"]),
    (Form::Jaeger, &["traceID", "spanID", "operationName"]),
    (Form::Zipkin, &["traceId", "localEndpoint", "timestamp"]),
    (Form::Console, &["trace_state", "trace_id", "start_time"]),
    (Form::Langfuse, &["generation-create"]),
    (Form::Langfuse, &["traceId", "statusMessage"]),
    (Form::Langfuse, &["trace_id", "status_message"]),
    (Form::SpendLog, &["request_id", "call_type", "spend"]),
];

/// The form of trace whose marks stand in these bytes; the first row of the table that fits.
#[must_use]
pub fn mark_in(bytes: &[u8]) -> Option<Form> {
    let has = |mark: &&str| memchr::memmem::find(bytes, mark.as_bytes()).is_some();
    FORM_MARKS.iter().find(|(_, marks)| marks.iter().all(has)).map(|(form, _)| *form)
}
