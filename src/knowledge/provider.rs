//! The provider words in LiteLLM's error texts (`AnthropicException - …`), and what their error bodies tell.

/// One provider as LiteLLM names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// The word before `Exception` or `Error` in LiteLLM's error text.
    pub word: &'static str,
    /// LiteLLM's provider name, as in `provider/model`.
    pub name: &'static str,
    /// Whether a streaming call's 400 body is printed as `b'{…}'` and a plain `{…}` therefore was no stream.
    /// Seen on 1.74.15–1.109.1 for Anthropic, Azure AI and Vertex AI; Bedrock never prints `b'…'`.
    pub marks_streaming: bool,
    /// Whether each rejection's body ends with the provider's request id (`req_…`, `req_vrtx_…`).
    pub names_requests: bool,
}

/// Anthropic's models behind a provider that passes Anthropic's own bodies on.
const fn anthropic(word: &'static str, name: &'static str) -> Provider {
    Provider { word, name, marks_streaming: true, names_requests: true }
}

const fn other(word: &'static str, name: &'static str) -> Provider {
    Provider { word, name, marks_streaming: false, names_requests: false }
}

/// All known provider words.
pub const PROVIDERS: [Provider; 14] = [
    anthropic("Anthropic", "anthropic"),
    anthropic("Azure_ai", "azure_ai"),
    anthropic("Vertex_ai", "vertex_ai"),
    anthropic("VertexAI", "vertex_ai"),
    other("Bedrock", "bedrock"),
    other("Openrouter", "openrouter"),
    other("Deepseek", "deepseek"),
    other("Mistral", "mistral"),
    other("Databricks", "databricks"),
    other("Azure", "azure"),
    other("Gemini", "gemini"),
    other("Groq", "groq"),
    other("OpenAI", "openai"),
    other("Litellm_proxy", "litellm_proxy"),
];

/// The provider of an error text's word (`Anthropic` of `AnthropicException`), if it is known.
#[must_use]
pub fn by_word(word: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|p| p.word.eq_ignore_ascii_case(word))
}

/// The provider by LiteLLM's name for it, as payloads have it.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|p| p.name == name)
}

/// The provider's name by an exception class of its own (`AnthropicError`).
#[must_use]
pub fn by_class(class: &str) -> Option<&'static str> {
    by_word(class.strip_suffix("Error").or_else(|| class.strip_suffix("Exception"))?).map(|p| p.name)
}
