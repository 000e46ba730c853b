//! The arguments of a DEBUG call behind its messages, taken apart in one pass.
//!
//! There is such a record for each attempt, of tens of KB: to look for one mark after the other was a twentieth of all time on DEBUG logs.
//! Request bodies in it hold messages once more, and those may quote any mark: they are left out.

use std::borrow::Cow;
use std::ops::Range;

use crate::needle::Needles;
use crate::record::python;

/// What stands before the messages of a request's body; its last byte is the list's first.
const MESSAGES: &str = "'messages': [";
/// What stands before an entry of `previous_models`.
const EARLIER: &str = "{'exception_type': ";
/// The start of [`EARLIER`]: of no more bytes than the shortest of them the vectorised search compares, and few dicts begin so.
const EARLIER_START: &str = "{'e";
const CALL_ID: &str = "litellm_call_id=";
/// The end of [`CALL_ID`]: its start is in each of LiteLLM's names.
const CALL_ID_END: &str = "l_id=";

/// How many entries are compared with one that follows.
const MOST_COMPARED: usize = 8;

static MARKS: Needles = Needles::new(&[MESSAGES, EARLIER_START, CALL_ID_END]);

/// Where in the arguments what stands.
#[derive(Debug, Default)]
pub(super) struct Arguments<'t> {
    text: &'t str,
    /// Lists of messages, with their keys.
    messages: Vec<Range<usize>>,
    /// Behind the first mark of a call id.
    call_id: Option<usize>,
    /// Entries of `previous_models`.
    earlier: Vec<Earlier>,
}

/// An entry of `previous_models`.
#[derive(Debug, Clone, Copy)]
struct Earlier {
    /// Behind its mark.
    start: usize,
    /// The number of the entry before it that holds the same bytes.
    same: Option<usize>,
}

impl<'t> Arguments<'t> {
    pub(super) fn of(text: &'t str) -> Arguments<'t> {
        let mut arguments = Arguments { text, ..Arguments::default() };
        let mut from = Some(0);
        while let Some(at) = from {
            from = arguments.read_on(at);
        }
        arguments
    }

    /// Reads from here on; gives from where to go on if something was passed over.
    fn read_on(&mut self, from: usize) -> Option<usize> {
        let text = self.text;
        for mark in MARKS.all_in(&text.as_bytes()[from..]).map(|mark| from + mark) {
            match text.as_bytes()[mark] {
                b'{' if !text[mark..].starts_with(EARLIER) => {}
                b'{' => {
                    let start = mark + EARLIER.len();
                    let same = self.same_as(start);
                    self.earlier.push(Earlier { start, same });
                    if let Some(same) = same {
                        return Some(self.repeat(same, start));
                    }
                }
                b'l' => {
                    let end = mark + CALL_ID_END.len();
                    if self.call_id.is_none() && text[from..end].ends_with(CALL_ID) {
                        self.call_id = Some(end);
                    }
                }
                _ => {
                    let list = mark + MESSAGES.len() - 1;
                    let Some((_, used)) = python::items(&text[list..]) else {
                        // The list was cut: nothing behind it can be trusted.
                        self.text = &text[..mark];
                        return None;
                    };
                    self.messages.push(mark..list + used);
                    return Some(list + used);
                }
            }
        }
        None
    }

    /// The entry that stands at `start` once more, up to the next mark: LiteLLM prints the list of earlier attempts twice.
    fn same_as(&self, start: usize) -> Option<usize> {
        let again = &self.text.as_bytes()[start..];
        let whole = self.earlier.windows(2).enumerate().rev().take(MOST_COMPARED);
        whole.into_iter().find(|(_, pair)| again.starts_with(&self.text.as_bytes()[pair[0].start..pair[1].start])).map(|(number, _)| number)
    }

    /// Takes an entry that stands at `start` once more; gives where the next one does.
    fn repeat(&mut self, entry: usize, start: usize) -> usize {
        let (first, next) = (self.earlier[entry].start, self.earlier[entry + 1].start);
        let lists = self.messages_from(first).take_while(|list| list.start < next).map(|list| list.start - first + start..list.end - first + start);
        let lists: Vec<Range<usize>> = lists.collect();
        self.messages.extend(lists);
        start + (next - EARLIER.len() - first)
    }

    fn messages_from(&self, start: usize) -> impl Iterator<Item = &Range<usize>> {
        let first = self.messages.partition_point(|list| list.start < start);
        self.messages[first..].iter()
    }

    /// What stands behind `litellm_call_id=`.
    pub(super) fn call_id(&self) -> Option<&'t str> {
        self.call_id.map(|at| &self.text[at..])
    }

