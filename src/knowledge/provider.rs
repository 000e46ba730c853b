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
}

const fn row(word: &'static str, name: &'static str, marks_streaming: bool) -> Provider {
    Provider { word, name, marks_streaming }
}

/// All known provider words.
pub const PROVIDERS: [Provider; 14] = [
    row("Anthropic", "anthropic", true),
    row("Azure_ai", "azure_ai", true),
    row("Vertex_ai", "vertex_ai", true),
    row("VertexAI", "vertex_ai", true),
    row("Bedrock", "bedrock", false),
    row("Openrouter", "openrouter", false),
    row("Deepseek", "deepseek", false),
    row("Mistral", "mistral", false),
    row("Databricks", "databricks", false),
    row("Azure", "azure", false),
    row("Gemini", "gemini", false),
    row("Groq", "groq", false),
    row("OpenAI", "openai", false),
    row("Litellm_proxy", "litellm_proxy", false),
];

/// The provider of an error text's word (`Anthropic` of `AnthropicException`), if it is known.
#[must_use]
pub fn by_word(word: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|p| p.word.eq_ignore_ascii_case(word))
}
