//! A literal that is searched for again and again: made ready once, for making it ready costs more than most searches.

use std::sync::OnceLock;

use memchr::memmem::Finder;

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
