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
const CALL_ID: &str = "litellm_call_id=";
/// The end of [`CALL_ID`]: its start is in each of LiteLLM's names.
const CALL_ID_END: &str = "l_id=";

static MARKS: Needles = Needles::new(&[MESSAGES, EARLIER, CALL_ID_END]);

/// Where in the arguments what stands.
#[derive(Debug, Default)]
pub(super) struct Arguments<'t> {
    text: &'t str,
    /// Lists of messages, with their keys.
    messages: Vec<Range<usize>>,
    /// Behind the first mark of a call id.
    call_id: Option<usize>,
    /// Behind the mark of each entry of `previous_models`.
    earlier: Vec<usize>,
}

impl<'t> Arguments<'t> {
    pub(super) fn of(text: &'t str) -> Arguments<'t> {
        let mut arguments = Arguments { text, ..Arguments::default() };
        let mut from = 0;
        for at in MARKS.all_in(text.as_bytes()) {
            if at < from {
                continue;
            }
            match text.as_bytes()[at] {
                b'{' => arguments.earlier.push(at + EARLIER.len()),
                b'l' => {
                    let end = at + CALL_ID_END.len();
                    if arguments.call_id.is_none() && text[from..end].ends_with(CALL_ID) {
                        arguments.call_id = Some(end);
                    }
                }
                _ => {
                    let list = at + MESSAGES.len() - 1;
                    let Some((_, used)) = python::items(&text[list..]) else {
                        // The list was cut: nothing behind it can be trusted.
                        arguments.text = &text[..at];
                        break;
                    };
                    from = list + used;
                    arguments.messages.push(at..from);
                }
            }
        }
        arguments
    }

    /// What stands behind `litellm_call_id=`.
    pub(super) fn call_id(&self) -> Option<&'t str> {
        self.call_id.map(|at| &self.text[at..])
    }

    /// What stands before the entries of `previous_models`.
    pub(super) fn own(&self) -> Cow<'t, str> {
        self.without_messages(0, self.earlier.first().map(|entry| entry - EARLIER.len()))
    }

    /// The entries of `previous_models`, each behind its mark.
    pub(super) fn entries(&self) -> impl Iterator<Item = Cow<'t, str>> {
        let ends = self.earlier.iter().skip(1).map(|next| Some(next - EARLIER.len())).chain([None]);
        self.earlier.iter().zip(ends).map(|(entry, end)| self.without_messages(*entry, end))
    }

    /// A part of the text without lists of messages; up to the end, where none is given.
    fn without_messages(&self, start: usize, end: Option<usize>) -> Cow<'t, str> {
        let end = end.unwrap_or(self.text.len());
        let (mut at, mut clean) = (start, String::new());
        let first = self.messages.partition_point(|list| list.start < start);
        for list in self.messages[first..].iter().take_while(|list| list.start < end) {
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
        assert_eq!(all.entries().collect::<Vec<_>>(), ["'A', , c}, ", "'B'}]}, , litellm_call_id='own', d"]);
    }

    #[test]
    fn many_entries_with_lists_are_as_many_steps() {
        let entries = 100_000;
        let text = "{'exception_type': 'messages': [1], ".repeat(entries);
        let all = Arguments::of(&text);
        assert_eq!((all.own().as_ref(), all.entries().filter(|entry| entry == ", ").count()), ("", entries));
    }

    #[test]
    fn nothing_is_believed_behind_a_list_that_was_cut() {
        let cut = Arguments::of("a, 'messages': [{'content': 'litellm_call_id=1");
        assert_eq!((cut.call_id(), cut.own().as_ref(), cut.entries().count()), (None, "a, ", 0));
        let none = Arguments::of("");
        assert_eq!((none.call_id(), none.own().as_ref(), none.entries().count()), (None, "", 0));
    }
}