    /// What stands before the entries of `previous_models`.
    pub(super) fn own(&self) -> Cow<'t, str> {
        self.without_messages(0, self.earlier.first().map(|entry| entry.start - EARLIER.len()))
    }

    /// What is read of the entries of `previous_models`, each behind its mark.
    pub(super) fn entries<T: Clone>(&self, mut read: impl FnMut(&str) -> T) -> Vec<T> {
        let ends = self.earlier.iter().skip(1).map(|next| Some(next.start - EARLIER.len())).chain([None]);
        let mut all: Vec<T> = Vec::with_capacity(self.earlier.len());
        for (entry, end) in self.earlier.iter().zip(ends) {
            let known = entry.same.map(|same| all[same].clone());
            all.push(known.unwrap_or_else(|| read(&self.without_messages(entry.start, end))));
        }
        all
    }

    /// A part of the text without lists of messages; up to the end, where none is given.
    fn without_messages(&self, start: usize, end: Option<usize>) -> Cow<'t, str> {
        let end = end.unwrap_or(self.text.len());
        let (mut at, mut clean) = (start, String::new());
        for list in self.messages_from(start).take_while(|list| list.start < end) {
            clean.push_str(&self.text[at..list.start]);
            at = list.end;
        }
        if at == start {
            return Cow::Borrowed(&self.text[start..end]);
        }
        clean.push_str(&self.text[at..end]);
        Cow::Owned(clean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_messages_are_left_out_whatever_they_quote() {
        let list = r#"'messages': [{'content': "litellm_call_id='forged' {'exception_type': 'messages': ["}], "#;
        let text = format!(
            "a_call_id=1, {list}b=2, {{'previous': [{{'exception_type': 'A', {list}c}}, {{'exception_type': 'B'}}]}}, {list}litellm_call_id='own', d"
        );
        let all = Arguments::of(&text);
        assert_eq!(all.call_id(), Some("'own', d"));
        assert_eq!(all.own(), "a_call_id=1, , b=2, {'previous': [");
        assert_eq!(all.entries(str::to_owned), ["'A', , c}, ", "'B'}]}, , litellm_call_id='own', d"]);
    }

    #[test]
    fn an_entry_that_stands_there_again_is_read_once() {
        let list = "'messages': [{'content': \"{'exception_type': \"}], ";
        let entry = |name: &str, behind: &str| format!("{{'exception_type': '{name}', {list}{behind}}}, ");
        let (one, two, three) = (entry("A", ""), entry("B", list), entry("C", ""));
        // The last of a list goes on with what stands behind the list.
        let longer = entry("A", "");
        let text = format!("{one}{two}{three}], 'again': [{one}{two}{three}], {list}, {longer}x, {two}");
        let all = Arguments::of(&text);
        let (mut read, plain) = (0, |entry: &Earlier, end| all.without_messages(entry.start, end).into_owned());
        let entries = all.entries(|entry| {
            read += 1;
            entry.to_owned()
        });
        let ends = all.earlier.iter().skip(1).map(|next| Some(next.start - EARLIER.len())).chain([None]);
        assert_eq!(entries, all.earlier.iter().zip(ends).map(|(entry, end)| plain(entry, end)).collect::<Vec<_>>());
        assert_eq!(entries[..3], ["'A', , }, ", "'B', , , }, ", "'C', , }, ], 'again': ["]);
        assert_eq!((entries.len(), read), (8, 6));
        assert_eq!(all.messages.len(), text.matches(list).count());
    }

    #[test]
    fn many_entries_with_lists_are_as_many_steps() {
        let entries = 100_000;
        let text = "{'exception_type': 'messages': [1], ".repeat(entries);
        let all = Arguments::of(&text);
        assert_eq!((all.own().as_ref(), all.entries(str::to_owned).iter().filter(|entry| *entry == ", ").count()), ("", entries));
    }

    #[test]
    fn nothing_is_believed_behind_a_list_that_was_cut() {
        let cut = Arguments::of("a, 'messages': [{'content': 'litellm_call_id=1");
        assert_eq!((cut.call_id(), cut.own().as_ref(), cut.entries(str::len).len()), (None, "a, ", 0));
        let none = Arguments::of("");
        assert_eq!((none.call_id(), none.own().as_ref(), none.entries(str::len).len()), (None, "", 0));
    }
}
