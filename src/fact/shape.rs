//! What an error text is without its ids: of a log of failures, two texts of three have a shape that others have.
//!
//! What texts of one shape say is read once; the others get their own ids. That holds because no word of the grammar can stand in
//! an id, or around its end: ids have letters, digits, `_` and `-` alone, and how long they are is part of the shape. Where it might
//! not hold (a text without a rejection is searched for words of any sort, a group may be called like an id), the text is read.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::error_text::{ErrorLevel, ErrorText, LevelWords};
use super::fallback_lists::FallbackLists;
use super::one_error;
use super::texts::Name;

/// More ids than LiteLLM's texts have: it stops after five fallbacks, and prints each rejection once or twice.
const MOST_IDS: usize = 16;

/// A text as far as its shape is known.
pub(super) struct Shape<'t> {
    /// The hash of all that is no id, of how long ids are and of which are the same.
    pub(super) hash: u128,
    /// The ids, each once.
    ids: Vec<&'t str>,
}

/// What texts of one shape say.
#[derive(Debug)]
pub(super) struct Said {
    mid_stream: bool,
    /// With which of the text's ids each has.
    levels: Box<[(Arc<LevelWords>, Option<usize>)]>,
    configured: Option<Arc<FallbackLists>>,
}

impl<'t> Shape<'t> {
    /// The shape of a text that has ids.
    pub(super) fn of(text: &'t str) -> Option<Shape<'t>> {
        let mut hash = Xxh3::new();
        let mut ids: Vec<&str> = Vec::new();
        let mut from = 0;
        for (at, id) in one_error::ids_in(text) {
            hash.update(&text.as_bytes()[from..at]);
            let known = ids.iter().position(|known| *known == id).unwrap_or(ids.len());
            if known == ids.len() {
                ids.push(id);
            }
            hash.update(&[0xff, u8::try_from(known).ok()?, u8::try_from(id.len()).ok()?]);
            from = at + id.len();
            if known == MOST_IDS || id.contains("request_id") {
                return None;
            }
        }
        hash.update(&text.as_bytes()[from..]);
        (!ids.is_empty()).then(|| Shape { hash: hash.digest128(), ids })
    }
}

impl Said {
    /// What a text of this shape says, if others of the shape say the same.
    pub(super) fn of(text: &ErrorText, shape: &Shape<'_>) -> Option<Said> {
        text.rejections().next()?;
        let configured = text.configured.iter().flat_map(|lists| lists.iter());
        let in_lists = configured.flat_map(|(group, targets)| targets.iter().map(|target| &**target).chain([group]));
        let in_levels = text.levels.iter().flat_map(|level| level.words.names());
        if in_lists.chain(in_levels).any(|name| shape.ids.iter().any(|id| name.contains(id))) {
            return None;
        }
        let number = |id: &Name| shape.ids.iter().position(|known| **known == **id);
        let level = |level: &ErrorLevel| {
            let id = level.request_id.as_ref().map(|id| number(id).ok_or(()));
            Some((level.words.clone(), id.transpose().ok()?))
        };
        let levels = text.levels.iter().map(level).collect::<Option<_>>()?;
        Some(Said { mid_stream: text.mid_stream, levels, configured: text.configured.clone() })
    }

    /// The text of this shape that has these ids.
    pub(super) fn with(&self, shape: &Shape<'_>, mut name: impl FnMut(&str) -> Name) -> ErrorText {
        let ids: Vec<Name> = shape.ids.iter().map(|id| name(id)).collect();
        let level = |(words, id): &(Arc<LevelWords>, Option<usize>)| ErrorLevel { words: words.clone(), request_id: id.map(|id| ids[id].clone()) };
        ErrorText {
            mid_stream: self.mid_stream,
            levels: self.levels.iter().map(level).collect(),
            configured: self.configured.clone(),
            neighbour: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::texts::Texts;

    const SENTENCE: &str = "This model does not support assistant message prefill. The conversation must end with a user message.";

    fn refused(id: &str) -> String {
        format!("litellm.BadRequestError: AnthropicException - b'{{\"message\":\"{SENTENCE}\"}},\"request_id\":\"{id}\"}}'")
    }

    /// Texts that differ in ids, and in how these matter.
    fn texts() -> Vec<String> {
        let over = |id: &str| format!("litellm.InternalServerError: AnthropicException - {{\"message\":\"Overloaded\",\"request_id\":\"{id}\"}}");
        let level = |error: &str, group: &str, targets: &str| {
            format!("{error}. Received Model Group={group}\nAvailable Model Group Fallbacks={targets}\nError doing the fallback: ")
        };
        let broken = |first: &str, group: &str, one: &str, two: &str| {
            let cause = if first.is_empty() { "litellm.InternalServerError: AnthropicException - Overloaded".to_owned() } else { over(first) };
            let first = level(&format!("litellm.MidStreamFallbackError: {cause}"), group, "['b', 'c']");
            format!("{first}{}{}", level(&refused(one), "b", "None"), refused(two))
        };
        let mut all = Vec::new();
        for id in ["req_aaaa", "req_bbbb", "req_cc", "message", "claude-4"] {
            all.extend([refused(id), over(id), broken(id, "a", "req_1111", "req_1111"), broken("req_1111", "a", id, "req_2222")]);
            all.extend([broken("", "a", id, id), broken("", "a", id, "req_2222"), broken("", "a", "req_2222", id), broken("", id, id, id)]);
            all.extend([broken("req_1111", id, "req_1111", id), broken("req_2222", "a", "req_1111", id), broken(id, "claude-4", id, id)]);
            all.push(refused(id).replace(id, "").replace("request_id", "id"));
            all.push(format!("{}\\\"request_id\\\":\\\"{id}\\\"", refused("req_1111")));
            all.push(refused(&format!("{id}\",\"request_id\":\"req_1111")));
        }
        all.extend([refused("request_id"), refused("request_id\":\"req_1111"), refused(&"a".repeat(80)), refused(&"a".repeat(81))]);
        all
    }

    #[test]
    fn a_text_says_the_same_whatever_was_read_before() {
        let all = texts();
        let mut known = Texts::default();
        for text in all.iter().chain(all.iter().rev()) {
            assert_eq!(known.read(text), Texts::default().read(text), "{text}");
        }
        for first in &all {
            let mut known = Texts::default();
            known.read(first);
            for text in &all {
                assert_eq!(known.read(text), Texts::default().read(text), "{first}\n{text}");
            }
        }
    }
}
