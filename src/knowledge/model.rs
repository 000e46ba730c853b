//! Whether a model rejects an assistant prefill, told from its name in any spelling.
//!
//! A rule, not a list: Claude 4.6 and all that came after it reject a trailing assistant message, Claude 4.5 and older accept it.
//! So a model that is not out yet falls on the right side. Sources: `supports_assistant_prefill` in LiteLLM's cost map,
//! 1.81.16–1.109.1; live runs of 4.5, 4.6 and 4.7.

/// The first version that rejects.
const FIRST_THAT_REJECTS: (u32, u32) = (4, 6);

/// Families that were there before 4.6: of these only a version tells. Source: Anthropic's model names, Claude 1 to 4.5.
const OLD_FAMILIES: [&str; 4] = ["opus", "sonnet", "haiku", "instant"];

/// Families that came with or after 4.6, which reject whatever their number. Source: LiteLLM's cost map, flag false since ≤1.85.7
/// (fable-5) and 1.98.0 (mythos-5, mythos-preview).
const NEW_FAMILIES: [&str; 2] = ["fable", "mythos"];

/// Words in a name that are no family. Source: names of models and aliases in LiteLLM's cost map, OpenRouter's variants.
const NO_FAMILIES: [&str; 14] =
    ["latest", "preview", "thinking", "fast", "beta", "stable", "default", "code", "free", "online", "extended", "high", "low", "max"];

/// Providers whose names for Claude are their own, not the operator's: an unknown family there is a new one. The empty one is a
/// bare name, which LiteLLM looks up in its own list.
const NAMING_PROVIDERS: [&str; 8] = ["", "anthropic", "bedrock", "vertex_ai", "openrouter", "vercel_ai_gateway", "databricks", "github_copilot"];

/// How the names of other families start. Source: LiteLLM's cost map, 1.109.1.
const OTHER_FAMILIES: [&str; 38] = [
    "gpt",
    "chatgpt",
    "o1",
    "o3",
    "o4",
    "codex",
    "gemini",
    "gemma",
    "llama",
    "meta-llama",
    "mistral",
    "mixtral",
    "ministral",
    "magistral",
    "devstral",
    "codestral",
    "pixtral",
    "qwen",
    "qwq",
    "deepseek",
    "command",
    "cohere",
    "nova",
    "titan",
    "jamba",
    "grok",
    "phi",
    "kimi",
    "glm",
    "minimax",
    "sonar",
    "granite",
    "dbrx",
    "falcon",
    "nemotron",
    "text-embedding",
    "davinci",
    "whisper",
];

/// Providers that serve no Claude at all. Source: as above.
const OTHER_PROVIDERS: [&str; 15] = [
    "azure",
    "azure_text",
    "gemini",
    "mistral",
    "codestral",
    "groq",
    "cohere",
    "cohere_chat",
    "xai",
    "deepseek",
    "cerebras",
    "ollama",
    "ollama_chat",
    "moonshot",
    "fireworks_ai",
];

/// Where LiteLLM's own cost map says that a model that rejects is capable.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongClaim {
    /// The provider, or none for all.
    provider: Option<&'static str>,
    /// The family.
    family: &'static str,
    /// The version.
    version: (u32, u32),
    /// The releases of LiteLLM whose map says so.
    pub releases: &'static str,
}

const fn wrong(provider: Option<&'static str>, family: &'static str, releases: &'static str) -> WrongClaim {
    WrongClaim { provider, family, version: (4, 6), releases }
}

/// All such claims. Source: the cost maps in the releases named; no release before 1.109.0 reads the flag to guard a request.
const WRONG_CLAIMS: [WrongClaim; 6] = [
    wrong(Some("databricks"), "opus", "up to 1.103.0, and 1.104.0"),
    wrong(Some("databricks"), "sonnet", "up to 1.103.0, and 1.104.0"),
    wrong(Some("vercel_ai_gateway"), "opus", "up to 1.103.0, and 1.104.0"),
    wrong(Some("openrouter"), "opus", "as long as they list it (gone by 1.104.9)"),
    wrong(Some("openrouter"), "sonnet", "as long as they list it (gone by 1.104.9)"),
    wrong(None, "sonnet", "1.81.16–1.102.4, 1.103.0 and 1.104.0"),
];

/// What a model does with a conversation that ends with an assistant message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefill {
    /// It answers 400.
    Rejects(Why),
    /// It goes on from there.
    Accepts(Why),
    /// It is not to be told.
    Unknown(Why),
}

/// Why that is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its version is on that side of 4.6.
    Version(u32, u32),
    /// Its family is newer than 4.6.
    NewFamily,
    /// It is no Claude model: the rejection is Claude's.
    NotClaude,
    /// It is Claude, but the name has no version.
    NoVersion,
    /// The name does not say which model it is: an alias, an ARN without a name.
    NoName,
    /// The name stands in the environment, which is not read.
    Environment,
}

