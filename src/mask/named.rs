//! Secrets that are told by the name before them: headers, arguments, parameters of a URL, in any quotes and escapes.

/// How much like a secret a value must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// It is one, whatever it looks like: the name says so.
    Any,
    /// The name stands in sentences, too: what is a word is none.
    NoWord,
    /// It goes on to the end of the line.
    Line,
}

/// Names of secrets.
#[cfg_attr(not(test), allow(dead_code, reason = "examples are for readers and tests"))]
pub(super) struct Named {
    /// What a mask calls it, unless the value has a form of its own.
    pub(super) kind: &'static str,
    /// The names, with all that stands before the value. `IS` is what stands between, `SAYS` the same where a sentence may go on.
    pub(super) pattern: &'static str,
    pub(super) worth: Worth,
    /// Up to the value.
    pub(super) example: &'static str,
}

/// Between a name and its value: `=`, `: `, `": "`, `', b'`, `%3D`.
pub(super) const IS: &str = r#"(?:\\*["']\s{0,2}(?:[:,]|=>)\s{0,2}(?:[bu]?\\*["'])?|\\*["']?\s{0,2}(?:[:=]|%3D)\s{0,2}(?:[bu]?\\*["'])?)"#;
/// The same without a bare colon, which sentences have.
pub(super) const QUOTED: &str = r#"(?:\\*["']\s{0,2}(?:[:,]|=>)\s{0,2}(?:[bu]?\\*["'])?|(?:=|%3D)(?:[bu]?\\*["'])?)"#;

/// Names as LiteLLM's parameters, providers' headers and the cloud SDKs have them; without regard to case.
pub(super) const NAMED: [Named; 8] = [
    Named {
        kind: "token",
        pattern: r"(?:proxy-)?authorizationIS(?:(?:bearer|basic|token|apikey|digest|negotiate|aws4-hmac-sha256)(?:\s+|%20))?",
        worth: Worth::Any,
        example: "Authorization: Bearer ",
    },
    Named {
        kind: "key",
        pattern: r"(?:api[-_]?keys?|subscription[-_]key|access[-_]?key(?:[-_]?id)?|account[-_]?key|sharedaccesskey|master[-_]key|salt[-_]key|virtual[-_]key|signing[-_]key|private[-_]key(?:[-_]id)?|secret[-_]?key|client[-_]secret|secret[-_]access[-_]key|functions-key)IS",
        worth: Worth::Any,
        example: "'x-api-key': '",
    },
    Named {
        kind: "token",
        pattern: r"(?:(?:access|auth|refresh|id|session|security|bearer|api|ad|hf|jwt|bot)[-_]?token(?:[-_]bedrock)?|x-amz-(?:signature|credential)|credentials?)IS",
        worth: Worth::Any,
        example: "aws_session_token=",
    },
    Named { kind: "token", pattern: r"(?:(?-u:\b)|_)(?:token|signature|sig|secret|auth)QUOTED", worth: Worth::Any, example: "?sig=" },
    Named { kind: "key", pattern: r#"(?:\A|[?&\s,({;"'\\])key(?:=|%3D)\\*["']?"#, worth: Worth::Any, example: "?key=" },
    Named { kind: "password", pattern: r"(?:passwords?|passwd|passphrase|pwd)IS", worth: Worth::Any, example: "password=" },
    Named { kind: "token", pattern: r"(?:set-)?cookieIS", worth: Worth::Line, example: "cookie: " },
    // As providers say it, and headers without their name.
    Named {
        kind: "token",
        pattern: r"(?-u:\b)(?:bearer|basic)(?:\s+|%20)|(?:api key|token|key) provided: ?|api key ?[:=] ?",
        worth: Worth::NoWord,
        example: "Incorrect API key provided: ",
    },
];

/// What stands for a value and is none.
const NONE: [&str; 24] = [
    "none",
    "null",
    "nil",
    "true",
    "false",
    "undefined",
    "empty",
    "missing",
    "invalid",
    "required",
    "provided",
    "not",
    "is",
    "str",
    "string",
    "redacted",
    "hidden",
    "bearer",
    "basic",
    "token",
    "header",
    "optional",
    "masked",
    "unset",
];
/// The shortest that has no name of its own.
const SHORTEST: usize = 8;
/// No word is longer.
const LONGEST_WORD: usize = 24;

/// Whether a value behind such a name is a secret.
pub(super) fn is_secret(value: &str, worth: Worth) -> bool {
    let is_stars = value.bytes().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X' | b'-'));
    let is_none = is_stars || value.starts_with("os.environ/") || value.starts_with('$') || NONE.iter().any(|none| value.eq_ignore_ascii_case(none));
    let is_word = || value.len() <= LONGEST_WORD && value.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_' | b':'));
    !is_none && (worth != Worth::NoWord || (value.len() >= SHORTEST && !is_word()))
}

#[cfg(test)]
mod tests {
    use super::super::search::masked;
    use super::*;

    #[test]
    fn each_name_tells_a_secret() {
        for Named { example, .. } in &NAMED {
            let text = format!("{example}q7Zt9wLm2Xy4");
            assert!(!masked(&text).contains("q7Zt9wLm2Xy4"), "{text} → {}", masked(&text));
        }
    }

    #[test]
    fn headers_in_any_quotes() {
        for name in [
            "x-api-key",
            "api-key",
            "X-Goog-Api-Key",
            "Ocp-Apim-Subscription-Key",
            "Authorization",
            "openai_api_key",
            "AWS_SECRET_ACCESS_KEY",
            "password",
        ] {
            for (between, after) in [
                (": ", "\n"),
                ("=", "&a=b"),
                ("': '", "', 'a': 1"),
                ("', b'", "')"),
                ("\": \"", "\"}"),
                ("\\\": \\\"", "\\\"}"),
                ("\\\\\\\":\\\\\\\"", "\\\\\\\"}"),
                ("=\"", "\", model='m'"),
            ] {
                let text = format!("{name}{between}q7Zt9wLm2Xy4+/=={after}");
                let seen = masked(&text);
                assert!(!seen.contains("q7Zt9") && !seen.contains("/==") && seen.ends_with(after), "{text} → {seen}");
            }
        }
    }

    #[test]
    fn sentences_stay() {
        for text in [
            "invalid x-api-key",
            "api_key=None, token=null",
            "api_key: os.environ/ANTHROPIC_API_KEY",
            "Limit: 40,000 input tokens per min. Basic authentication is off",
            "Bearer authentication failed; max_tokens=4096, token count: 12345678",
            "The api_key client option must be set",
            "cache_key=abcdefgh1234",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
