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
use crate::knowledge::container::{CONTAINERS, Container, RECORD_KEYS};

const BUFFER_BYTES: usize = 256 << 10;
/// The longest text before an array of rows that is kept: labels and column names are short.
const MOST_CONTEXT: usize = 64 << 10;
/// How many levels are told apart: records stand at the first few, and deeper ones are all a record's own.
const MOST_LEVELS: usize = 256;
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
    /// An array whose objects are records; with `true`, its arrays are, too.
    Records(bool),
    /// An array that is a row, and needs what stands before it to be understood.
    Tuple,
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
    /// Levels below the deepest that is told apart.
    deeper: usize,
    /// The row that is being read, as far as earlier buffers have it, and at which level it began.
    row: Vec<u8>,
    begun: Option<(usize, RowPlace)>,
    /// From where on the buffer belongs to the row.
    from: usize,
    /// The start of the string that may be a container's key.
    key: Vec<u8>,
    /// The container whose key the last string was, if nothing but `:` came behind it.
    names_records: Option<&'static Container>,
    /// Whether no key of the object at hand has been read.
    fresh: bool,
    /// What stands before the array whose arrays are rows: `{"stream": {…}, "values": `.
    context: Vec<u8>,
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
        self.deeper = 0;
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
        if self.names_records.is_some() && !bytes[at..at + plain].iter().all(|b| matches!(b, b':' | b' ' | b'\t' | b'\n' | b'\r')) {
            self.names_records = None;
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
                let first = std::mem::take(&mut self.fresh) && self.levels.len() == 1;
                let names = |c: &&Container| c.key.as_bytes() == self.key && (first || !c.first);
                self.names_records = if self.may_name_records() { CONTAINERS.iter().find(names) } else { None };
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
                self.names_records = None;
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
        let named = self.names_records.take();
        if self.levels.len() >= MOST_LEVELS {
            self.deeper += 1;
            return;
        }
        let is_object = bytes[at] == b'{';
        let named = named.filter(|_| !self.is_record(bytes, at));
        let level = match (self.levels.last(), named) {
            (Some(Level::Object | Level::Container), Some(container)) => {
                self.turn_into_container(bytes, at, container);
                if is_object { Level::Object } else { Level::Records(container.tuples) }
            }
            (None | Some(Level::Records(_)), _) if is_object => Level::Object,
            (Some(Level::Records(true)), _) if !self.context.is_empty() => Level::Tuple,
            (None | Some(Level::Records(_)), _) => Level::Records(false),
            _ => Level::Inner,
        };
        if matches!(level, Level::Object | Level::Tuple) {
            self.begin(bytes, at);
            self.fresh = true;
        }
        if level == Level::Tuple {
            self.row.clone_from(&self.context);
        }
        self.levels.push(level);
        self.at = At::Between;
    }

    /// Whether what was read of the object at hand has a key that only records have.
    fn is_record(&mut self, bytes: &[u8], at: usize) -> bool {
        self.take(bytes, at);
        self.begun.is_some() && RECORD_KEYS.iter().any(|key| memchr::memmem::find(&self.row, key.as_bytes()).is_some())
    }

    /// The object at hand holds records: it is none itself.
    fn turn_into_container(&mut self, bytes: &[u8], at: usize, container: &Container) {
        self.take(bytes, at);
        self.context.clear();
        if container.tuples && self.begun.is_some() && self.row.len() <= MOST_CONTEXT {
            self.context.append(&mut self.row);
        }
        if let Some(level) = self.levels.last_mut() {
            *level = Level::Container;
        }
        self.row.clear();
        self.begun = None;
    }

    fn close(&mut self, bytes: &[u8], at: usize) {
        self.names_records = None;
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let closed = self.levels.pop();
        if self.begun.is_some_and(|(level, _)| level == self.levels.len()) {
            self.take(bytes, at + 1);
            if closed == Some(Level::Tuple) {
                self.row.push(b'}');
            }
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
        let cases: [(&str, &[&str]); 17] = [
            (
                r#"{"data":{"result":[{"stream":{"pod":"a"},"values":[["1","x"],["2","y]"]]},{"stream":{"pod":"b"},"values":[["3","z"]]}]}}"#,
                &[
                    r#"{"stream":{"pod":"a"},"values":["1","x"]}"#,
                    r#"{"stream":{"pod":"a"},"values":["2","y]"]}"#,
                    r#"{"stream":{"pod":"b"},"values":["3","z"]}"#,
                ],
            ),
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
