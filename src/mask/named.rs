//! Secrets that are told by the name before them: headers, arguments, parameters of a URL, in any quotes and escapes.

use std::sync::LazyLock;

use regex::Regex;

/// How much like a secret a value must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// It is one, whatever it looks like: the name says so.
    Any,
    /// The name stands in sentences, too: what is a word is none. Nor is it behind a bare colon, for the others.
    NoWord,
    /// A header's: of an unknown scheme, the key is the second word.
    Header,
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

/// Between a name and its value: `=`, `: `, `": "`, `', b'`, `%3D`, `>`. A comma counts in a tuple, and `>` in a document, which `search`
/// looks at. A quote is [`super::value::QUOTE`], a list may begin.
pub(super) const IS: &str =
    r"(?:(?:QUOTE[ \t]{0,8}(?::|=>|%3A)|QUOTE,|QUOTE?[ \t]{0,8}(?:[:=]|%3D|%3A|\\+u003d|\\+u003a))[ \t]{0,8}(?:\[\s{0,2})?(?:[bu]?QUOTE)?|>)";
/// The same without a bare colon, which sentences have.
pub(super) const SAYS: &str = r"(?:(?:QUOTE[ \t]{0,8}(?::|=>|%3A)|QUOTE,|=|%3D|\\+u003d)[ \t]{0,8}(?:\[\s{0,2})?(?:[bu]?QUOTE)?|>)";

