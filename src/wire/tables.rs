//! What the lines of a source have named so far, by number, and facts made of it.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use super::error::{Attempt, Chain, Error, Level, Lists, Text};
use super::line::{Call, Fact, Statement};
use super::named::{Given, Named};
use super::time::Shown;
use super::write::GAP;
use crate::fact::{
    self, Caller, EarlierError, ErrorLevel, ErrorRecord, ErrorText, FallbackLists, LevelWords, Name, OneError, Place, Rejection, Served, UpstreamCall,
};
use crate::knowledge::neighbour::NEIGHBOURS;
use crate::knowledge::provider;
use crate::knowledge::route::Route;

/// What has been named.
#[derive(Default)]
pub(super) struct Tables {
    strings: Named<Name>,
    levels: Named<Arc<LevelWords>>,
    lists: Named<Arc<FallbackLists>>,
    texts: Named<Arc<ErrorText>>,
    /// How many bytes of strings may still be copied into facts.
    left: Cell<usize>,
}

/// What a section needs of what was named before it.
#[derive(Debug)]
pub(super) struct TablesGiven {
    strings: Given<Name>,
    levels: Given<Arc<LevelWords>>,
    lists: Given<Arc<FallbackLists>>,
    texts: Given<Arc<ErrorText>>,
}

/// How many bytes of strings a byte of a line may stand for: a line that names a long string again and again would fill the memory.
const COPIED: usize = 64;

/// A number that names nothing, or a name that nothing has here.
type Wrong = String;

impl Tables {
    /// As they stood where a section began, of which each line could be read.
    pub(super) fn with(given: &TablesGiven) -> Tables {
        Tables {
            strings: Named::with(&given.strings),
            levels: Named::with(&given.levels),
            lists: Named::with(&given.lists),
            texts: Named::with(&given.texts),
            left: Cell::new(usize::MAX),
        }
    }

    /// Ends the section at hand, and begins the next.
    pub(super) fn end_section(&mut self) -> TablesGiven {
        TablesGiven {
            strings: self.strings.end_section(),
            levels: self.levels.end_section(),
            lists: self.lists.end_section(),
            texts: self.texts.end_section(),
        }
    }

    /// Lets strings be copied for a line of so many bytes.
    pub(super) fn afford(&self, bytes: usize) {
        self.left.set(self.left.get().saturating_add(bytes.saturating_mul(COPIED)));
    }

    /// A string that will be copied.
    fn copied(&self, number: u32) -> Result<&str, Wrong> {
        let text = self.strings.get(number)?;
        let left = self.left.get().checked_sub(text.len()).ok_or("it names long strings again and again")?;
        self.left.set(left);
        Ok(text)
    }

    pub(super) fn add(&mut self, strings: Vec<Cow<'_, str>>, levels: Vec<Level>, lists: Vec<Lists>, texts: Vec<Text>) -> Result<(), Wrong> {
        for string in strings {
            self.strings.push(string.into());
        }
        for level in levels {
            let level = self.level(level)?;
            self.levels.push(Arc::new(level));
        }
        for lists in lists {
            let pairs: Result<_, Wrong> = lists.into_iter().map(|(group, targets)| Ok((self.name(group)?, self.names(&targets)?))).collect();
            self.lists.push(Arc::new(FallbackLists::new(pairs?)));
        }
        for text in texts {
            let text = self.text(text)?;
            self.texts.push(Arc::new(text));
        }
        Ok(())
    }

    fn name(&self, number: u32) -> Result<Name, Wrong> {
        self.strings.get(number).cloned()
    }

    fn names(&self, numbers: &[u32]) -> Result<Arc<[Name]>, Wrong> {
        numbers.iter().map(|number| self.name(*number)).collect()
    }

    fn maybe(&self, number: Option<u32>) -> Result<Option<Name>, Wrong> {
        number.map(|number| self.name(number)).transpose()
    }

    fn string(&self, number: Option<u32>) -> Result<Option<String>, Wrong> {
        number.map(|number| self.copied(number).map(str::to_owned)).transpose()
    }

    /// A name of which the program knows all that there are.
    fn known<T>(&self, number: Option<u32>, find: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Wrong> {
        let Some(number) = number else { return Ok(None) };
        let name = self.strings.get(number)?;
        find(name).map(Some).ok_or_else(|| format!("`{name}` is not known here"))
    }

    fn provider(&self, number: Option<u32>) -> Result<Option<&'static str>, Wrong> {
        self.known(number, |name| provider::by_name(name).map(|provider| provider.name))
    }

