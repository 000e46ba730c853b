//! Masks secrets and personal data in text quoted from logs.
//!
//! The same value gets the same mask in every run, so that things still correlate. A mask of a value that can be guessed (an
//! address of a small network, say) can be found out by trying; it keeps values out of tickets, it does not encrypt them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use xxhash_rust::xxh3::xxh3_64;

/// Kinds of secret, by the patterns of their values. Sources: the key formats of Anthropic, OpenAI, AWS, Google and of
/// bearer tokens, as they show up in provider errors.
const PATTERNS: [(&str, &str); 6] = [
    ("key", r"\b(?:sk|pk|rk)-[A-Za-z0-9_*-]{8,}"),
    ("key", r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bAIza[A-Za-z0-9_-]{20,}"),
    ("token", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    ("token", r"(?i:bearer) +[A-Za-z0-9._~+/=-]{8,}"),
    ("email", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    ("ip", r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b"),
];

static COMPILED: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| PATTERNS.iter().filter_map(|(kind, pattern)| Some((*kind, Regex::new(pattern).ok()?))).collect());

/// The text with each secret replaced by its kind and a short hash of its value.
pub(crate) fn secrets(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for (kind, pattern) in COMPILED.iter() {
        let replaced = pattern.replace_all(&masked, |found: &Captures<'_>| format!("[{kind}:{:08x}]", xxh3_64(found[0].as_bytes()) & 0xffff_ffff));
        if let Cow::Owned(replaced) = replaced {
            masked = Cow::Owned(replaced);
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_compile() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn secrets_go_and_the_error_stays() {
        let secret = [
            "sk-ant-api03-abcdefgh12345678",
            "sk-proj-abcdefgh********wxyz",
            "AKIAIOSFODNN7EXAMPLE",
            "Bearer abcdefgh.ijklmnop",
            "jane.doe@example.com",
            "10.1.2.3",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
        ];
        for value in secret {
            let text = format!("Incorrect API key provided: {value} for claude-sonnet-4-5");
            let masked = secrets(&text);
            assert!(!masked.contains(value), "{masked}");
            assert!(masked.starts_with("Incorrect API key provided: [") && masked.ends_with("for claude-sonnet-4-5"), "{masked}");
            assert_eq!(masked, secrets(&format!("Incorrect API key provided: {value} for claude-sonnet-4-5")));
        }
        let plain = "Rate limit reached for gpt-4.1 in organization org-lab on tokens per min (TPM)";
        assert_eq!(secrets(plain), plain);
    }
}
