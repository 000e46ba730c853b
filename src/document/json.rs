//! JSON documents: the objects in their arrays, each as one row, without ever holding the document.
//!
//! A document is an array of records, or an object in which some key holds one (`resourceSpans` → `scopeSpans` → `spans`,
//! `data`, `batch`, …). An object that has such a key is a container, any other object that a container holds is a row.
//! Several documents may follow each other, and other text between them is given line by line.
//!
//! Strings hold no newline in JSON, so a newline in one betrays a document that is cut or damaged: what there is of the row is
//! given, and reading begins anew at that line.

use std::io::{self, Read};

use super::splitter::Splitter;
use super::{RowPlace, Rows};
use crate::knowledge::container::{CONTAINERS, RECORD_KEYS};
use crate::needle::Needles;

const BUFFER_BYTES: usize = 256 << 10;
static RECORD: Needles = Needles::new(&RECORD_KEYS);

/// Whether bytes start a JSON object or array.
#[must_use]
pub(super) fn starts(text: &[u8]) -> bool {
    let inner = text.get(1..).unwrap_or_default().trim_ascii_start();
    match text.first() {
        Some(b'{') => inner.first().is_none_or(|b| matches!(b, b'"' | b'}')),
        Some(b'[') => inner.first().is_none_or(|b| matches!(b, b'{' | b'[' | b']')),
        _ => false,
    }
}

/// Whether an object is a record itself, and holds none, as far as its first keys tell: a key that only records have stands before any
/// under which records are kept.
#[must_use]
pub fn is_record(object: &[u8]) -> bool {
    let Some(at) = record_key_in(object).filter(|_| object.starts_with(b"{")) else { return false };
    let mut quoted = object[..at].split(|byte| *byte == b'"');
    !quoted.any(|text| CONTAINERS.iter().any(|container| container.key.as_bytes() == text))
}

/// Where the first key stands that only records have.
pub(super) fn record_key_in(object: &[u8]) -> Option<usize> {
    RECORD.all_in(object).find_map(|key| key.checked_sub(1).filter(|quote| object[*quote] == b'"'))
}

/// All rows of a document that is at hand, each with its place in it.
#[must_use]
pub fn rows_of(document: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut splitter = Splitter::default();
    splitter.feed(document);
    splitter.end();
    std::iter::from_fn(|| splitter.next_row()).map(|row| (usize::try_from(row.place.byte).unwrap_or_default(), row.bytes)).collect()
}

/// The rows of a source of JSON documents.
pub(super) struct JsonRows<R> {
    reader: R,
    buffer: Vec<u8>,
    splitter: Splitter,
    failure: Option<io::Error>,
    ended: bool,
}

impl<R: Read> JsonRows<R> {
    /// The rows of the documents that a reader gives.
    pub(super) fn new(reader: R) -> JsonRows<R> {
        JsonRows { reader, buffer: vec![0; BUFFER_BYTES], splitter: Splitter::default(), failure: None, ended: false }
    }
}

impl<R: Read> Rows for JsonRows<R> {
    fn more_pages(&self) -> bool {
        self.splitter.more_pages()
    }

