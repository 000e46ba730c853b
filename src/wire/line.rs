//! The lines of a facts file as they stand in it: keys of one or two letters, numbers for what was told before.
//!
//! What is `false`, empty or not known is left out.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::error::{Error, Level, Lists, Text};
use super::time::Shown;
use crate::document::RowPlace;
use crate::fact::{Answer, Form, Output, Sample};
use crate::input::{Problem, ProblemKind};

/// A header: of a source, of an input that gave none, or of nothing more.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header<'h> {
    pub(super) schema: Cow<'h, str>,
    /// Name and version of what wrote it.
    pub(super) generator: Cow<'h, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<Problem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Source>,
    /// The last line of a run: how many sources it told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<u64>,
}

/// What a header says of its source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) label: Option<String>,
    pub(super) bytes: u64,
    /// XXH3 of the whole content after decompression, 128 bits in hexadecimal.
    pub(super) hash: Option<String>,
    /// XXH3 of its start, 64 bits.
    pub(super) start: String,
    pub(super) run: String,
    pub(super) forms: Vec<Form>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) looks: Vec<Form>,
    pub(super) mentions: u64,
    pub(super) requests: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) unread: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) lost: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) more_pages: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<ProblemKind>,
    /// Whether it is no log, and then whether it prints the rejection's sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) foreign: Option<bool>,
    pub(super) streams: Vec<Stream>,
    /// How many lines of facts follow.
    pub(super) facts: u64,
    /// How many were lost on the way here.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) missing: u64,
}

/// What one process wrote in a source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Stream {
    pub(super) number: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) process: String,
    pub(super) lines: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<Shown>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) headed: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) starts_with_head: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opens_with: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opening: Option<Half>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) closing: Option<Half>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) marks: Vec<(u64, Shown)>,
}

/// Half a record: its other half may stand in another source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Half {
    pub(super) text: String,
    pub(super) place: RowPlace,
    pub(super) line: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) output: Output,
}

/// A fact, and before it what it is the first to name.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<'l> {
    /// Strings.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) strings: Vec<Cow<'l, str>>,
    /// Levels of error texts.
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) levels: Vec<Level>,
    /// The Router's fallback lists.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lists: Vec<Lists>,
    /// Error texts.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) texts: Vec<Text>,
    #[serde(rename = "f")]
    pub(super) fact: Fact,
}

/// A fact.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Fact {
    /// The record's first line in the source, from 1, and its byte.
    #[serde(rename = "p")]
    pub(super) place: (u64, u64),
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub(super) stream: u32,
    /// Its line in its stream, from 0, if it is another one.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    /// How many lines it has, if it is not one.
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    pub(super) lines: Option<u64>,
    #[serde(rename = "o", default, skip_serializing_if = "is_default")]
    pub(super) output: Output,
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Answer>,
    #[serde(rename = "w", skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<Shown>,
    /// The record's own words: a string, and what stands in its gaps.
    #[serde(rename = "q", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) quote: Vec<u32>,
    #[serde(rename = "is")]
    pub(super) statement: Statement,
}

/// What a fact says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Statement {
    Error(Box<Error>),
    HopTried,
    NoHop,
    HopStarted(u32),
    HopOpened,
    UpstreamCall(Box<Call>),
    Served(Served),
    Counted(Sample),
}

/// A request that LiteLLM sent upstream.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    #[serde(rename = "i")]
    pub(super) call_id: u32,
    #[serde(rename = "g", skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<u32>,
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<u32>,
    #[serde(rename = "v", skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u32>,
    /// Whether the last message is the assistant's.
    #[serde(rename = "l", default, skip_serializing_if = "is_false")]
    pub(super) ends_with_assistant: bool,
    #[serde(rename = "c", default, skip_serializing_if = "is_false")]
    pub(super) continuation: bool,
    #[serde(rename = "p", default, skip_serializing_if = "is_false")]
    pub(super) asks_to_be_continued: bool,
    /// Call id, error text and group of earlier errors.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<(u32, u32, Option<u32>)>,
}

/// An attempt that did not fail.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Served {
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub(super) call_id: Option<u32>,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<u32>,
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<u32>,
    #[serde(rename = "w", skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<Shown>,
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
