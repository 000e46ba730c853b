//! Texts that were read once: the same error stands in a log up to a dozen times, and the same names stand everywhere.
//!
//! What is kept here lives as long as a chunk is read, but for shapes, in which no ids are. Facts share what it gives, so that memory
//! grows with what is said, not with how often.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::error_text::{ErrorText, LevelWords};
use super::fallback_lists::FallbackLists;
use super::one_error::Rejection;
use super::shape::{Said, Shape};
use crate::by_hash::ByHash;
use crate::record::python;

/// A name of a group, a class, a request: shared.
pub type Name = Arc<str>;

/// What tells the words of levels apart, of those made of the same shared names.
#[derive(Debug, PartialEq, Eq, Hash)]
struct LevelKey {
    /// Class, message, group: where they stand.
    names: [Option<*const str>; 3],
    fallbacks: Option<*const [Name]>,
    provider: Option<&'static str>,
    rejection: Option<Rejection>,
}

impl LevelKey {
    fn of(words: &LevelWords) -> LevelKey {
        let LevelWords { error, group, fallbacks } = words;
        LevelKey {
            names: [&error.class, &error.message, group].map(|name| name.as_ref().map(Arc::as_ptr)),
            fallbacks: fallbacks.as_ref().map(Arc::as_ptr),
            provider: error.provider,
            rejection: error.rejection,
        }
    }
}

/// How many printed lists are known at a time; a proxy prints few.
const MOST_LISTS: usize = 64;

/// What was read of texts.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// By the hash of the text.
    names: ByHash<u128, Name>,
    read: ByHash<u128, Arc<ErrorText>>,
    learnt: Learnt,
    /// By what they consist of: names and lists are shared, so their addresses tell them apart.
    levels: HashMap<LevelKey, Arc<LevelWords>>,
    /// As printed, with what each says.
    targets: Vec<(Box<str>, Arc<[Name]>)>,
    configured: Vec<(Box<str>, Arc<FallbackLists>)>,
}

/// What texts of one shape say, learnt from one chunk for the next: there are no ids in it.
#[derive(Debug, Default)]
pub struct Learnt {
    said: ByHash<u128, Said>,
    /// Of the texts that they were learnt from, in bytes.
    size: usize,
}

/// How many bytes of texts are learnt from before all is forgotten; a proxy's errors have some hundred shapes.
const MOST_LEARNT: usize = 8 << 20;

impl Learnt {
    fn add(&mut self, shape: u128, said: Said, size: usize) {
        self.size += size;
        if self.size > MOST_LEARNT {
            *self = Learnt { size, ..Learnt::default() };
        }
        self.said.insert(shape, said);
    }
}

impl Texts {
    /// That has learnt some before.
    pub(super) fn knowing(learnt: Learnt) -> Texts {
        Texts { learnt, ..Texts::default() }
    }

    /// What was learnt.
    pub(super) fn learnt(self) -> Learnt {
        self.learnt
    }

    /// Reads an error text that starts where the error starts.
    pub(super) fn read(&mut self, text: &str) -> Arc<ErrorText> {
        let hash = xxh3_128(text.as_bytes());
        if let Some(known) = self.read.get(&hash) {
            return known.clone();
        }
        let shape = Shape::of(text);
        let read = match shape.as_ref().and_then(|shape| Some((shape, self.learnt.said.get(&shape.hash)?))) {
            Some((shape, said)) => said.with(shape, |id| name_of(&mut self.names, id)),
            None => self.read_anew(text, shape.as_ref()),
        };
        let read = Arc::new(read);
        self.read.insert(hash, read.clone());
        read
    }

    fn read_anew(&mut self, text: &str, shape: Option<&Shape<'_>>) -> ErrorText {
        let read = ErrorText::read(text, self);
        if let Some((shape, said)) = shape.and_then(|shape| Some((shape, Said::of(&read, shape)?))) {
            self.learnt.add(shape.hash, said, text.len());
        }
        read
    }

    /// A name.
    pub(super) fn name(&mut self, name: &str) -> Name {
        name_of(&mut self.names, name)
    }

    /// What a level says.
    pub(super) fn level(&mut self, words: LevelWords) -> Arc<LevelWords> {
        let key = LevelKey::of(&words);
        self.levels.entry(key).or_insert_with(|| Arc::new(words)).clone()
    }

    /// The targets that `text` starts with, and how many bytes it took.
    pub(super) fn targets(&mut self, text: &str) -> Option<(Arc<[Name]>, usize)> {
        // What a list is, its own bytes tell: whatever stands behind its bracket.
        if let Some((printed, known)) = self.targets.iter().find(|(printed, _)| text.starts_with(&**printed)) {
            return Some((known.clone(), printed.len()));
        }
        let (list @ python::Literal::List(_), used) = python::literal(text)? else { return None };
        let names: Arc<[Name]> = python::group_names(list).iter().map(|name| self.name(name)).collect();
        if self.targets.len() < MOST_LISTS {
            self.targets.push((text[..used].into(), names.clone()));
        }
        Some((names, used))
    }

    /// The Router's fallback configuration that `text` starts with.
    pub(super) fn configured(&mut self, text: &str) -> Option<Arc<FallbackLists>> {
        if let Some((_, known)) = self.configured.iter().find(|(printed, _)| text.starts_with(&**printed)) {
            return Some(known.clone());
        }
        let (lists, used) = FallbackLists::read(text, self)?;
        let lists = Arc::new(lists);
        if self.configured.len() < MOST_LISTS {
            self.configured.push((text[..used].into(), lists.clone()));
        }
        Some(lists)
    }
}

fn name_of(names: &mut ByHash<u128, Name>, name: &str) -> Name {
    names.entry(xxh3_128(name.as_bytes())).or_insert_with(|| name.into()).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_shared() {
        let mut texts = Texts::default();
        let one = texts.read("litellm.BadRequestError: x. Received Model Group=a\nAvailable Model Group Fallbacks=['b']\n");
        assert!(Arc::ptr_eq(&one, &texts.read("litellm.BadRequestError: x. Received Model Group=a\nAvailable Model Group Fallbacks=['b']\n")));
        assert_eq!(texts.targets("['b', 'c'], more").map(|(names, used)| (names.len(), used)), Some((2, 10)));
        assert_eq!(texts.targets("['b', 'c'] and other text").map(|(names, used)| (names.len(), used)), Some((2, 10)));
        assert_eq!(texts.targets("None"), None);
    }
}