    fn next_row(&mut self, out: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        loop {
            if let Some(row) = self.splitter.next_row() {
                out.extend_from_slice(&row.bytes);
                return Ok(Some(row.place));
            }
            if self.ended {
                return self.failure.take().map_or(Ok(None), Err);
            }
            match self.reader.read(&mut self.buffer) {
                Ok(0) => self.ended = true,
                Ok(count) => self.splitter.feed(&self.buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
            if self.ended && self.splitter.end() && self.failure.is_none() {
                self.failure = Some(io::Error::new(io::ErrorKind::UnexpectedEof, "the JSON is cut or damaged"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_that_there_are_more() {
        let cases = [
            (r#"{"events": [{"m": 1}], "nextToken": "x"}"#, true),
            (r#"{"events": [{"m": 1}], "nextToken": null, "searched": "x"}"#, false),
            (r#"{"events": [{"nextToken": "x"}]}"#, false),
            (r#"{"m": 1, "nextToken": "x"}"#, false),
        ];
        for (text, expected) in cases {
            let mut rows = JsonRows::new(text.as_bytes());
            while rows.next_row(&mut Vec::new()).unwrap().is_some() {}
            assert_eq!(rows.more_pages(), expected, "{text}");
        }
    }

    fn rows(text: &str) -> Vec<String> {
        rows_of(text.as_bytes()).into_iter().map(|(_, row)| String::from_utf8(row).unwrap()).collect()
    }

    #[test]
    fn records_are_found_wherever_documents_keep_them() {
        let cases: [(&str, &[&str]); 19] = [
            (
                r#"{"data":{"result":[{"stream":{"pod":"a"},"values":[["1","x"],["2","y]"]]},{"stream":{"pod":"b"},"values":[["3","z"]]}]}}"#,
                &[
                    r#"{"stream":{"pod":"a"},"values":["1","x"]}"#,
                    r#"{"stream":{"pod":"a"},"values":["2","y]"]}"#,
                    r#"{"stream":{"pod":"b"},"values":["3","z"]}"#,
                ],
            ),
            (
                r#"{"resourceLogs":[{"resource":{"a":1},"scopeLogs":[{"scope":{},"logRecords":[{"m":1},{"m":2}]}]}]}"#,
                &[
                    r#"{"resource":{"a":1},"scopeLogs":{"scope":{},"logRecords":{"m":1}}}"#,
                    r#"{"resource":{"a":1},"scopeLogs":{"scope":{},"logRecords":{"m":2}}}"#,
                ],
            ),
            (r#"{"logStream":"s","logEvents":[{"m":1}]}{"m":2}"#, &[r#"{"logStream":"s","logEvents":{"m":1}}"#, r#"{"m":2}"#]),
            (r#"{"call_type": "x", "data": [{"m": 1}]}"#, &[r#"{"call_type": "x", "data": [{"m": 1}]}"#]),
            (r#"{"events": [{"m": 1}], "nextToken": "x"}"#, &[r#"{"m": 1}"#]),
            (
                r#"[{"traceId": "t", "events": [{"name": "exception"}], "logs": [{}]}]"#,
                &[r#"{"traceId": "t", "events": [{"name": "exception"}], "logs": [{}]}"#],
            ),
            (
                r#"{"tables":[{"columns":[{"name":"A"}],"rows":[["x"],["y"]]}]}"#,
                &[r#"{"columns":[{"name":"A"}],"rows":["x"]}"#, r#"{"columns":[{"name":"A"}],"rows":["y"]}"#],
            ),
            (r#"{"a": 1}"#, &[r#"{"a": 1}"#]),
            (r#"[{"a": 1}, {"b": {"spans": [{"c": 2}]}}]"#, &[r#"{"a": 1}"#, r#"{"b": {"spans": [{"c": 2}]}}"#]),
            (r#"{"a":1}{"b":2}"#, &[r#"{"a":1}"#, r#"{"b":2}"#]),
            (
                r#"{"resourceSpans": [{"resource": {"x": 1}, "scopeSpans": [{"scope": {}, "spans": [{"s": 1}, {"s": 2}]}]}]}"#,
                &[r#"{"s": 1}"#, r#"{"s": 2}"#],
            ),
            (r#"{"data":[{"traceID":"t","spans":[{"s":"}"}],"processes":{"p":{}}}],"total":0}"#, &[r#"{"s":"}"}"#]),
            (r#"{"trace":{"resourceSpans":[{"scopeSpans":[{"spans":[{"s":1}]}]}]}}"#, &[r#"{"s":1}"#]),
            (r#"[[{"s":1}],[{"s":2}]]"#, &[r#"{"s":1}"#, r#"{"s":2}"#]),
            ("{\n  \"a\": \"x \\\" {\",\n  \"b\": []\n}\n", &["{   \"a\": \"x \\\" {\",   \"b\": [] }"]),
            ("one line\n{\"a\":1}\nanother\n", &["one line", r#"{"a":1}"#, "another"]),
            (r#"{"data":["x", "y"], "observations": []}"#, &[]),
            ("[{\"a\": \"cut\n{\"b\":2}\n", &["{\"a\": \"cut", r#"{"b":2}"#]),
            (r#"[{"a": 1}, {"b": [1, "#, &[r#"{"a": 1}"#, r#"{"b": [1, "#]),
        ];
        for (document, expected) in cases {
            assert_eq!(rows(document), expected, "{document}");
        }
    }

    #[test]
    fn where_buffers_end_changes_nothing() {
        let document = "[\n {\"a\": \"x\\\"y\", \"data\": 1},\n {\"spans\": [{\"é\": [\"]\"]}]}]\ntext\n{\"b\": 2}";
        for size in 1..20 {
            let mut splitter = Splitter::default();
            document.as_bytes().chunks(size).for_each(|piece| splitter.feed(piece));
            splitter.end();
            let found: Vec<_> =
                std::iter::from_fn(|| splitter.next_row()).map(|row| (row.place.line, String::from_utf8(row.bytes).unwrap())).collect();
            let expected =
                [(1, "{\"a\": \"x\\\"y\", \"data\": 1}"), (2, "{\"é\": [\"]\"]}"), (3, "text"), (4, "{\"b\": 2}")].map(|(l, t)| (l, t.to_owned()));
            assert_eq!(found, expected, "{size}");
        }
    }

    #[test]
    fn only_json_is_taken_for_json() {
        let cases = [
            ("{\"a\":1}", true),
            ("{\n  \"a\": 1", true),
            ("[{", true),
            ("[\n  {", true),
            ("[pod/x/y] text", false),
            ("[92m07:35", false),
            ("{x", false),
        ];
        for (text, expected) in cases {
            assert_eq!(starts(text.as_bytes()), expected, "{text}");
        }
    }
}
