//! Secrets that are told by their own form, wherever they stand.

/// A kind of value with a form of its own.
#[derive(Clone, Copy)]
#[cfg_attr(not(test), allow(dead_code, reason = "examples are for readers and tests"))]
pub(super) struct Shape {
    /// Whose it is.
    pub(super) name: &'static str,
    /// What its mask calls it.
    pub(super) kind: &'static str,
    /// Its form; the secret is the group `v`. A form that may stand in the midst of a word begins at [`EDGE`].
    pub(super) pattern: &'static str,
    /// What looks like one and is none.
    pub(super) is_none: fn(&str) -> bool,
    /// One that was never valid.
    pub(super) example: &'static str,
}

/// Before a value: no letter or digit, or the end of an escape (`\n`, `\u0022`, `%3D`, a colour).
pub(super) const EDGE: &str = r"(?:(?-u:\b)|_|\\[abfnrtv]|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]{0,8}m)";

const fn shape(name: &'static str, kind: &'static str, pattern: &'static str, example: &'static str) -> Shape {
    Shape { name, kind, pattern, is_none: |_| false, example }
}

const fn unless(is_none: fn(&str) -> bool, shape: Shape) -> Shape {
    Shape { is_none, ..shape }
}

/// Names of models and packages that begin like keys.
const NO_KEYS: [&str; 4] = ["sk-telecom", "sk-learn", "sk-hynix", "sk-image"];

fn is_no_key(value: &str) -> bool {
    NO_KEYS.iter().any(|name| value.starts_with(name))
}

/// `users_pk_constraint`: a key's random part has digits, or capitals in its midst.
fn is_words(value: &str) -> bool {
    value.split(['-', '_']).all(|part| {
        let rest = part.get(1..).unwrap_or_default();
        !part.contains('*')
            && (part.bytes().all(|byte| byte.is_ascii_digit()) || !rest.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase()))
    })
}

/// A version behind a package's name: `litellm@1.85.0-stable`.
fn is_version(value: &str) -> bool {
    let domain = value.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is_number = |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let mut labels = domain.split('.');
    is_number(labels.next()) && is_number(labels.next())
}

