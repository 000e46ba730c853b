//! Secrets that are told by their own form, wherever they stand.

/// A kind of value with a form of its own.
#[cfg_attr(not(test), allow(dead_code, reason = "examples are for readers and tests"))]
pub(super) struct Shape {
    /// Whose it is.
    pub(super) name: &'static str,
    /// What its mask calls it.
    pub(super) kind: &'static str,
    /// Its form; the secret is the group `v`. A form that may stand in the midst of a word begins at [`EDGE`].
    pub(super) pattern: &'static str,
    /// One that was never valid.
    pub(super) example: &'static str,
}

/// Before a value: no letter or digit, or the end of an escape (`\n`, `\u0022`, `%3D`, a colour).
pub(super) const EDGE: &str = r"(?:(?-u:\b)|_|\\[abfnrtv]|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]{0,8}m)";

const fn shape(name: &'static str, kind: &'static str, pattern: &'static str, example: &'static str) -> Shape {
    Shape { name, kind, pattern, example }
}

/// Forms by the providers' own documents, and by the secret scanners of GitHub and gitleaks. `EDGE` stands for itself.
pub(super) const SHAPES: [Shape; 32] = [
    // Before all others: what is in it is one secret.
    shape(
        "PEM block",
        "private-key",
        r"(?s:(?<v>-----BEGIN [A-Z0-9 ]*(?:KEY|CERTIFICATE)[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]+-----|\z)))",
        "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqh\\n-----END PRIVATE KEY-----",
    ),
    shape("URL with credentials", "password", r#"://(?<v>[^\s/?#"'<>\\\[\]]+)@"#, "postgres://llmproxy:dbpassword9090@"),
    shape(
        "OpenAI, Anthropic, OpenRouter, DeepSeek, LiteLLM, Langfuse, Stripe",
        "key",
        r"EDGE(?<v>(?:sk|pk|rk)[-_][A-Za-z0-9_*-]{8,})",
        "sk-ant-api03-abcdefgh12345678",
    ),
    shape("OpenAI session", "key", r"EDGE(?<v>sess-[A-Za-z0-9]{16,})", "sess-abcdefgh12345678abcd"),
    shape("AWS access key", "key", r"(?<v>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,})", "AKIAIOSFODNN7EXAMPLE"),
    shape("Bedrock API key", "key", r"(?<v>(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=]{20,})", "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl"),
    shape("Google API key", "key", r"(?<v>AIza[A-Za-z0-9_-]{20,})", "AIzaSyA1234567890abcdefghijklmnopqrstuv"),
    shape("Google OAuth", "token", r"EDGE(?<v>ya29\.[A-Za-z0-9_-]{10,})", "ya29.a0AfH6SMBexample1234"),
    shape("Google OAuth client", "key", r"(?<v>GOCSPX-[A-Za-z0-9_-]{16,})", "GOCSPX-abcdefgh12345678abcd"),
    shape("Google refresh token", "token", r"EDGE(?<v>1//0[A-Za-z0-9_-]{20,})", "1//0abcdefgh12345678abcdefgh"),
    shape(
        "Azure OpenAI",
        "key",
        r"(?<v>[A-Za-z0-9]{40,60}JQQJ9[A-Za-z0-9]{10,40})",
        "6cG4fEXAMPLE6cG4fEXAMPLE6cG4fEXAMPLE6cG4fEXAMPLE1234JQQJ99BAACYeBjFXJ3w3AAABACOGabcd",
    ),
    shape("Groq", "key", r"EDGE(?<v>gsk_[A-Za-z0-9]{16,})", "gsk_abcdefgh12345678abcdefgh"),
    shape("Hugging Face", "key", r"EDGE(?<v>(?:hf|api_org)_[A-Za-z0-9]{16,})", "hf_abcdefghijklmnopqrstuvwx12"),
    shape("Replicate", "key", r"EDGE(?<v>r8_[A-Za-z0-9]{16,})", "r8_abcdefgh12345678abcdefgh"),
    shape("Perplexity", "key", r"EDGE(?<v>pplx-[A-Za-z0-9]{16,})", "pplx-abcdefgh12345678abcdefgh"),
    shape("xAI", "key", r"EDGE(?<v>xai-[A-Za-z0-9]{16,})", "xai-abcdefgh12345678abcdefgh"),
    shape("NVIDIA NIM", "key", r"EDGE(?<v>nvapi-[A-Za-z0-9_-]{16,})", "nvapi-abcdefgh_12345678-abcdefgh"),
    shape("Fireworks", "key", r"EDGE(?<v>fw_[A-Za-z0-9]{16,})", "fw_abcdefgh12345678abcdef"),
    shape("Together", "key", r"EDGE(?<v>tgp_v1_[A-Za-z0-9_-]{16,})", "tgp_v1_abcdefgh12345678abcdefgh"),
    shape("Cerebras", "key", r"EDGE(?<v>csk-[A-Za-z0-9]{16,})", "csk-abcdefgh12345678abcdefgh"),
    shape("Voyage", "key", r"EDGE(?<v>pa-[A-Za-z0-9_-]{36,})", "pa-abcdefgh12345678abcdefgh12345678abcdefgh"),
    shape("Jina", "key", r"EDGE(?<v>jina_[A-Za-z0-9_-]{16,})", "jina_abcdefgh12345678abcdefgh"),
    shape("Databricks", "key", r"EDGE(?<v>dapi[0-9a-f]{32}(?:-[0-9])?)", "dapi0123456789abcdef0123456789abcdef"),
    shape("Anyscale", "key", r"EDGE(?<v>esecret_[A-Za-z0-9]{16,})", "esecret_abcdefgh12345678abcd"),
    shape("Baidu", "key", r"(?<v>bce-v3/ALTAK-[A-Za-z0-9/]{16,})", "bce-v3/ALTAK-abcdefgh12345678/abcdef"),
    shape("Alibaba Cloud", "key", r"EDGE(?<v>LTAI[A-Za-z0-9]{12,})", "LTAIabcdefgh12345678"),
    shape("Vercel, Chutes", "key", r"EDGE(?<v>(?:vck|cpk)_[A-Za-z0-9_.]{16,})", "vck_abcdefgh12345678abcdefgh"),
    shape("LangSmith, PostHog", "key", r"EDGE(?<v>(?:lsv2_(?:pt|sk)|ls__|phc|phx)_?[A-Za-z0-9_]{16,})", "lsv2_pt_abcdefgh12345678abcd_1234"),
    shape("GitHub, GitLab", "token", r"EDGE(?<v>(?:gh[opsur]_|github_pat_|glpat-)[A-Za-z0-9_-]{16,})", "ghp_abcdefghijklmnopqrstuvwx1234567890ab"),
    shape("Slack", "token", r"(?<v>xox[abeprs]-[A-Za-z0-9-]{10,})", "xoxb-123456789012-abcdefgh"),
    shape("Slack webhook", "token", r"hooks\.slack\.com/services/(?<v>[A-Za-z0-9/_-]{8,})", "hooks.slack.com/services/T0000/B0000/abcdefgh"),
    shape("JWT", "token", r"(?<v>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc"),
];

/// E-mail addresses; the `@` may be encoded. A model's `@20250929` has no domain.
pub(super) const EMAIL: Shape = shape(
    "e-mail",
    "email",
    r"(?:\\[abfnrtv]|(?-u:%(?:20|22|3[DdAa])))?(?<v>[\w.%+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.[\w-]*[^\W\d_][\w-]*)",
    "jane.doe@example.com",
);

#[cfg(test)]
mod tests {
    use super::super::search::masked;
    use super::*;

    #[test]
    fn each_form_is_seen_wherever_it_stands() {
        for Shape { name, kind, example, .. } in SHAPES.iter().chain([&EMAIL]) {
            for (before, after) in [("", ""), ("key \"", "\" refused"), ("'\\n", "\\n'"), ("a=", "&b"), ("\\u0022", "\\u0022"), ("é", "é")] {
                let text = format!("{before}{example}{after}");
                let seen = masked(&text);
                let secret = example.trim_end_matches('@').rsplit("://").next().unwrap();
                assert!(!seen.contains(secret) && seen.contains(&format!("[{kind}:")), "{name}: {text} → {seen}");
            }
        }
    }
}
