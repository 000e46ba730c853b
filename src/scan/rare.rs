//! Finds needles by what is rare of them: `lit` of `litellm_call_id='` stands on most lines, and each candidate costs more than a hundred
//! bytes of search. Where a rare part stands, the needle decides.

use std::ops::Range;

use regex::bytes::Regex;

use crate::needle::any_of;

/// What stands before the rare part of `allback`, by which rows are searched, and from there on, in a word that says nothing of fallbacks.
const CALLBACK: (&[u8], &[u8]) = (b"ca", b"llback");

/// Needles, found by what is rare of them.
#[derive(Debug)]
pub(super) struct Rare {
    parts: Regex,
    needles: Vec<(&'static str, &'static str, usize)>,
}

impl Rare {
    /// Needles, each with its rare part and how many bytes of the needle stand before that. One that holds another is found with it.
    pub(super) fn new(needles: impl Iterator<Item = (&'static str, (&'static str, usize))>) -> Result<Rare, regex::Error> {
        let mut needles: Vec<_> = needles.map(|(needle, (part, before))| (needle, part, before)).collect();
        needles.sort_unstable();
        needles.dedup();
        let all = needles.clone();
        needles.retain(|(needle, ..)| !all.iter().any(|(other, ..)| other != needle && needle.contains(other)));
        let mut parts: Vec<&str> = needles.iter().map(|(_, part, _)| *part).collect();
        parts.sort_unstable();
        parts.dedup();
        Ok(Rare { parts: any_of(&parts)?, needles })
    }

    /// The next needle from `from` on.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        // One iterator: to begin anew behind each part of no needle costs more than to pass over it. No needle's part is hidden by
        // another's that stands before it, for no two of them overlap in any text that holds the needle.
        let parts = self.parts.find_iter(&bytes[from..]).map(|part| from + part.start());
        parts.filter(|part| !is_in_callback(bytes, *part)).find_map(|part| self.around(bytes, from, part))
    }

    /// The needle whose rare part stands at `at`, if it does not start before `from`.
    fn around(&self, bytes: &[u8], from: usize, at: usize) -> Option<Range<usize>> {
        self.needles.iter().find_map(|(needle, _, before)| {
            let start = at.checked_sub(*before).filter(|start| *start >= from)?;
            bytes[start..].starts_with(needle.as_bytes()).then_some(start..start + needle.len())
        })
    }
}

/// Whether a rare part stands in `callback`.
fn is_in_callback(bytes: &[u8], part: usize) -> bool {
    bytes[..part].ends_with(CALLBACK.0) && bytes[part..].starts_with(CALLBACK.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_are_no_fallbacks() {
        let rare = Rare::new([("allback", ("llb", 1)), ("Exception occured - ", ("occured - ", 10))].into_iter()).unwrap();
        let cases: [(&str, usize, Option<usize>); 7] = [
            ("a callback and a fallback", 0, Some(18)),
            ("success_callback", 0, None),
            ("allback", 0, Some(0)),
            ("allback", 1, None),
            ("llb occured - ", 0, None),
            ("callback: Exception occured - callback", 0, Some(10)),
            ("Exception occured - fallback", 1, Some(21)),
        ];
        for (text, from, expected) in cases {
            assert_eq!(rare.find(text.as_bytes(), from).map(|needle| needle.start), expected, "{text}");
        }
    }
}
