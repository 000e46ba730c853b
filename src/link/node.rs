//! One fact as the rules of joining see it: what they ask of it again and again, and no more.
//!
//! A node owns what it says, so that a million requests are joined without their facts: these are let go, and come back when incidents
//! are made of them. It is made once for each fact, side by side.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::calls::Sent;
use super::evidence;
use super::idless::Print;
use super::rules::Rules;
use crate::fact::{Answer, ErrorRecord, ErrorText, Fact, FactKind, FallbackLists, Name, Refused, Role, Statement};

/// One fact as the rules of joining see it.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "answers to questions that have nothing to do with each other")]
pub(super) struct Node {
    pub(super) stream: u32,
    /// What it says.
    pub(super) kind: FactKind,
    /// Microseconds on the stream's line of time.
    pub(super) at: u64,
    /// Whether the record has a time.
    pub(super) timed: bool,
    /// Whether `at` is exact to less than a second.
    pub(super) fine: bool,
    /// The record's first line in its stream, and the first one behind it.
    pub(super) lines: (u64, u64),
    /// The access line directly behind it.
    pub(super) answer: Option<Answer>,
    /// The group refused or failed in the Router's record of one hop: no level above it is in the text.
    pub(super) hop: Option<Name>,
    /// Whether it is the Router's record of a level above hops: what was tried below it is at its end.
    pub(super) level_up: bool,
    /// The fallback list of the group that failed first, and how far it was tried, from a record that names both.
    pub(super) list: Option<Box<Tried>>,
    /// What the record proves by itself.
    pub(super) evidence: Rules,
    /// What it proves besides where LiteLLM was not asked to continue streams.
    pub(super) if_unasked: Rules,
    /// Whether it holds a rejection.
    pub(super) rejected: bool,
    /// Whether any rejection in it has an id.
    pub(super) has_id: bool,
    /// Whether it shows a rejection without one that is no print of another record's, and such a one that was cut off.
    pub(super) idless_shown: (bool, bool),
    /// Whether its message, not its traceback, holds a rejection with an id.
    pub(super) message_has_id: bool,
    /// Whether the refused call was streaming, where its body tells.
    pub(super) streaming: Option<bool>,
    /// Whether the record is the last of its chain: written when nothing is left to try.
    pub(super) closing: bool,
    /// Whether it is a trace's row, not a log's record.
    pub(super) is_row: bool,
    /// Whether nothing of the record is missing.
    pub(super) whole: bool,
    /// Whether its message begins with a broken stream.
    pub(super) mid_stream: bool,
    /// Whether its message has one level, and whether it has more.
    pub(super) levels: (bool, bool),
    /// What only some facts are asked for.
    pub(super) asked: Option<Box<Asked>>,
}

/// A fallback list, and which of its targets was tried last.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) targets: Arc<[Name]>,
    pub(super) last: usize,
}

/// What only some facts are asked for.
#[derive(Debug)]
pub(super) enum Asked {
    /// DEBUG: a request that was sent.
    Sent(Sent),
    /// INFO: a hop to this group began.
    Started(Name),
    /// INFO: a call to this provider model was refused.
    Refused(Name),
    /// The print of a rejection without an id.
    Idless(Print),
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

impl Node {
    pub(super) fn of(fact: &Fact) -> Node {
        let (evidence, if_unasked) = evidence::of(fact);
        let mut node = Node {
            stream: fact.stream,
            kind: fact.statement.kind(),
            at: fact.at().unwrap_or_default(),
            timed: fact.time.is_some(),
            fine: fact.time.is_some_and(|time| time.fine),
            lines: (fact.line, fact.line.saturating_add(fact.lines)),
            answer: fact.answer,
            hop: None,
            level_up: false,
            list: None,
            evidence,
            if_unasked,
            rejected: false,
            has_id: false,
            idless_shown: (false, false),
            message_has_id: false,
            streaming: None,
            closing: false,
            is_row: false,
            whole: true,
            mid_stream: false,
            levels: (false, false),
            asked: None,
        };
        match &fact.statement {
            Statement::Error(error) => node.read(error),
            Statement::Call(call) => node.asked = Some(Box::new(Asked::Sent(Sent::of(call)))),
            Statement::Served(_) => node.is_row = true,
            Statement::HopStarted { group } => node.asked = Some(Box::new(Asked::Started(group.as_str().into()))),
            Statement::HopTried | Statement::NoHop | Statement::HopOpened | Statement::Counted(_) => {}
        }
        node
    }