impl Prefill {
    /// `rejects`, `accepts` or `unknown`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Prefill::Rejects(_) => "rejects",
            Prefill::Accepts(_) => "accepts",
            Prefill::Unknown(_) => "unknown",
        }
    }

    /// Why that is so, as a sentence without its end.
    #[must_use]
    pub fn reason(self) -> String {
        let (Prefill::Rejects(why) | Prefill::Accepts(why) | Prefill::Unknown(why)) = self;
        match why {
            Why::Version(major, minor) if matches!(self, Prefill::Rejects(_)) => {
                format!("Claude {major}.{minor} rejects prefill, as all from 4.6 on")
            }
            Why::Version(major, minor) => format!("Claude {major}.{minor} accepts prefill, as all before 4.6"),
            Why::NewFamily => "a Claude family newer than 4.6: all of these reject prefill".to_owned(),
            Why::NotClaude => "no Claude model: this rejection is Claude's, and others have rules of their own (streamfall explain)".to_owned(),
            Why::NoVersion => "Claude, but the name does not say which version".to_owned(),
            Why::NoName => "the name does not say which model it is".to_owned(),
            Why::Environment => "the name stands in the environment, which is not read".to_owned(),
        }
    }
}

/// What a model does with a prefill, by its name in any spelling (`provider/model`, Bedrock and Vertex ids, ARNs).
#[must_use]
pub fn prefill(model: &str) -> Prefill {
    let model = model.trim().to_ascii_lowercase();
    if model.starts_with("os.environ/") {
        return Prefill::Unknown(Why::Environment);
    }
    let Some(name) = Claude::of(&model) else { return Prefill::Unknown(without_claude(&model)) };
    let is_new = name.family.is_some_and(|family| NEW_FAMILIES.contains(&family));
    let is_old = name.family.is_none_or(|family| OLD_FAMILIES.contains(&family));
    match name.version {
        Some((major, minor)) if (major, minor) >= FIRST_THAT_REJECTS => Prefill::Rejects(Why::Version(major, minor)),
        Some((major, minor)) if is_old => Prefill::Accepts(Why::Version(major, minor)),
        // In an alias, a word that is no family may be a region or a team.
        Some(_) if !is_new && name.provider.is_empty() => Prefill::Unknown(Why::NoName),
        _ if is_new || (!is_old && NAMING_PROVIDERS.contains(&name.provider)) => Prefill::Rejects(Why::NewFamily),
        _ if is_old => Prefill::Unknown(Why::NoVersion),
        _ => Prefill::Unknown(Why::NoName),
    }
}

/// Where LiteLLM's cost map wrongly says that this model takes a prefill.
#[must_use]
pub fn wrong_claim(model: &str) -> Option<&'static WrongClaim> {
    let model = model.trim().to_ascii_lowercase();
    let name = Claude::of(&model)?;
    let fits = |claim: &&WrongClaim| {
        name.family == Some(claim.family) && name.version == Some(claim.version) && claim.provider.is_none_or(|provider| provider == name.provider)
    };
    WRONG_CLAIMS.iter().find(fits)
}

fn provider(model: &str) -> &str {
    model.split_once('/').map_or("", |(provider, _)| provider)
}

/// What is told of a name in which there is no Claude.
fn without_claude(model: &str) -> Why {
    let last = model.rsplit('/').next().unwrap_or_default();
    // Bedrock puts region and vendor before the name (`us.amazon.nova-pro-v1:0`), Databricks itself.
    let starts = |name: &str| OTHER_FAMILIES.iter().any(|family| name.starts_with(family));
    let is_other = starts(last) || last.split('.').any(starts) || starts(last.trim_start_matches("databricks-"));
    if !model.starts_with("arn:") && (is_other || OTHER_PROVIDERS.contains(&provider(model))) { Why::NotClaude } else { Why::NoName }
}

/// What a Claude model's name says.
struct Claude<'n> {
    provider: &'n str,
    family: Option<&'n str>,
    version: Option<(u32, u32)>,
}

impl<'n> Claude<'n> {
    fn of(model: &'n str) -> Option<Claude<'n>> {
        let at = model.rfind("claude")? + "claude".len();
        // What ends the name: a date behind `@`, a variant or Bedrock's revision behind `:`.
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = model[at..].find(|c| !is_part(c)).map_or(model.len(), |end| at + end);
        let tokens: Vec<&str> = model[at..end].split(['-', '_', '.']).filter(|token| !token.is_empty()).collect();
        let family = tokens.iter().copied().find(|token| token.chars().all(|c| c.is_ascii_alphabetic()) && !NO_FAMILIES.contains(token));
        Some(Claude { provider: provider(model), family, version: version(&tokens) })
    }
}

/// The version among the parts of a name: its first number of one or two digits, and the one next to it. Longer ones are dates.
fn version(tokens: &[&str]) -> Option<(u32, u32)> {
    let number = |token: &str| token.parse::<u32>().ok().filter(|_| token.len() <= 2);
    // `v2` is the model's version in first place and Bedrock's revision of it in any other.
    let first = |(index, token): (usize, &&str)| number(if index == 0 { token.trim_start_matches('v') } else { token }).map(|n| (index, n));
    let (index, major) = tokens.iter().enumerate().find_map(first)?;
    // GitHub Copilot and others write 4.1 as 41.
    if major >= 30 {
        return Some((major / 10, major % 10));
    }
    match tokens.get(index + 1) {
        Some(next) if number(next).is_some() => Some((major, number(next)?)),
        // Half a number (`7b`) may be the version's other half: then there is none.
        Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) && !is_date(next) => None,
        _ => Some((major, 0)),
    }
}

