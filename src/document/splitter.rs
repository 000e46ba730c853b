//! The machine that finds rows in JSON documents: it sees each byte once, jumps over strings, and keeps nothing but the row at
//! hand.

use std::collections::VecDeque;

use super::json::record_key_in;
use super::{ROW_LIMIT, RowPlace};
use crate::knowledge::container::{CONTAINERS, Container, Context, PAGE_KEYS};

/// The longest text before an array of rows that is kept: labels and column names are short.
const MOST_CONTEXT: usize = 64 << 10;
/// How many levels are told apart: records stand at the first few, and deeper ones are all a record's own.
const MOST_LEVELS: usize = 256;
/// The longest key that can be a container's, with its quotes.
const KEY_BYTES: usize = 40;

/// A row and its place.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) bytes: Vec<u8>,
    pub(super) place: RowPlace,
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
    /// An array whose objects are records, each with what stands before it.
    InContext,
    /// An array or object that is a row, and needs what stands before it to be understood.
    Tuple,
    /// Anything inside a row.
    Inner,
}

/// Whether a document is one page of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pages {
    /// Nothing says so.
    #[default]
    One,
    /// The last key says so if a text follows.
    Named,
    /// It is.
    More,
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

/// Takes JSON documents apart as their bytes come.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// Whether a document was cut or damaged.
    broken: bool,
    pages: Pages,
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
    /// Whether the row at hand has a key that only records have, once that was asked.
    record: Option<bool>,
    /// Whether no key of the object at hand has been read.
    fresh: bool,
    /// What stands before the array whose arrays are rows: `{"stream": {…}, "values": `.
    context: Vec<u8>,
    /// What stands before the container that this array is in.
    outer: Vec<u8>,
    /// Bytes before the buffer; newlines before its byte `counted`.
    base: u64,
    lines: u64,
    counted: usize,
    rows: VecDeque<Row>,
}

impl Splitter {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
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

    /// The next row that is whole, or as far as there is one.
    pub(super) fn next_row(&mut self) -> Option<Row> {
        self.rows.pop_front()
    }

    /// Whether a document says that it is one page of several.
    pub(super) fn more_pages(&self) -> bool {
        self.pages == Pages::More
    }

    fn name_page(&mut self, named: bool) {
        if self.pages != Pages::More {
            self.pages = if named { Pages::Named } else { Pages::One };
        }
    }

    /// Gives what is left of a row that the end of the input cut; tells whether any document was cut or damaged.
    pub(super) fn end(&mut self) -> bool {
        self.broken |= !self.levels.is_empty() || matches!(self.at, At::String | At::Escape);
        self.give();
        self.levels.clear();
        self.deeper = 0;
        self.at = At::Outside;
        self.broken
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
        let waits = self.names_records.is_some() || self.pages == Pages::Named;
        if waits && !bytes[at..at + plain].iter().all(|b| matches!(b, b':' | b' ' | b'\t' | b'\n' | b'\r')) {
            self.names_records = None;
            self.name_page(false);
        }
        let at = at + plain;
        match bytes.get(at) {
            Some(b'"') => {
                if self.pages == Pages::Named {
                    self.pages = Pages::More;
                }
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
                self.name_page(self.levels.last() == Some(&Level::Container) && PAGE_KEYS.iter().any(|key| key.as_bytes() == self.key));
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
                match (is_object, container.context) {
                    (true, _) => Level::Object,
                    (_, Context::All) => Level::InContext,
                    _ => Level::Records(container.tuples),
                }
            }
            (Some(Level::InContext), _) if is_object && !self.context.is_empty() => Level::Tuple,
            (None | Some(Level::Records(_) | Level::InContext), _) if is_object => Level::Object,
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
        let has_key = || record_key_in(&self.row).is_some();
        self.begun.is_some() && *self.record.get_or_insert_with(has_key)
    }

    /// The object at hand holds records: it is none itself.
    fn turn_into_container(&mut self, bytes: &[u8], at: usize, container: &Container) {
        self.take(bytes, at);
        self.context.clear();
        let is_context = container.tuples || container.context != Context::None;
        let row = if is_context && self.begun.is_some() && self.row.len() <= MOST_CONTEXT { std::mem::take(&mut self.row) } else { Vec::new() };
        if container.context == Context::Outer {
            self.outer = row;
        } else if !row.is_empty() {
            if container.context == Context::None {
                self.outer.clear();
            }
            self.context.extend_from_slice(&self.outer);
            self.context.extend_from_slice(&row);
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
                self.row.extend((!self.outer.is_empty()).then_some(b'}'));
            }
            self.give();
        }
        if self.levels.is_empty() {
            self.at = At::Outside;
            self.outer.clear();
        }
    }

    fn begin(&mut self, bytes: &[u8], at: usize) {
        self.count(bytes, at);
        self.begun = Some((self.levels.len(), RowPlace { line: self.lines, byte: self.base + at as u64 }));
        self.from = at;
        self.record = None;
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
