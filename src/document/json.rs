//! JSON documents: the objects in their arrays, each as one row, without ever holding the document.
//!
//! A document is an array of records, or an object in which some key holds one (`resourceSpans` → `scopeSpans` → `spans`,
//! `data`, `batch`, …). An object that has such a key is a container, any other object that a container holds is a row.
//! Several documents may follow each other, and other text between them is given line by line.
//!
//! Strings hold no newline in JSON, so a newline in one betrays a document that is cut or damaged: what there is of the row is
//! given, and reading begins anew at that line.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::{ROW_LIMIT, RowPlace, Rows};
use crate::knowledge::container::CONTAINERS;

const BUFFER_BYTES: usize = 256 << 10;
/// The longest key that can be a container's, with its quotes.
const KEY_BYTES: usize = 40;

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

/// All rows of a document that is at hand, each with its place in it.
#[must_use]
pub fn rows_of(document: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut splitter = Splitter::default();
    splitter.feed(document);
    splitter.end();
    splitter.rows.into_iter().map(|row| (usize::try_from(row.place.byte).unwrap_or_default(), row.bytes)).collect()
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
    fn next_row(&mut self, out: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        loop {
            if let Some(row) = self.splitter.rows.pop_front() {
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
            if self.ended {
                self.splitter.end();
            }
        }
    }
}

#[derive(Debug)]
struct Row {
    bytes: Vec<u8>,
    place: RowPlace,
}

/// What a bracket opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// An object that may be a row, or turns out to be a container.
    Object,
    /// An object that holds records under some key.
    Container,
    /// An array whose objects are records.
    Records,
    /// Anything inside a row.
    Inner,
}

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    /// Outside all documents, at the start of a line or behind a document.
    #[default]
    Outside,
    /// In a line that is no JSON.
    Text,
    /// Between tokens.
    Between,
    /// In a string.
    String,
    /// In a string, behind a backslash.
    Escape,
}

#[derive(Debug, Default)]
struct Splitter {
    at: At,
    levels: Vec<Level>,
    /// The row that is being read, and at which level it began.
    row: Vec<u8>,
    begun: Option<(usize, RowPlace)>,
    /// The string that may be a key, as far as it may be a container's.
    key: Vec<u8>,
    /// Whether the last string was a container's key, and nothing but `:` came behind it.
    names_records: bool,
    place: RowPlace,
    rows: VecDeque<Row>,
}

impl Splitter {
    fn feed(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let used = match self.at {
                At::Outside => self.outside(bytes[at]),
                At::Text => self.text(&bytes[at..]),
                At::Between => self.between(bytes[at]),
                At::String => self.string(&bytes[at..]),
                At::Escape => {
                    self.at = At::String;
                    self.keep(&bytes[at..=at]);
                    1
                }
            };
            let passed = &bytes[at..at + used];
            self.place.byte += used as u64;
            self.place.line += memchr::memchr_iter(b'\n', passed).count() as u64;
            at += used;
        }
    }

    /// Gives what is left of a row that the end of the input cut.
    fn end(&mut self) {
        self.give();
        self.levels.clear();
        self.at = At::Outside;
    }

    fn outside(&mut self, byte: u8) -> usize {
        match byte {
            b'{' | b'[' => return self.between(byte),
            b',' | b']' | b'}' => {}
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                self.at = At::Text;
                self.begun = Some((0, self.place));
                return 0;
            }
        }
        1
    }

    fn text(&mut self, bytes: &[u8]) -> usize {
        let end = memchr::memchr(b'\n', bytes);
        self.keep(&bytes[..end.unwrap_or(bytes.len())]);
        if end.is_some() {
            self.give();
            self.at = At::Outside;
        }
        end.map_or(bytes.len(), |end| end + 1)
    }

    fn between(&mut self, byte: u8) -> usize {
        match byte {
            b'"' => {
                self.at = At::String;
                self.key.clear();
                self.keep(b"\"");
            }
            b'{' | b'[' => self.open(byte),
            b'}' | b']' => self.close(byte),
            b'\n' | b'\r' => self.keep(b" "),
            b':' | b' ' | b'\t' => self.keep(&[byte]),
            _ => {
                self.names_records = false;
                self.keep(&[byte]);
            }
        }
        1
    }

    fn string(&mut self, bytes: &[u8]) -> usize {
        let Some(end) = memchr::memchr3(b'"', b'\\', b'\n', bytes) else {
            self.in_string(bytes);
            return bytes.len();
        };
        match bytes[end] {
            b'\n' => {
                self.in_string(&bytes[..end]);
                self.begin_anew();
            }
            b'\\' => {
                self.in_string(&bytes[..=end]);
                self.at = At::Escape;
            }
            _ => {
                self.in_string(&bytes[..=end]);
                self.at = At::Between;
                self.names_records = self.key.strip_suffix(b"\"").is_some_and(|key| CONTAINERS.iter().any(|c| c.as_bytes() == key));
            }
        }
        end + 1
    }

    fn in_string(&mut self, bytes: &[u8]) {
        self.keep(bytes);
        if self.key.len() < KEY_BYTES {
            self.key.extend_from_slice(&bytes[..bytes.len().min(KEY_BYTES)]);
        }
    }

    /// A newline stood in a string: the document is damaged, and the next line may start another.
    fn begin_anew(&mut self) {
        self.end();
        self.names_records = false;
    }

    fn open(&mut self, byte: u8) {
        let named = std::mem::take(&mut self.names_records);
        let level = match self.levels.last() {
            Some(Level::Object | Level::Container) if named => {
                self.turn_into_container();
                if byte == b'{' { Level::Object } else { Level::Records }
            }
            None | Some(Level::Records) if byte == b'[' => Level::Records,
            None | Some(Level::Records) => Level::Object,
            _ => Level::Inner,
        };
        if level == Level::Object && self.begun.is_none() {
            self.begun = Some((self.levels.len(), self.place));
        }
        self.levels.push(level);
        self.keep(&[byte]);
        self.at = At::Between;
    }

    /// The object at hand holds records: it is none itself.
    fn turn_into_container(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            *level = Level::Container;
        }
        self.row.clear();
        self.begun = None;
    }

    fn close(&mut self, byte: u8) {
        self.names_records = false;
        self.keep(&[byte]);
        self.levels.pop();
        if self.begun.is_some_and(|(level, _)| level == self.levels.len()) {
            self.give();
        }
        if self.levels.is_empty() {
            self.at = At::Outside;
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let Some((level, _)) = self.begun else { return };
        self.row.extend_from_slice(bytes);
        if self.row.len() >= ROW_LIMIT {
            self.give();
            // The rest of it comes as a further row.
            self.begun = Some((level, self.place));
        }
    }

    fn give(&mut self) {
        let Some((_, place)) = self.begun.take() else { return };
        let bytes = std::mem::take(&mut self.row);
        if !bytes.iter().all(u8::is_ascii_whitespace) {
            self.rows.push_back(Row { bytes, place });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        rows_of(text.as_bytes()).into_iter().map(|(_, row)| String::from_utf8(row).unwrap()).collect()
    }

    #[test]
    fn records_are_found_wherever_documents_keep_them() {
        let cases: [(&str, &[&str]); 12] = [
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
            let found: Vec<_> = splitter.rows.iter().map(|row| (row.place.line, String::from_utf8(row.bytes.clone()).unwrap())).collect();
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