/// Names as LiteLLM's parameters, providers' headers and the cloud SDKs have them; without regard to case.
pub(super) const NAMED: [Named; 12] = [
    Named {
        kind: "token",
        pattern: r"(?:proxy-)?authorizationIS(?:aws4-hmac-sha256\s+credential=|(?:bearer|basic|token|key|api-?key|zenapikey|digest|negotiate|aws4-hmac-sha256)(?:\s+|%20))?",
        worth: Worth::Header,
        example: "Authorization: Bearer ",
    },
    Named {
        kind: "key",
        pattern: r"(?:api[-_]?keys?|subscription[-_]key|access[-_]?key(?:[-_]?id)?|account[-_]?key|sharedaccesskey|(?:master|salt|virtual|signing|auth|app|application|encryption)[-_]key|private[-_]key(?:[-_]id)?|secret[-_]?key|client[-_]secret|secret[-_]?access[-_]?key|functions-key)IS",
        worth: Worth::Any,
        example: "'x-api-key': '",
    },
    Named {
        kind: "token",
        pattern: r"(?:(?:access|auth|refresh|id|session|security|bearer|api|ad|hf|jwt|bot|vault)[-_]?token(?:[-_]bedrock)?|x-amz-(?:signature|credential)|credentials?)IS",
        worth: Worth::Any,
        example: "aws_session_token=",
    },
    Named { kind: "token", pattern: r"(?:(?-u:\b)|_)(?:token|signature|sig|secret|auth)SAYS", worth: Worth::Any, example: "?sig=" },
    Named { kind: "token", pattern: r"(?:(?-u:\b)|_)(?:token|signature|secret):[ \t]{1,4}", worth: Worth::NoWord, example: "secret: " },
    Named { kind: "key", pattern: r#"(?:\A|[?&\s,({;"'\\])key(?:=|%3D|\\+u003d)\\*["']?"#, worth: Worth::Any, example: "?key=" },
    Named { kind: "key", pattern: r"QUOTEkeyQUOTE[ \t]{0,4}(?::|=>)[ \t]{0,4}QUOTE", worth: Worth::NoWord, example: "'key': '" },
    Named { kind: "password", pattern: r"(?:passwords?|passwd|passphrase|pwd)IS", worth: Worth::Any, example: "password=" },
    Named { kind: "token", pattern: r"(?:set-)?cookieIS", worth: Worth::Line, example: "cookie: s=" },
    // As commands have them.
    Named {
        kind: "key",
        pattern: r#"--(?:[a-z]{1,16}-){0,3}(?:key|token|password|secret)[ \t=]["']?|(?-u:\B)(?:-u|--user)[ \t=]["']?[^\s:'"\[\]]{1,64}:"#,
        worth: Worth::NoWord,
        example: "--api-key ",
    },
    // As providers say it, and headers without their name.
    Named {
        kind: "token",
        pattern: r"(?-u:\b)(?:bearer|basic)(?:\s+|%20)|(?:api key|token|key) provided: ?|api[- _]?key(?: ?[:=] ?| ['\x22]?)",
        worth: Worth::NoWord,
        example: "Incorrect API key provided: ",
    },
    // LiteLLM, of a key that does not even look like one.
    Named { kind: "key", pattern: r"virtual key expected\. received=", worth: Worth::Any, example: "LiteLLM Virtual Key expected. Received=" },
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
const LONGEST_WORD: usize = 32;

/// The longest number that counts something, and is none of a token's.
const LONGEST_COUNT: usize = 7;

/// A variable of a shell, or a template's, which stands for a value.
static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\A\$(?:\{[^}]*\}|[A-Z_][A-Z0-9_]*)?\z|\A[{<%]|\Aos\.environ/").ok());

/// Whether a value behind such a name is a secret.
pub(super) fn is_secret(value: &str, worth: Worth) -> bool {
    let is_stars = value.bytes().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X' | b'-' | b',' | b':' | b';'));
    let is_variable = VARIABLE.as_ref().is_some_and(|variable| variable.is_match(value));
    let is_none = is_stars || is_variable || NONE.iter().any(|none| value.eq_ignore_ascii_case(none));
    match worth {
        Worth::Any | Worth::Header => !is_none,
        Worth::NoWord => !is_none && value.len() >= SHORTEST && !is_word(value),
        // A cookie has a name of its own.
        Worth::Line => !is_none && value.contains('='),
    }
}

/// Whether a value counts something: `prompt_token=5`.
pub(super) fn is_count(value: &str) -> bool {
    value.len() <= LONGEST_COUNT && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a value is a word, or words and numbers between hyphens, as models' names are.
pub(super) fn is_word(value: &str) -> bool {
    let is_part = |part: &str| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_uppercase());
        part.bytes().all(|byte| byte.is_ascii_digit()) || rest.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    value.len() <= LONGEST_WORD && value.split(['.', '_', ':', '-', ',', '/']).all(is_part)
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
                let before = if between.contains(',') { "('" } else { "" };
                let text = format!("{before}{name}{between}q7Zt9wLm2Xy4+/=={after}");
                let seen = masked(&text);
                assert!(!seen.contains("q7Zt9") && !seen.contains("/==") && seen.ends_with(after), "{text} → {seen}");
            }
        }
    }

    #[test]
    fn further_forms() {
        let cases = [
            ("aws_credentials=\"AKIAIOSFODNN7EXAMPLE:§\"", "aws_credentials=\"[key:ae6ba754]:§\""),
            ("aws_credentials=AKIAIOSFODNN7EXAMPLE:§ x", "aws_credentials=[key:ae6ba754]:§ x"),
            ("password=$ecret§", "password=§"),
            ("{'x-api-key': ['§']}", "{'x-api-key': ['§']}"),
            ("api_keys=['§', '§2', '§3'], n=1", "api_keys=['§', '§', '§'], n=1"),
            ("map[X-Api-Key:[§]]", "map[X-Api-Key:[§]]"),
            ("Authorization: ZenApiKey §", "Authorization: ZenApiKey §"),
            ("Authorization: MyScheme §", "Authorization: MyScheme §"),
            ("Authorization: Key id:§", "Authorization: Key §"),
            ("Authorization: Bearer tid=abc;exp=1;8kp=1:§", "Authorization: Bearer §"),
            (
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/x, Signature=§",
                "Authorization: AWS4-HMAC-SHA256 Credential=[key:ae6ba754]/x, Signature=§",
            ),
            ("('x-api-key', '§')", "('x-api-key', '§')"),
            ("%22x-api-key%22%3A%22§%22", "%22x-api-key%22%3A%22§%22"),
            (r"\u0022x-api-key\u0022: \u0022§\u0022", r"\u0022x-api-key\u0022: \u0022§\u0022"),
            ("&quot;x-api-key&quot;: &quot;§&quot;", "&quot;x-api-key&quot;: &quot;§&quot;"),
            (r"?key\u003d§", r"?key\u003d§"),
            ("<SecretAccessKey>§</SecretAccessKey>", "<SecretAccessKey>§</SecretAccessKey>"),
            ("api_key    =    §", "api_key    =    §"),
            ("streamfall --api-key § x", "streamfall --api-key § x"),
            ("curl -u admin:§ https://x", "curl -u admin:§ https://x"),
            ("{'key': '§'}", "{'key': '§'}"),
            ("X-Auth-Key: §", "X-Auth-Key: §"),
            ("DD-APPLICATION-KEY: §", "DD-APPLICATION-KEY: §"),
            ("secret: §, token: §", "secret: §, token: §"),
            ("password=Hunter&2§&user=x", "password=§&user=x"),
            ("Received=sk-1234, expected to start with 'sk-'", "Received=§, expected to start with 'sk-'"),
        ];
        let masks = regex::Regex::new(r"\[(?:key|token|password):[0-9a-f]{8}\]").unwrap();
        for (text, expected) in cases {
            let seen = masked(&text.replace('§', "q7Zt9wLm2Xy4+/==")).replace("[key:ae6ba754]", "AKIA");
            let seen = masks.replace_all(&seen, "§").replace("AKIA", "[key:ae6ba754]");
            assert_eq!(seen, expected);
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
            r#"{"error":"invalid_token","error_description":"The token is not known"}"#,
            r#"{"code":"invalid_api_key","param":null}"#,
            "missing ['api_key', 'api_base']",
            "Unable to locate credentials: File not found",
            "Invalid credentials: user not found",
            "authorization: denied by policy",
            "prompt_token=5, id_token: 7",
            "Cookie: none set, please log in",
            "api_key=api_key, token=token",
            "Basic claude-opus-4-7 limit, basic pay-as-you-go, bearer token-based",
            "see <api_key> and <token>, password=${PASSWORD}, api_key=$KEY",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