fn is_date(token: &str) -> bool {
    token.len() >= 6 && token.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_of_any_spelling_fall_on_their_side() {
        let rejects = [
            "claude-opus-4-6",
            "us.anthropic.claude-sonnet-4-6-v1:0",
            "anthropic/claude-opus-4.7",
            "vertex_ai/claude-sonnet-4-6@20260101",
            "azure_ai/claude-opus-4-7",
            "bedrock/converse/us.anthropic.claude-sonnet-4-6",
            "bedrock/invoke/anthropic.claude-opus-4-8-v1:0",
            "openrouter/anthropic/claude-opus-4.6",
            "openrouter/anthropic/claude-opus-4.6:thinking",
            "claude-fable-5",
            "claude-mythos-preview",
            "bedrock/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-6-v1",
            "claude-sonnet-6",
            "claude-opus-5-2",
            "claude-opus-4-10",
            "claude-haiku-5-5",
            "anthropic/claude-novella-1",
            "claude-novella",
            "databricks/databricks-claude-sonnet-4-6",
            "github_copilot/claude-opus-46",
            "Claude-Opus-4-6-20260205",
            "openai/claude-opus-4-6",
            "claude-opus-10",
            "claude-4-6-sonnet",
            "claude-4.6-opus",
            "litellm_proxy/claude-mythos-5",
            "claude-opus-4-6-fast",
            "claude-opus-4-7[1m]",
            "anthropic/claude-opus-4-7<b>",
        ];
        for model in rejects {
            assert!(matches!(prefill(model), Prefill::Rejects(_)), "{model}: {:?}", prefill(model));
        }
        let accepts = [
            "claude-3-7-sonnet-20250219",
            "claude-3-7-sonnet@20250219",
            "claude-opus-4-20250514",
            "claude-opus-4-1-20250805",
            "claude-sonnet-4@20250514",
            "bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "anthropic/claude-haiku-4-5-20251001",
            "openrouter/anthropic/claude-3.7-sonnet:thinking",
            "anthropic.claude-v2:1",
            "claude-2.1",
            "claude-instant-1.2",
            "github_copilot/claude-opus-41",
            "snowflake/claude-4-sonnet",
            "claude-opus-4-5",
            "claude-3-5-sonnet-latest",
            "claude-opus-4",
            "anthropic.claude-3-opus-20240229-v1:0",
        ];
        for model in accepts {
            assert!(matches!(prefill(model), Prefill::Accepts(_)), "{model}: {:?}", prefill(model));
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        let cases = [
            ("openai/gpt-4.1", Why::NotClaude),
            ("gpt-4o", Why::NotClaude),
            ("azure/my-deployment", Why::NotClaude),
            ("gemini/gemini-3-pro", Why::NotClaude),
            ("bedrock/us.amazon.nova-pro-v1:0", Why::NotClaude),
            ("openrouter/meta-llama/llama-4-scout", Why::NotClaude),
            ("openai/prod-chat", Why::NoName),
            ("bedrock/arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3", Why::NoName),
            ("anthropic/my-alias", Why::NoName),
            ("litellm_proxy/claude-prod", Why::NoName),
            ("claude-sonnet-latest", Why::NoVersion),
            ("claude", Why::NoVersion),
            ("", Why::NoName),
            ("os.environ/MODEL", Why::Environment),
            ("anthropic/*", Why::NoName),
            ("openai/claude-prod-2", Why::NoName),
            ("claude-opus-4-7b", Why::NoVersion),
        ];
        for (model, why) in cases {
            assert_eq!(prefill(model), Prefill::Unknown(why), "{model}");
        }
    }

    #[test]
    fn wrong_claims_of_the_cost_map() {
        let releases = |model| wrong_claim(model).map(|claim| claim.releases);
        assert_eq!(releases("bedrock/converse/us.anthropic.claude-sonnet-4-6"), Some("1.81.16–1.102.4, 1.103.0 and 1.104.0"));
        assert_eq!(releases("databricks/databricks-claude-opus-4-6"), Some("up to 1.103.0, and 1.104.0"));
        assert_eq!((releases("claude-opus-4-6"), releases("claude-sonnet-4-7"), releases("gpt-4.1")), (None, None, None));
    }
}
