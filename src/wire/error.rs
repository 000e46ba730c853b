//! Errors as they stand in a facts file: record, text, level. What differs from request to request, the ids, stands apart from the
//! levels, which repeat.

use serde::{Deserialize, Serialize};

use super::line::{is_default, is_false};
use super::time::Shown;
use crate::fact::{About, Form, LastMessage, Role};

/// An error that LiteLLM logged.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Error {
    #[serde(rename = "r")]
    pub(super) role: Role,
    #[serde(rename = "t")]
    pub(super) text: u32,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub(super) chain: Option<Chain>,
    /// Whether something of the record is missing.
    #[serde(rename = "d", default, skip_serializing_if = "is_false")]
    pub(super) damaged: bool,
    #[serde(rename = "b", default, skip_serializing_if = "is_false")]
    pub(super) without_traceback: bool,
    /// LiteLLM's file and line.
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<(u32, u32)>,
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub(super) call_id: Option<u32>,
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<u32>,
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<Box<Attempt>>,
}

/// What an exception chain says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Chain {
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) texts: Vec<u32>,
    /// Whether nothing in it hints at a broken stream.
    #[serde(rename = "z", default, skip_serializing_if = "is_false")]
    pub(super) no_stream_traces: bool,
    #[serde(rename = "n", default, skip_serializing_if = "is_false")]
    pub(super) nested: bool,
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<u32>,
}

/// A nested error text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Text {
    #[serde(rename = "m", default, skip_serializing_if = "is_false")]
    pub(super) mid_stream: bool,
    /// Level and the provider's request id.
    #[serde(rename = "l")]
    pub(super) levels: Vec<(u32, Option<u32>)>,
    #[serde(rename = "k", skip_serializing_if = "Option::is_none")]
    pub(super) configured: Option<u32>,
    /// The name of the failure that it is taken for the rejection.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    pub(super) neighbour: Option<u32>,
}

/// One level of a text, without its ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Level {
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<u32>,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<u32>,
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<u32>,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    pub(super) rejection: Option<Refusal>,
    #[serde(rename = "g", skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<u32>,
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    pub(super) fallbacks: Option<Vec<u32>>,
}

/// A prefill rejection, without its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Refusal {
    #[serde(rename = "x", default, skip_serializing_if = "is_false")]
    pub(super) cut: bool,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<u32>,
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub(super) streaming: Option<bool>,
}

/// Groups with their targets.
pub(super) type Lists = Vec<(u32, Vec<u32>)>;

/// What a trace's row says besides its error.
#[derive(Debug, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "answers to questions that have nothing to do with each other")]
pub(super) struct Attempt {
    #[serde(rename = "f")]
    pub(super) form: Form,
    #[serde(rename = "o")]
    pub(super) about: About,
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Option<u32>,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<u32>,
    #[serde(rename = "w", skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<Shown>,
    #[serde(rename = "e", skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<Shown>,
    #[serde(rename = "h", skip_serializing_if = "Option::is_none")]
    pub(super) answer_had_begun: Option<bool>,
    #[serde(rename = "b", default, skip_serializing_if = "is_false")]
    pub(super) broke_stream: bool,
    #[serde(rename = "x", default, skip_serializing_if = "is_false")]
    pub(super) refused_outright: bool,
    #[serde(rename = "l", default, skip_serializing_if = "is_default")]
    pub(super) last_message: LastMessage,
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<u32>,
    #[serde(rename = "g", skip_serializing_if = "Option::is_none")]
    pub(super) model_group: Option<u32>,
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub(super) requested_model: Option<u32>,
    /// Key, team, user, end user, user agent.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub(super) caller: [Option<u32>; 5],
    #[serde(rename = "v", skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u32>,
}