/// Forms by the providers' own documents, and by the secret scanners of GitHub and gitleaks. `EDGE` stands for itself.
pub(super) const SHAPES: [Shape; 45] = [
    // Before all others: what is in it is one secret.
    shape(
        "PEM block",
        "private-key",
        r"(?s:(?<v>-----BEGIN [A-Z0-9 ]*(?:KEY|CERTIFICATE)[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]+-----|\z)))",
        "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqh\\n-----END PRIVATE KEY-----",
    ),
    shape("URL with credentials", "password", r#":(?:/|\\+/){2}(?<v>[^\s/?#"'<>\\\[\]]+)@"#, "postgres://llmproxy:dbpassword9090@"),
    // Its password may be written as it is.
    shape(
        "URL of a database",
        "password",
        r#"(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?)(?:\+[a-z0-9]{1,16})?:(?:/|\\+/){2}(?<v>[^\s/?#"'<>\\\[\]:@]{0,64}:[^\s"'<>\\\[\]@]{1,200})@"#,
        "postgres://llm:pa/ss#planted9@",
    ),
    unless(
        is_no_key,
        shape(
            "OpenAI, Anthropic, OpenRouter, DeepSeek, LiteLLM, Langfuse",
            "key",
            r"EDGE(?<v>sk-[A-Za-z0-9_*-]{8,}|sk-[0-9]{4,}|(?i:sk-(?:ant|proj|or)-)[A-Za-z0-9_*-]{8,}|sk%2D(?:[A-Za-z0-9_*-]|%2D){8,})",
            "sk-ant-api03-abcdefgh12345678",
        ),
    ),
    unless(is_words, shape("Langfuse, Stripe", "key", r"EDGE(?<v>(?:sk_|[pr]k[-_])[A-Za-z0-9_*-]{8,})", "sk_live_abcdefgh12345678")),
    shape("OpenAI session", "key", r"EDGE(?<v>sess-[A-Za-z0-9]{16,})", "sess-abcdefgh12345678abcd"),
    // The name of a region in capitals begins like one.
    unless(
        |value| value.starts_with("ASIAPACIFIC"),
        shape("AWS access key", "key", r"(?<v>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,})", "AKIAIOSFODNN7EXAMPLE"),
    ),
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
    shape(
        "Slack app, Grafana, Stripe webhook, DigitalOcean, Shopify",
        "token",
        r"EDGE(?<v>(?:xapp-|gl(?:sa|c)_|whsec_|do[oprt]_v1_|shp(?:at|ca|pa|ss)_)[A-Za-z0-9_+/=-]{16,})",
        "glsa_abcdefgh12345678abcdefgh_12345678",
    ),
    shape(
        "AWS identity",
        "identity",
        r"arn:aws[a-z-]{0,12}:(?:iam|sts)::(?<v>[0-9]{12}:[A-Za-z0-9+=,.@/_-]+)",
        "arn:aws:iam::123456789012:user/jane.doe",
    ),
    shape(
        "Slack webhook",
        "token",
        r"hooks\.slack\.com/(?:services|triggers|workflows)/(?<v>[A-Za-z0-9/_-]{8,})",
        "hooks.slack.com/services/T0000/B0000/abcdefgh",
    ),
    shape(
        "Discord webhook",
        "token",
        r"discord(?:app)?\.com/api/webhooks/(?<v>[0-9]{6,}/[A-Za-z0-9_-]{16,})",
        "discord.com/api/webhooks/1234567890/abcdefgh12345678",
    ),
    shape("HashiCorp Vault", "token", r"EDGE(?<v>hv[sbr]\.[A-Za-z0-9_-]{16,})", "hvs.CAESabcdefgh12345678"),
    shape("SendGrid", "key", r"EDGE(?<v>SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})", "SG.abcdefgh12345678.abcdefgh12345678abcd"),
    shape("FriendliAI", "key", r"EDGE(?<v>flp_[A-Za-z0-9]{16,})", "flp_abcdefgh12345678abcd"),
    shape("Tavily", "key", r"EDGE(?<v>tvly-[A-Za-z0-9_-]{16,})", "tvly-abcdefgh12345678abcd"),
    shape("Weights & Biases", "key", r"EDGE(?<v>wandb_v1_[A-Za-z0-9_-]{16,})", "wandb_v1_abcdefgh12345678abcd"),
    shape("Pinecone", "key", r"EDGE(?<v>pcsk_[A-Za-z0-9_]{16,})", "pcsk_abcdefgh12345678abcd"),
    shape("npm", "token", r"EDGE(?<v>npm_[A-Za-z0-9]{30,})", "npm_abcdefgh12345678abcdefgh12345678abcd"),
    shape("AWS host", "ip", r"EDGEip-(?<v>[0-9]{1,3}(?:-[0-9]{1,3}){3})(?-u:\b)", "ip-10-217-33-41"),
    shape(
        "JWT, JWE",
        "token",
        r"(?<v>eyJ[A-Za-z0-9_-]{8,}\.(?:[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}|(?:\.[A-Za-z0-9_-]+){3}))",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
    ),
];

/// E-mail addresses; the `@` may be encoded. A model's `@20250929` has no domain. An apostrophe may be in an Irish name; others are quotes.
pub(super) const EMAIL: Shape = unless(
    is_version,
    shape(
        "e-mail",
        "email",
        r"(?:\\[abfnrtv]|(?-u:%(?:20|22|3[DdAa])))?(?<v>(?:(?-u:\b)[OoDd]')?[\w.%+-]+(?:@|%40|\\+u0040|&\x2364;)[\w-]+(?:\.[\w-]+)*\.[\w-]*[^\W\d_][\w-]*)",
        "jane.doe@example.com",
    ),
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
                let secret = example.trim_end_matches('@').rsplit("://").next().unwrap().trim_start_matches("ip-");
                assert!(!seen.contains(secret) && seen.contains(&format!("[{kind}:")), "{name}: {text} → {seen}");
            }
        }
    }

    #[test]
    fn what_looks_like_one_stays() {
        for text in [
            "sk-telecom-ax-4",
            "team-pk-production",
            "\"users_pk_constraint\"",
            "site-packages/sk_learn_extra/x.py",
            "litellm@1.85.0-stable litellm@1.85.0.rc1",
            "ASIAPACIFICSOUTHEAST",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn further_spellings() {
        for (text, secret) in [
            ("Received=sk-1234, expected", "sk-1234"),
            ("SK-ANT-API03-ABCDEFGH", "ABCDEFGH"),
            ("sk%2Dant%2Dabcdefgh1234", "abcdefgh"),
            (r"jane\u0040example.com", "jane"),
            ("o'planted@example.com", "o'"),
            (r"http:\/\/u:hunter2Planted@host", "hunter2"),
            ("postgres://llm:pa/ssPlanted9@db", "Planted9"),
            ("postgres://llm:pa#ssPlanted9@db", "Planted9"),
            ("eyJabcdefghijk..abcdefgh.ijkl.mnop", "mnop"),
            ("hooks.slack.com/triggers/T0000/B0000/abcdefgh", "abcdefgh"),
        ] {
            assert!(!masked(text).contains(secret), "{text} → {}", masked(text));
        }
        assert!(masked("b'jane@example.com'").starts_with("b'[email:"));
    }
}
