//! The rules: a verdict each, with what to do about it.

use super::shape::{Configuration, Help, Rule, RuleProperties, Text};
use crate::knowledge::advice::{ADVICE, Advice, When};
use crate::knowledge::version::Range;
use crate::link::Verdict;
use crate::output::words::meaning;

/// Where the failure was reported and is explained.
const HELP_URI: &str = "https://github.com/BerriAI/litellm/issues/27967";

/// What is said of a verdict.
struct Known {
    verdict: Verdict,
    name: &'static str,
    level: &'static str,
    more: &'static str,
    advice: &'static [When],
}

/// The rules, by their index.
const RULES: [Known; 3] = [
    Known {
        verdict: Verdict::MidStreamFallback,
        name: "MidStreamFallback",
        level: "error",
        more: "A stream broke after its first content, LiteLLM's router sent the partial answer to a fallback as an assistant message, and that \
               model refuses prefill. The 400 hides what really failed.",
        advice: &[When::MidStream, When::MidStreamResponses],
    },
    Known {
        verdict: Verdict::ClientPrefill,
        name: "ClientPrefill",
        level: "error",
        more: "The conversation that the client sent ends with an assistant message, and the model refuses prefill. LiteLLM is not at fault.",
        advice: &[When::Client],
    },
    Known {
        verdict: Verdict::Unknown,
        name: "UnknownSender",
        level: "warning",
        more: "A model refused a prefill, and the records that were read show neither a broken stream nor what the client sent.",
        advice: &[When::Unknown],
    },
];

/// The index of a verdict's rule.
pub(super) fn index(verdict: Verdict) -> usize {
    RULES.iter().position(|rule| rule.verdict == verdict).unwrap_or_default()
}

/// The level of a verdict that the policy forbids.
pub(super) fn level(verdict: Verdict) -> &'static str {
    RULES[index(verdict)].level
}

pub(super) fn all() -> Vec<Rule> {
    RULES.iter().map(rule).collect()
}

fn rule(known: &Known) -> Rule {
    let short = capitalised(meaning(known.verdict));
    let advice = || ADVICE.iter().filter(|advice| known.advice.contains(&advice.when));
    Rule {
        id: known.verdict.name(),
        name: known.name,
        short_description: Text { text: format!("{short}.") },
        full_description: Text { text: known.more.to_owned() },
        help: Help {
            text: format!("{}{}", known.more, advice().map(|advice| help(advice, "\n\n", "")).collect::<String>()),
            markdown: format!("{}{}", known.more, advice().map(|advice| help(advice, "\n\n**", "**\n")).collect::<String>()),
        },
        help_uri: HELP_URI,
        default_configuration: Configuration { level: known.level },
        properties: RuleProperties { tags: ["litellm", "reliability"] },
    }
}

fn help(advice: &Advice, before: &str, behind: &str) -> String {
    let for_which = |ranges: &[Range]| if ranges.is_empty() { String::new() } else { format!(" (LiteLLM {})", Range::in_words(ranges)) };
    let steps = advice.steps.iter().map(|step| format!("\n- {}{}", step.text, for_which(step.holds)));
    format!("{before}{}{}{behind}{}", advice.title, for_which(advice.holds), steps.collect::<String>())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