    fn read(&mut self, error: &ErrorRecord) {
        let rejections = error.rejections();
        self.rejected = !rejections.is_empty();
        self.has_id = rejections.iter().any(|refused| refused.request_id.is_some());
        let idless = |cut: bool| rejections.iter().any(|refused| refused.request_id.is_none() && refused.rejection.cut == cut);
        self.idless_shown = if repeats(error.role) { (false, false) } else { (idless(false), idless(true)) };
        self.message_has_id = error.text.rejections().any(|(level, _)| level.request_id.is_some());
        self.streaming = error.text.rejections().find_map(|(_, rejection)| rejection.streaming);
        self.whole = error.whole;
        self.mid_stream = error.text.mid_stream;
        self.levels = (error.text.levels.len() == 1, error.text.levels.len() > 1);
        self.hop = hop_of(error);
        self.level_up = error.role == Role::HopFailed && self.hop.is_none();
        self.closing = is_closing(error);
        self.list = if self.closing { list_of(error) } else { None };
        self.is_row = error.attempt.is_some();
        self.asked = asked(error, &rejections).map(Box::new);
    }

    /// Which record of an error it is, if it is one.
    pub(super) fn role(&self) -> Option<Role> {
        match self.kind {
            FactKind::Error(role) => Some(role),
            _ => None,
        }
    }

    /// The request that was sent, if it is one.
    pub(super) fn sent(&self) -> Option<&Sent> {
        match self.asked.as_deref() {
            Some(Asked::Sent(sent)) => Some(sent),
            _ => None,
        }
    }

    /// The group of a hop that began, if it is one.
    pub(super) fn started(&self) -> Option<&str> {
        match self.asked.as_deref() {
            Some(Asked::Started(group)) => Some(group),
            _ => None,
        }
    }

    /// The provider model of a call that was refused, from the INFO record of its failure.
    pub(super) fn refused_model(&self) -> Option<&str> {
        match self.asked.as_deref() {
            Some(Asked::Refused(model)) => Some(model),
            _ => None,
        }
    }

    /// The print of a rejection without an id.
    pub(super) fn idless(&self) -> Option<&Print> {
        match self.asked.as_deref() {
            Some(Asked::Idless(print)) => Some(print),
            _ => None,
        }
    }
}

/// Tells what names a fact's request.
pub(super) fn names(fact: &Fact, name: &mut impl FnMut(Key)) {
    let (call_id, request) = match &fact.statement {
        Statement::Error(error) => {
            provider_ids(error).into_iter().map(Key::provider).for_each(&mut *name);
            (error.call_id.as_deref(), error.attempt.as_ref().and_then(|attempt| attempt.request.as_deref()))
        }
        Statement::Call(call) => (Some(&*call.call_id), None),
        Statement::Served(served) => (served.call_id.as_deref(), served.request.as_deref()),
        Statement::HopTried | Statement::NoHop | Statement::HopStarted { .. } | Statement::HopOpened | Statement::Counted(_) => (None, None),
    };
    call_id.map(Key::call).into_iter().chain(request.map(Key::request)).for_each(name);
}

/// Whether a record prints a failure that the Router's own record prints again: at INFO and DEBUG, a call's failure is logged before it, and
/// without an id the two cannot be told from two rejections.
pub(super) fn repeats(role: Role) -> bool {
    matches!(role, Role::CallFailed | Role::ErrorLogged)
}

fn asked(error: &ErrorRecord, rejections: &[Refused<'_>]) -> Option<Asked> {
    if rejections.last().is_some_and(Refused::is_idless)
        && let Some(print) = Print::of(error, rejections)
    {
        return Some(Asked::Idless(print));
    }
    let model = error.model.clone().filter(|_| error.role == Role::CallFailed && !rejections.is_empty());
    model.map(Asked::Refused)
}

/// The Router's fallback configuration, where the record prints it.
pub(super) fn configured(fact: &Fact) -> Option<&Arc<FallbackLists>> {
    fact.error()?.texts().find_map(|text| text.configured.as_ref())
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
fn hop_of(error: &ErrorRecord) -> Option<Name> {
    let of_one_hop = error.role == Role::HopFailed && error.text.levels.len() == 1 && !error.text.mid_stream;
    error.text.levels.first().filter(|_| of_one_hop)?.group.clone()
}

fn list_of(error: &ErrorRecord) -> Option<Box<Tried>> {
    error.texts().find_map(|text| {
        let [first, second, ..] = &*text.levels else { return None };
        let (targets, tried) = (first.fallbacks.as_ref()?, second.group.as_deref()?);
        let last = targets.iter().position(|target| **target == *tried)?;
        Some(Box::new(Tried { targets: targets.clone(), last }))
    })
}
