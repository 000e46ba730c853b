//! `streamfall explain`: all that has a name in a report, with what is known of it.

use super::advice::ADVICE;
use super::kinds::KINDS;
use super::neighbour::NEIGHBOURS;
use super::version::Range;

/// Something that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What sort of thing it is.
    pub sort: Sort,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What is known of it, a paragraph each.
    pub text: Vec<&'static str>,
    /// What helps, the smallest step first.
    pub steps: Vec<String>,
    /// Since when it is no more.
    pub fixed: Option<&'static str>,
    /// Where that comes from.
    pub reference: &'static str,
}

/// Sorts of entry, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// What streamfall looks for, and its verdicts.
    Verdict,
    /// Kinds of stream failure.
    Kind,
    /// Failures that are taken for it.
    Neighbour,
    /// What to do.
    Advice,
}

impl Sort {
    /// A title for entries of this sort.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Sort::Verdict => "The rejection, and whose doing it is",
            Sort::Kind => "Kinds of stream failure: what really failed first",
            Sort::Neighbour => "This is not that: failures that are taken for it",
            Sort::Advice => "Advice",
        }
    }
}

/// The rejection and the verdicts.
const VERDICTS: [(&str, &str, &[&str]); 4] = [
    (
        "prefill",
        "Claude 4.6 and later refuse a conversation that ends with an assistant message",
        &[
            "The provider answers 400 `This model does not support assistant message prefill. The conversation must end with a user message.` One such answer is \
             printed up to a dozen times in a log, and the sentence is quoted in prompts, too: counting lines says little.",
            "It is never the cause. Either LiteLLM continued a broken stream with the partial answer as a prefill, or the client sent one itself.",
        ],
    ),
    (
        "mid_stream_fallback",
        "LiteLLM continued a broken stream elsewhere",
        &[
            "A stream broke after it had begun. LiteLLM's router appended the partial answer as an assistant message and sent it to a fallback that refuses \
             prefill. What really failed is the stream: its group, kind and message are in the report.",
            "On /v1/chat/completions this ends with LiteLLM 1.97.0; on /v1/responses releases 1.87–1.92 and 1.104–1.108 do it, and 1.109.0 ends it. \
             /v1/messages never did it.",
        ],
    ),
    (
        "client_prefill",
        "the client sent a trailing assistant message",
        &[
            "LiteLLM only passed on what it was sent. Upgrading LiteLLM does not help: the client must end its conversations with a user message, or call a \
           model that accepts prefill (Claude 4.5 or older).",
        ],
    ),
    (
        "unknown",
        "this input cannot tell",
        &[
            "The evidence admits both readings, or what would tell is not in the input; the incident's reason says what would. Blaming the wrong side is worse \
           than not knowing.",
        ],
    ),
];

/// All entries, in their order.
#[must_use]
pub fn entries() -> Vec<Entry> {
    const REFERENCE: &str = "BerriAI/litellm#27967";
    let verdicts = VERDICTS.iter().map(|(name, title, text)| Entry {
        name,
        sort: Sort::Verdict,
        title,
        text: text.to_vec(),
        steps: Vec::new(),
        fixed: None,
        reference: REFERENCE,
    });
    // A verdict is called unknown, too; there is nothing to say of such a kind.
    let kinds = KINDS.iter().filter(|about| about.kind.name() != "unknown").map(|about| Entry {
        name: about.kind.name(),
        sort: Sort::Kind,
        title: about.title,
        text: vec![about.shown],
        steps: about.steps.iter().map(|step| (*step).to_owned()).collect(),
        fixed: None,
        reference: about.reference,
    });
    let neighbours = NEIGHBOURS.iter().map(|neighbour| Entry {
        name: neighbour.id,
        sort: Sort::Neighbour,
        title: neighbour.title,
        text: vec![neighbour.what],
        steps: Vec::new(),
        fixed: neighbour.fixed,
        reference: neighbour.reference,
    });
    let for_which = |ranges: &[Range]| if ranges.is_empty() { String::new() } else { format!(" (LiteLLM {})", Range::in_words(ranges)) };
    let advice = ADVICE.iter().map(|advice| Entry {
        name: advice.id,
        sort: Sort::Advice,
        title: advice.title,
        text: Vec::new(),
        steps: advice.steps.iter().map(|step| format!("{}{}", step.text, for_which(step.holds))).collect(),
        fixed: None,
        reference: advice.reference,
    });
    verdicts.chain(kinds).chain(neighbours).chain(advice).collect()
}

/// The entry of this name, however it is spelt.
///
/// # Errors
///
/// A sentence that names the nearest entry, if there is none of this name.
pub fn find(name: &str) -> Result<Entry, String> {
    /// How alike two names must be for one to be meant by the other.
    const ALIKE: f64 = 0.7;
    let spelt = name.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    // Advice on what broke streams is called by the kind.
    let spelt = spelt.strip_prefix("failure_").unwrap_or(&spelt);
    let all = entries();
    if let Some(entry) = all.iter().find(|entry| entry.name == spelt) {
        return Ok(entry.clone());
    }
    let alike = all.iter().map(|entry| (strsim::jaro_winkler(spelt, entry.name), entry.name)).filter(|(alike, _)| *alike >= ALIKE);
    let nearest = alike.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, nearest)| format!("; did you mean `{nearest}`?"));
    Err(format!("nothing is called `{name}`{}", nearest.unwrap_or_else(|| "; streamfall explain lists what is".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_by_its_name_and_names_are_unique() {
        for entry in entries() {
            assert_eq!(find(&entry.name.replace('_', "-")).as_ref(), Ok(&entry));
        }
    }

    #[test]
    fn a_name_that_is_none_has_a_nearest() {
        assert_eq!(find("prefil").unwrap_err(), "nothing is called `prefil`; did you mean `prefill`?");
        assert_eq!(find("zzz").unwrap_err(), "nothing is called `zzz`; streamfall explain lists what is");
    }
}
