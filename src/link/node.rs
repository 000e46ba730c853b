//! One fact with what the rules ask of it again and again.
//!
//! It is made once for each fact, side by side: a fact is spread over memory, and each walk through all of them costs as much as all
//! that the rules do with what they find.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::evidence;
use super::rules::Rules;
use crate::fact::{ErrorRecord, ErrorText, Fact, FallbackLists, Name, Place, Refused, Role, Statement};

/// One fact with what the rules ask of it again and again.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "answers to questions that have nothing to do with each other")]
pub(super) struct Node<'a> {
    pub(super) fact: &'a Fact,
    /// Microseconds on the stream's line of time.
    pub(super) at: u64,
    /// Whether `at` is exact to less than a second.
    pub(super) fine: bool,
    /// The group refused or failed in the Router's record of one hop: no level above it is in the text.
    pub(super) hop: Option<&'a str>,
    /// Whether it is the Router's record of a level above hops: what was tried below it is at its end.
    pub(super) level_up: bool,
    /// The fallback list of the group that failed first, and how far it was tried, from a record that names both.
    pub(super) list: Option<(&'a [Name], usize)>,
    /// The Router's fallback configuration, where the record prints it.
    pub(super) configured: Option<&'a FallbackLists>,
    /// What the record proves by itself.
    pub(super) evidence: Rules,
    /// What names the request.
    pub(super) keys: Box<[Key]>,
    /// Whether it holds a rejection.
    pub(super) rejected: bool,
    /// Whether any rejection in it has an id.
    pub(super) has_id: bool,
    /// Whether the innermost rejection in it has none, and was not cut off before it.
    pub(super) idless: bool,
    /// Whether the refused call was streaming, where its body tells.
    pub(super) streaming: Option<bool>,
    /// Whether the record is the last of its chain: written when nothing is left to try.
    pub(super) closing: bool,
    /// Whether it is a trace's row, not a log's record.
    pub(super) is_row: bool,
}

/// What names a request: facts that share one are of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u128);

impl Key {
    /// A provider's request id.
    pub(super) fn provider(id: &str) -> Key {
        Key(xxh3_128_with_seed(id.as_bytes(), 0))
    }

    /// LiteLLM's call id.
    pub(super) fn call(id: &str) -> Key {
        Key(xxh3_128_with_seed(id.as_bytes(), 1))
    }

    /// What names a request within its writer's own ids.
    fn request(id: &str) -> Key {
        Key(xxh3_128_with_seed(id.as_bytes(), 2))
    }
}

impl<'a> Node<'a> {
    pub(super) fn new(fact: &'a Fact, unasked: &HashSet<u32>) -> Node<'a> {
        let mut node = Node {
            fact,
            at: fact.at().unwrap_or_default(),
            fine: fact.time.is_some_and(|time| time.fine),
            hop: None,
            level_up: false,
            list: None,
            configured: None,
            evidence: evidence::of(fact, unasked),
            keys: Box::default(),
            rejected: false,
            has_id: false,
            idless: false,
            streaming: None,
            closing: false,
            is_row: false,
        };
        match &fact.statement {
            Statement::Error(error) => node.read(error),
            Statement::Call(call) => node.keys = Box::new([Key::call(&call.call_id)]),
            Statement::Served(served) => {
                let (call, request) = (served.call_id.as_deref().map(Key::call), served.request.as_deref().map(Key::request));
                node.keys = call.into_iter().chain(request).collect();
                node.is_row = true;
            }
            _ => {}
        }
        node
    }

    fn read(&mut self, error: &'a ErrorRecord) {
        let rejections = error.rejections();
        self.rejected = !rejections.is_empty();
        self.has_id = rejections.iter().any(|refused| refused.request_id.is_some());
        self.idless = rejections.last().is_some_and(Refused::is_idless);
        self.streaming = error.text.rejections().find_map(|(_, rejection)| rejection.streaming);
        self.configured = error.texts().find_map(|text| text.configured.as_deref());
        self.hop = hop_of(error);
        self.level_up = error.role == Role::HopFailed && self.hop.is_none();
        self.closing = is_closing(error);
        self.list = if self.closing { list_of(error) } else { None };
        self.is_row = error.attempt.is_some();
        let request = error.attempt.as_ref().and_then(|attempt| attempt.request.as_deref());
        let own = error.call_id.as_deref().map(Key::call).into_iter().chain(request.map(Key::request));
        self.keys = provider_ids(error).into_iter().map(Key::provider).chain(own).collect();
    }

    pub(super) fn error(&self) -> Option<&'a ErrorRecord> {
        match &self.fact.statement {
            Statement::Error(error) => Some(error),
            _ => None,
        }
    }

    pub(super) fn stream(&self) -> u32 {
        self.fact.stream
    }

    pub(super) fn place(&self) -> Place {
        self.fact.place
    }
}

/// The provider's request ids of a record: of rejections, and of other errors in the same texts.
fn provider_ids(error: &ErrorRecord) -> Vec<&str> {
    let mut ids = Vec::new();
    for id in error.texts().flat_map(ErrorText::request_ids) {
        if !ids.contains(&&**id) {
            ids.push(&**id);
        }
    }
    ids
}

fn is_closing(error: &ErrorRecord) -> bool {
    matches!(error.role, Role::FallbackFailed | Role::ResponsesFallbackFailed | Role::StreamError | Role::RequestError | Role::MessagesError)
}

/// The group of a hop's own record: the text has one level, so nothing was tried below it.
fn hop_of(error: &ErrorRecord) -> Option<&str> {
    let of_one_hop = error.role == Role::HopFailed && error.text.levels.len() == 1 && !error.text.mid_stream;
    error.text.levels.first().filter(|_| of_one_hop)?.group.as_deref()
}

fn list_of(error: &ErrorRecord) -> Option<(&[Name], usize)> {
    error.texts().find_map(|text| {
        let [first, second, ..] = &*text.levels else { return None };
        let (targets, tried) = (first.fallbacks.as_deref()?, second.group.as_deref()?);
        targets.iter().position(|target| **target == *tried).map(|at| (targets, at))
    })
}
