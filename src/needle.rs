//! Literals that are searched for again and again: made ready once, for making them ready costs more than most searches.

use std::sync::OnceLock;

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

/// A literal and, once it was searched for, its searcher.
#[derive(Debug)]
pub(crate) struct Needle {
    text: &'static str,
    finder: OnceLock<Finder<'static>>,
}

impl Needle {
    pub(crate) const fn new(text: &'static str) -> Needle {
        Needle { text, finder: OnceLock::new() }
    }

    /// Where it stands first.
    pub(crate) fn find(&self, bytes: impl AsRef<[u8]>) -> Option<usize> {
        self.finder().find(bytes.as_ref())
    }

    /// Where it stands, one place behind the other.
    pub(crate) fn all_in<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        self.finder().find_iter(bytes)
    }

    /// Whether it stands anywhere.
    pub(crate) fn is_in(&self, bytes: impl AsRef<[u8]>) -> bool {
        self.find(bytes).is_some()
    }

    /// What stands before and behind its first place.
    pub(crate) fn split<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        self.find(text).map(|at| (&text[..at], &text[at + self.text.len()..]))
    }

    /// What stands before its first place; all of it, if it stands nowhere.
    pub(crate) fn before<'t>(&self, text: &'t str) -> &'t str {
        self.find(text).map_or(text, |at| &text[..at])
    }

    fn finder(&self) -> &Finder<'static> {
        self.finder.get_or_init(|| Finder::new(self.text))
    }
}

/// Several literals of which none holds another, found in one pass.
#[derive(Debug)]
pub(crate) struct Needles {
    texts: &'static [&'static str],
    pattern: OnceLock<Option<Regex>>,
}

impl Needles {
    pub(crate) const fn new(texts: &'static [&'static str]) -> Needles {
        Needles { texts, pattern: OnceLock::new() }
    }

    /// Where any of them stands first.
    pub(crate) fn find(&self, bytes: impl AsRef<[u8]>) -> Option<usize> {
        self.pattern()?.find(bytes.as_ref()).map(|hit| hit.start())
    }

    /// Where they stand, one place behind the other.
    pub(crate) fn all_in<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        self.pattern().into_iter().flat_map(|pattern| pattern.find_iter(bytes)).map(|hit| hit.start())
    }

    /// Literals always make a pattern; a test sees to it for those that are used.
    fn pattern(&self) -> Option<&Regex> {
        self.pattern.get_or_init(|| any_of(self.texts).ok()).as_ref()
    }
}

/// A pattern that finds any of these literals.
pub(crate) fn any_of(texts: &[&str]) -> Result<Regex, regex::Error> {
    let escaped: Vec<String> = texts.iter().map(|text| regex::escape(text)).collect();
    RegexBuilder::new(&escaped.join("|")).unicode(false).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_where_they_stand() {
        static ONE: Needle = Needle::new("b.c");
        static SOME: Needles = Needles::new(&["b.c", "d|e"]);
        assert_eq!((ONE.find("ab.c b.c"), ONE.before("ab.c"), ONE.split("x")), (Some(1), "a", None));
        assert_eq!(ONE.all_in(b"b.cb.c").collect::<Vec<_>>(), [0, 3]);
        assert_eq!(SOME.all_in(b"bxc d|e b.c").collect::<Vec<_>>(), [4, 8]);
        assert_eq!(SOME.find("d,e"), None);
    }
}