    fn route(&self, number: Option<u32>) -> Result<Option<&'static str>, Wrong> {
        self.known(number, |name| Route::ALL.into_iter().map(Route::name).find(|route| *route == name))
    }

    fn level(&self, level: Level) -> Result<LevelWords, Wrong> {
        let rejection = level.rejection.map(|refusal| {
            let provider = self.provider(refusal.provider)?;
            Ok::<_, Wrong>(Rejection { cut: refusal.cut, provider, streaming: refusal.streaming })
        });
        let error = OneError {
            class: self.maybe(level.class)?,
            provider: self.provider(level.provider)?,
            message: self.maybe(level.message)?,
            rejection: rejection.transpose()?,
        };
        let fallbacks = level.fallbacks.map(|targets| self.names(&targets)).transpose()?;
        Ok(LevelWords { error, group: self.maybe(level.group)?, fallbacks })
    }

    fn text(&self, text: Text) -> Result<ErrorText, Wrong> {
        let level = |(number, id)| Ok::<_, Wrong>(ErrorLevel { words: self.levels.get(number)?.clone(), request_id: self.maybe(id)? });
        let levels = text.levels.into_iter().map(level).collect::<Result<_, _>>()?;
        let configured = text.configured.map(|number| self.lists.get(number).cloned()).transpose()?;
        let neighbour = self.known(text.neighbour, |id| NEIGHBOURS.iter().find(|neighbour| neighbour.id == id))?;
        Ok(ErrorText { mid_stream: text.mid_stream, levels, configured, neighbour })
    }

    fn shared_text(&self, number: u32) -> Result<Arc<ErrorText>, Wrong> {
        self.texts.get(number).cloned()
    }

    /// A fact; `quotes`: whether its record's own words are wanted.
    pub(super) fn fact(&self, fact: Fact, quotes: bool) -> Result<fact::Fact, Wrong> {
        let (line, byte) = fact.place;
        Ok(fact::Fact {
            place: Place { source: 0, line, byte },
            stream: fact.stream,
            output: fact.output,
            line: fact.line.unwrap_or_else(|| line.saturating_sub(1)),
            lines: fact.lines.unwrap_or(1),
            answer: fact.answer,
            time: fact.time.map(|Shown(time)| time),
            days: 0,
            statement: self.statement(fact.statement)?,
            quote: if quotes { self.quote(&fact.quote)? } else { None },
        })
    }

    fn quote(&self, numbers: &[u32]) -> Result<Option<Box<str>>, Wrong> {
        let Some((words, gaps)) = numbers.split_first() else { return Ok(None) };
        let words = self.copied(*words)?;
        if gaps.is_empty() {
            return Ok(Some(words.into()));
        }
        let mut quote = String::with_capacity(words.len() + 32 * gaps.len());
        for (at, words) in words.split(GAP).enumerate() {
            if let Some(before) = at.checked_sub(1) {
                let gap = gaps.get(before).ok_or("a quote has more gaps than there are words for them")?;
                quote.push_str(self.copied(*gap)?);
            }
            quote.push_str(words);
        }
        Ok(Some(quote.into()))
    }

    fn statement(&self, statement: Statement) -> Result<fact::Statement, Wrong> {
        Ok(match statement {
            Statement::Error(error) => fact::Statement::Error(Box::new(self.error(*error)?)),
            Statement::HopTried => fact::Statement::HopTried,
            Statement::NoHop => fact::Statement::NoHop,
            Statement::HopStarted(group) => fact::Statement::HopStarted { group: self.copied(group)?.to_owned() },
            Statement::HopOpened => fact::Statement::HopOpened,
            Statement::UpstreamCall(call) => fact::Statement::Call(Box::new(self.call(&call)?)),
            Statement::Served(served) => fact::Statement::Served(Box::new(Served {
                call_id: self.string(served.call_id)?,
                request: self.string(served.request)?,
                model: self.string(served.model)?,
                end: served.end.map(|Shown(time)| time),
            })),
            Statement::Counted(sample) => fact::Statement::Counted(sample),
        })
    }

    fn call(&self, call: &Call) -> Result<UpstreamCall, Wrong> {
        let mut earlier = Vec::with_capacity(call.earlier.len());
        for (id, text, group) in &call.earlier {
            let call_id = self.name(*id)?;
            earlier.push(EarlierError { call_id, text: self.shared_text(*text)?, group: self.maybe(*group)? });
        }
        Ok(UpstreamCall {
            call_id: self.name(call.call_id)?,
            group: self.maybe(call.group)?,
            model: self.maybe(call.model)?,
            ends_with_assistant: call.ends_with_assistant,
            continuation: call.continuation,
            asks_to_be_continued: call.asks_to_be_continued,
            version: self.maybe(call.version)?,
            earlier,
        })
    }

    fn error(&self, error: Error) -> Result<ErrorRecord, Wrong> {
        Ok(ErrorRecord {
            role: error.role,
            text: self.shared_text(error.text)?,
            chain: error.chain.map(|chain| self.chain(&chain)).transpose()?,
            whole: !error.damaged,
            without_traceback: error.without_traceback,
            origin: error.origin.map(|(file, line)| Ok::<_, Wrong>((self.name(file)?, line))).transpose()?,
            call_id: self.maybe(error.call_id)?,
            model: self.maybe(error.model)?,
            attempt: error.attempt.map(|attempt| self.attempt(&attempt)).transpose()?.map(Box::new),
        })
    }

    fn chain(&self, chain: &Chain) -> Result<fact::Chain, Wrong> {
        let texts: Result<_, Wrong> = chain.texts.iter().map(|text| self.shared_text(*text)).collect();
        Ok(fact::Chain { texts: texts?, no_stream_traces: chain.no_stream_traces, nested: chain.nested, route: self.route(chain.route)? })
    }

    fn attempt(&self, attempt: &Attempt) -> Result<fact::Attempt, Wrong> {
        let [key, team, user, end_user, user_agent] = attempt.caller;
        Ok(fact::Attempt {
            form: attempt.form,
            about: attempt.about,
            trace_id: self.maybe(attempt.trace_id)?,
            request: self.maybe(attempt.request)?,
            start: attempt.start.map(|Shown(time)| time),
            end: attempt.end.map(|Shown(time)| time),
            answer_had_begun: attempt.answer_had_begun,
            broke_stream: attempt.broke_stream,
            refused_outright: attempt.refused_outright,
            last_message: attempt.last_message,
            route: self.route(attempt.route)?,
            model_group: self.maybe(attempt.model_group)?,
            requested_model: self.maybe(attempt.requested_model)?,
            caller: Caller {
                key: self.maybe(key)?,
                team: self.maybe(team)?,
                user: self.maybe(user)?,
                end_user: self.maybe(end_user)?,
                user_agent: self.maybe(user_agent)?,
            },
            version: self.maybe(attempt.version)?,
        })
    }
}
