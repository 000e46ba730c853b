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
    /// The row that is being read, as far as earlier buffers have it, and at which level it began.
    row: Vec<u8>,
    begun: Option<(usize, RowPlace)>,
    /// From where on the buffer belongs to the row.
    from: usize,
    /// The start of the string that may be a container's key.
    key: Vec<u8>,
    /// Whether the last string was a container's key, and nothing but `:` came behind it.
    names_records: bool,
    /// Bytes before the buffer; newlines before its byte `counted`.
    base: u64,
    lines: u64,
    counted: usize,
    rows: VecDeque<Row>,
}

impl Splitter {
    fn feed(&mut self, bytes: &[u8]) {
        (self.from, self.counted) = (0, 0);
        let mut at = 0;
        while at < bytes.len() {
            at = match self.at {
                At::Outside => self.outside(bytes, at),
                At::Text => self.text(bytes, at),
                At::Between => self.between(bytes, at),
                At::String => self.string(bytes, at),
                At::Escape => {
                    self.at = At::String;
                    at + 1
                }
            };
            if self.row.len() + at.saturating_sub(self.from) >= ROW_LIMIT {
                self.cut(bytes, at);
            }
        }
        self.take(bytes, bytes.len());
        self.count(bytes, bytes.len());
        self.base += bytes.len() as u64;
    }

    /// Gives what is left of a row that the end of the input cut.
    fn end(&mut self) {
        self.give();
        self.levels.clear();
        self.at = At::Outside;
    }

    fn outside(&mut self, bytes: &[u8], at: usize) -> usize {
        match bytes[at] {
            b'{' | b'[' => self.open(bytes, at),
            b',' | b']' | b'}' => {}
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                self.at = At::Text;
                self.begin(bytes, at);
                return at;
            }
        }
        at + 1
    }

    fn text(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(end) = memchr::memchr(b'\n', &bytes[at..]) else { return bytes.len() };
        self.take(bytes, at + end);
        self.give();
        self.at = At::Outside;
        at + end + 1
    }

    fn between(&mut self, bytes: &[u8], at: usize) -> usize {
        // What is no bracket and no quote matters only in that it ends a key's wait for its value.
        let plain = bytes[at..].iter().take_while(|b| !matches!(b, b'"' | b'{' | b'[' | b'}' | b']')).count();
        if self.names_records && !bytes[at..at + plain].iter().all(|b| matches!(b, b':' | b' ' | b'\t' | b'\n' | b'\r')) {
            self.names_records = false;
        }
        let at = at + plain;
        match bytes.get(at) {
            Some(b'"') => {
                self.at = At::String;
                self.key.clear();
            }
            Some(b'{' | b'[') => self.open(bytes, at),
            Some(_) => self.close(bytes, at),
            None => return at,
        }
        at + 1
    }

    fn string(&mut self, bytes: &[u8], at: usize) -> usize {
        let found = memchr::memchr3(b'"', b'\\', b'\n', &bytes[at..]).map(|offset| at + offset);
        let end = found.unwrap_or(bytes.len());
        if self.may_name_records() && self.key.len() < KEY_BYTES {
            self.key.extend_from_slice(&bytes[at..end.min(at + KEY_BYTES)]);
        }
        match found.map(|end| bytes[end]) {
            Some(b'"') => {
                self.at = At::Between;
                self.names_records = self.may_name_records() && CONTAINERS.iter().any(|c| c.as_bytes() == self.key);
            }
            Some(b'\\') => {
                self.at = At::Escape;
                // A key with an escape is no container's.
                self.key.resize(KEY_BYTES, b'\\');
            }
            // A newline in a string: the document is damaged, and the next line may start another.
            Some(_) => {
                self.take(bytes, end);
                self.end();
                self.names_records = false;
            }
            None => return end,
        }
        end + 1
    }

    /// Whether a string may be a key under which records are: only an object that is no part of a row has such.
    fn may_name_records(&self) -> bool {
        matches!(self.levels.last(), Some(Level::Object | Level::Container))
    }

    fn open(&mut self, bytes: &[u8], at: usize) {
        let named = std::mem::take(&mut self.names_records);
        let is_object = bytes[at] == b'{';
        let level = match self.levels.last() {
            Some(Level::Object | Level::Container) if named => {
                self.turn_into_container();
                if is_object { Level::Object } else { Level::Records }
            }
            None | Some(Level::Records) if is_object => Level::Object,
            None | Some(Level::Records) => Level::Records,
            _ => Level::Inner,
        };
        if level == Level::Object {
            self.begin(bytes, at);
        }
        self.levels.push(level);
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

    fn close(&mut self, bytes: &[u8], at: usize) {
        self.names_records = false;
        self.levels.pop();
        if self.begun.is_some_and(|(level, _)| level == self.levels.len()) {
            self.take(bytes, at + 1);
            self.give();
        }
        if self.levels.is_empty() {
            self.at = At::Outside;
        }
    }

    fn begin(&mut self, bytes: &[u8], at: usize) {
        self.count(bytes, at);
        self.begun = Some((self.levels.len(), RowPlace { line: self.lines, byte: self.base + at as u64 }));
        self.from = at;
    }

    /// A row that is longer than any record comes in pieces.
    fn cut(&mut self, bytes: &[u8], at: usize) {
        if let Some((level, _)) = self.begun {
            self.take(bytes, at);
            self.give();
            self.begin(bytes, at);
            self.begun = self.begun.map(|(_, place)| (level, place));
        }
    }

    fn count(&mut self, bytes: &[u8], at: usize) {
        self.lines += memchr::memchr_iter(b'\n', &bytes[self.counted..at]).count() as u64;
        self.counted = at;
    }

    /// Takes the buffer up to `end` into the row, if there is one.
    fn take(&mut self, bytes: &[u8], end: usize) {
        if self.begun.is_some() {
            self.row.extend_from_slice(&bytes[self.from..end]);
        }
        self.from = end;
    }

    fn give(&mut self) {
        let Some((_, place)) = self.begun.take() else { return };
        let mut bytes = std::mem::take(&mut self.row);
        for byte in bytes.iter_mut().filter(|b| matches!(b, b'\n' | b'\r')) {
            *byte = b' ';
        }
        if !bytes.trim_ascii().is_empty() {
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
