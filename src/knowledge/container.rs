//! The keys under which documents keep their records. Sources: OTLP (`resourceSpans`, `resourceLogs` …), Tempo, Jaeger's query API,
//! Langfuse's ingestion and public API, LiteLLM's spend log API, SQS; Loki, CloudWatch, Elasticsearch, Azure, Datadog, Splunk.

/// A key under which records are.
#[derive(Debug, Clone, Copy)]
pub struct Container {
    /// The key.
    pub key: &'static str,
    /// Whether it counts only as the first key of a document: spans have `events` and `logs` of their own.
    pub first: bool,
    /// Whether records may be arrays there, which only what stands before them explains (labels, column names).
    pub tuples: bool,
    /// Whether what stands before its records is part of each: it names their process.
    pub context: Context,
}

/// What of the text before a container's records belongs to each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Nothing.
    None,
    /// What stands before them, also before a container that they are in.
    All,
    /// What stands before it belongs to the records of a container within.
    Outer,
}

const fn plain(key: &'static str) -> Container {
    Container { key, first: false, tuples: false, context: Context::None }
}

const fn first(key: &'static str) -> Container {
    Container { key, first: true, tuples: false, context: Context::None }
}

const fn tuples(key: &'static str) -> Container {
    Container { key, first: false, tuples: true, context: Context::None }
}

/// Keys whose array holds records, or whose object holds such keys.
pub const CONTAINERS: [Container; 24] = [
    plain("resourceSpans"),
    plain("scopeSpans"),
    plain("instrumentationLibrarySpans"),
    plain("spans"),
    plain("batches"),
    plain("trace"),
    plain("batch"),
    plain("data"),
    plain("observations"),
    plain("Messages"),
    plain("Records"),
    plain("resourceLogs"),
    Container { key: "scopeLogs", first: false, tuples: false, context: Context::Outer },
    Container { key: "logRecords", first: false, tuples: false, context: Context::All },
    Container { key: "logEvents", first: false, tuples: false, context: Context::All },
    plain("hits"),
    plain("streams"),
    plain("tables"),
    first("events"),
    first("logs"),
    plain("result"),
    tuples("results"),
    tuples("values"),
    tuples("rows"),
];

/// Keys that only records have, from behind their first quote: an object that has one is no container, whatever other keys it has.
///
/// With the quote, all would begin alike, which makes the search for them ten times slower.
pub const RECORD_KEYS: [&str; 5] = ["call_type\"", "traceId\"", "trace_id\"", "spanId\"", "error_str\""];

/// Keys beside the records whose text says that there are more: the document is one page. Sources: CloudWatch Logs, AWS CLI, GCP, Azure.
pub const PAGE_KEYS: [&str; 5] = ["nextToken", "NextToken", "nextPageToken", "nextLink", "@odata.nextLink"];

/// The columns by which the header line of a known table is told: LiteLLM's spend logs, Langfuse's observations, the downloads of Datadog, Azure, Splunk and Kibana.
pub const TABLE_HEADERS: [&[&str]; 12] = [
    &["Date", "Message"],
    &["TimeGenerated", "LogMessage"],
    &["TimeGenerated", "LogEntry"],
    &["TimeGenerated", "Log_s"],
    &["TimeGenerated [UTC]", "LogMessage"],
    &["TimeGenerated [UTC]", "LogEntry"],
    &["TimeGenerated [UTC]", "Log_s"],
    &["_raw", "_time"],
    &["@timestamp", "message"],
    &["request_id", "call_type", "metadata"],
    &["traceId", "statusMessage"],
    &["trace_id", "status_message"],
];

/// The table of a PostgreSQL dump that is read.
pub const DUMPED_TABLE: &str = "LiteLLM_SpendLogs";
