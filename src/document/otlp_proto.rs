//! OTLP traces in protobuf: the collector's file exporter with `format: proto` writes each message behind its length, four
//! bytes, big-endian. Each span becomes a row in OTLP's JSON form. Only the fields that matter here are declared.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};

use data_encoding::HEXLOWER;
use prost::Message;
use serde_json::{Value, json};

use super::{RowPlace, Rows};

/// The longest message that is read; collectors send batches of a few megabytes.
const MOST_BYTES: usize = 64 << 20;
/// The first byte of a message: field 1 (`resource_spans`), of a length.
const FIRST_TAG: u8 = 0x0a;

#[derive(Message)]
struct TracesData {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Message)]
struct ResourceSpans {
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

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
    length > 1
        && length <= MOST_BYTES
        && message.first() == Some(&FIRST_TAG)
        && (message.len() < length || TracesData::decode(&message[..length]).is_ok())
}

/// The spans of a file of messages; a row's line is the number of its message.
pub(super) struct ProtoRows<R> {
    reader: R,
    waiting: VecDeque<(RowPlace, Value)>,
    place: RowPlace,
}

impl<R: Read> ProtoRows<R> {
    pub(super) fn new(reader: R) -> ProtoRows<R> {
        ProtoRows { reader, waiting: VecDeque::new(), place: RowPlace::default() }
    }

    /// Reads the next message's spans; `false` at the end.
    fn read_message(&mut self) -> io::Result<bool> {
        let mut length = Vec::new();
        match self.reader.by_ref().take(4).read_to_end(&mut length)? {
            0 => return Ok(false),
            4 => {}
            _ => return Err(ErrorKind::UnexpectedEof.into()),
        }
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        if length > MOST_BYTES {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("a message of {length} bytes, more than any collector sends")));
        }
        let mut message = Vec::new();
        if self.reader.by_ref().take(length as u64).read_to_end(&mut message)? < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let data = TracesData::decode(message.as_slice()).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        let spans = data.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans);
        self.waiting.extend(spans.map(|span| (self.place, span.to_json())));
        self.place.line += 1;
        self.place.byte += 4 + length as u64;
        Ok(true)
    }
}

impl<R: Read> Rows for ProtoRows<R> {
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        while self.waiting.is_empty() {
            if !self.read_message()? {
                return Ok(None);
            }
        }
        let Some((place, span)) = self.waiting.pop_front() else { return Ok(None) };
        row.extend_from_slice(span.to_string().as_bytes());
        Ok(Some(place))
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
        let data = TracesData { resource_spans: vec![ResourceSpans { scope_spans: vec![ScopeSpans { spans: vec![span] }] }] };
        let bytes = data.encode_to_vec();
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
