//! OTLP traces in protobuf: the collector's file exporter with `format: proto` writes each message behind its length, four
//! bytes, big-endian. Each span becomes a row in OTLP's JSON form. Only the fields that matter here are declared.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use data_encoding::HEXLOWER;
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use serde_json::{Value, json};

use super::{RowPlace, Rows};

/// The longest message that is read; collectors send batches of a few megabytes.
const MOST_BYTES: usize = 16 << 20;
/// Where spans are in a message: `resource_spans`, in each `scope_spans`, in each `spans`.
const SPANS_AT: [u32; 3] = [1, 2, 2];

#[derive(Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "11")]
    events: Vec<Event>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Message)]
struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 2, 3, 4")]
    value: Option<Any>,
}

#[derive(prost::Oneof)]
enum Any {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
}

#[derive(Message)]
struct Event {
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
}

#[derive(Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

/// Whether a source starts with a message behind its length.
pub(super) fn starts(start: &[u8]) -> bool {
    let Some((length, message)) = start.split_first_chunk::<4>() else { return false };
    let length = u32::from_be_bytes(*length) as usize;
    if !(2..=MOST_BYTES).contains(&length) {
        return false;
    }
    // Of a message that is longer than the start, its first field must begin as one with spans does.
    message.get(..length).map_or_else(|| message.first() == Some(&0x0a), |message| spans(message).is_some_and(|spans| !spans.is_empty()))
}

/// The places of all fields of this number within a part of a message; `None` if it is damaged.
fn fields(message: &[u8], part: Range<usize>, number: u32) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut rest = message.get(part.clone())?;
    while !rest.is_empty() {
        let (tag, wire) = decode_key(&mut rest).ok()?;
        if tag == number && wire == WireType::LengthDelimited {
            let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
            let start = part.end - rest.len();
            rest = rest.get(length..)?;
            found.push(start..start + length);
        } else {
            skip_field(wire, tag, &mut rest, DecodeContext::default()).ok()?;
        }
    }
    Some(found)
}

/// The places of all spans of a message: none of them is decoded before it is asked for, so a message costs no more than its bytes.
fn spans(message: &[u8]) -> Option<Vec<Range<usize>>> {
    let whole = std::iter::once(0..message.len()).collect();
    SPANS_AT.iter().try_fold(whole, |parts: Vec<Range<usize>>, number| {
        let inner = parts.into_iter().map(|part| fields(message, part, *number));
        inner.collect::<Option<Vec<_>>>().map(|inner| inner.into_iter().flatten().collect())
    })
}

/// The spans of a file of messages; a row's line is the number of its message.
pub(super) struct ProtoRows<R> {
    reader: R,
    message: Vec<u8>,
    spans: VecDeque<Range<usize>>,
    /// Where the message at hand starts, and the next one.
    place: RowPlace,
    next: RowPlace,
}

fn damaged(what: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

impl<R: Read> ProtoRows<R> {
    pub(super) fn new(reader: R) -> ProtoRows<R> {
        let (place, next) = (RowPlace::default(), RowPlace::default());
        ProtoRows { reader, message: Vec::new(), spans: VecDeque::new(), place, next }
    }

    /// Reads the next message; `false` at the end.
    fn read_message(&mut self) -> io::Result<bool> {
        let mut length = Vec::new();
        match self.reader.by_ref().take(4).read_to_end(&mut length)? {
            0 => return Ok(false),
            4 => {}
            _ => return Err(ErrorKind::UnexpectedEof.into()),
        }
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        if length > MOST_BYTES {
            return Err(damaged(format!("a message of {length} bytes, more than any collector sends")));
        }
        self.message.clear();
        if self.reader.by_ref().take(length as u64).read_to_end(&mut self.message)? < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.spans = spans(&self.message).ok_or_else(|| damaged("a message that is no OTLP trace".to_owned()))?.into();
        self.place = self.next;
        self.next = RowPlace { line: self.place.line + 1, byte: self.place.byte + 4 + length as u64 };
        Ok(true)
    }
}

impl<R: Read> Rows for ProtoRows<R> {
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        loop {
            while let Some(span) = self.spans.pop_front() {
                let span = Span::decode(&self.message[span]).map_err(|error| damaged(error.to_string()))?;
                // A span without a name is none of LiteLLM's.
                if !span.name.is_empty() {
                    row.extend_from_slice(span.to_json().to_string().as_bytes());
                    return Ok(Some(self.place));
                }
            }
            if !self.read_message()? {
                return Ok(None);
            }
        }
    }
}

