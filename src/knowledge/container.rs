//! The keys under which documents keep their records. Sources: OTLP (`resourceSpans` …), Tempo, Jaeger's query API, Langfuse's
//! ingestion and public API, LiteLLM's spend log API, SQS.

/// Keys whose array holds records, or whose object holds such keys.
pub const CONTAINERS: [&str; 12] = [
    "resourceSpans",
    "scopeSpans",
    "instrumentationLibrarySpans",
    "spans",
    "batches",
    "trace",
    "batch",
    "data",
    "observations",
    "Messages",
    "Records",
    "generations",
];

/// The columns by which the header line of a known table is told: LiteLLM's spend logs, Langfuse's observations.
pub const TABLE_HEADERS: [&[&str]; 3] = [&["request_id", "call_type", "metadata"], &["traceId", "statusMessage"], &["trace_id", "status_message"]];

/// The table of a PostgreSQL dump that is read.
pub const DUMPED_TABLE: &str = "LiteLLM_SpendLogs";