impl Span {
    fn to_json(&self) -> Value {
        let events: Vec<Value> = self.events.iter().map(|e| json!({"name": e.name, "attributes": attributes(&e.attributes)})).collect();
        json!({
            "traceId": HEXLOWER.encode(&self.trace_id),
            "spanId": HEXLOWER.encode(&self.span_id),
            "parentSpanId": HEXLOWER.encode(&self.parent_span_id),
            "name": self.name,
            "startTimeUnixNano": self.start_time_unix_nano.to_string(),
            "endTimeUnixNano": self.end_time_unix_nano.to_string(),
            "attributes": attributes(&self.attributes),
            "events": events,
            "status": {"code": self.status.as_ref().map_or(0, |s| s.code)},
        })
    }
}

fn attributes(list: &[KeyValue]) -> Vec<Value> {
    let value = |any: &AnyValue| match &any.value {
        Some(Any::Text(text)) => json!({"stringValue": text}),
        Some(Any::Bool(flag)) => json!({"boolValue": flag}),
        Some(Any::Int(number)) => json!({"intValue": number.to_string()}),
        Some(Any::Double(number)) => json!({"doubleValue": number}),
        None => json!({}),
    };
    list.iter().map(|pair| json!({"key": pair.key, "value": pair.value.as_ref().map_or(json!({}), value)})).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str) -> Vec<u8> {
        let text = AnyValue { value: Some(Any::Text("v".into())) };
        let span = Span {
            trace_id: vec![0xab; 16],
            span_id: vec![1; 8],
            name: name.into(),
            attributes: vec![KeyValue { key: "error.message".into(), value: Some(text) }],
            status: Some(Status { code: 2 }),
            ..Span::default()
        };
        // Each level is one field of a length: `scope_spans`, `resource_spans`.
        let field = |key: u8, inner: Vec<u8>| [vec![key, u8::try_from(inner.len()).unwrap()], inner].concat();
        let bytes = field(0x0a, field(0x12, field(0x12, span.encode_to_vec())));
        [u32::try_from(bytes.len()).unwrap().to_be_bytes().as_slice(), &bytes].concat()
    }

    #[test]
    fn messages_become_spans() {
        let file = [message("one"), message("two")].concat();
        assert!(starts(&file));
        let mut rows = ProtoRows::new(file.as_slice());
        let mut names = Vec::new();
        let mut row = Vec::new();
        while let Some(place) = rows.next_row(&mut row).unwrap() {
            let span: Value = serde_json::from_slice(&std::mem::take(&mut row)).unwrap();
            names.push((place.line, span["name"].as_str().unwrap().to_owned()));
            assert_eq!((&span["attributes"][0]["value"]["stringValue"], &span["status"]["code"]), (&json!("v"), &json!(2)));
            assert_eq!(span["traceId"], "ab".repeat(16));
        }
        assert_eq!(names, [(0, "one".to_owned()), (1, "two".to_owned())]);
    }

    #[test]
    fn a_cut_message_is_an_error_and_text_is_no_message() {
        let file = message("one");
        let mut rows = ProtoRows::new(&file[..file.len() - 3]);
        assert!(rows.next_row(&mut Vec::new()).is_err());
        assert!(!starts(b"07:35:20 - LiteLLM") && !starts(b"\x00\x00\x00\x02\x0bx") && !starts(b""));
    }
}
