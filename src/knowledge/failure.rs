//! Kinds of stream failure and their texts.
//!
//! LiteLLM's own class misleads: a rate limit event of Anthropic shows as `InternalServerError`, an empty
//! `AnthropicException - ` is a read timeout of the httpx transport, `TransferEncodingError: 400` is a cut connection. So
//! the text decides first, by the rows below in their order, and the class only where no text does.
//! Sources: stream failures provoked on LiteLLM 1.77.7–1.109.1 with Anthropic, OpenAI and Bedrock primaries.

use serde::Serialize;

/// What broke the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The provider said that it is overloaded.
    Overloaded,
    /// A rate limit of requests or tokens.
    RateLimit,
    /// Nothing came for too long.
    Timeout,
    /// The connection was cut, reset or never made.
    Connection,
    /// The provider sent something that is not a valid event.
    MalformedResponse,
    /// The provider failed without saying more.
    ServerError,
    /// The key is wrong or may not do this.
    Auth,
    /// The account's money or quota is spent.
    Quota,
    /// The request is longer than the model's context.
    ContextWindow,
    /// The provider refused the request for another reason.
    BadRequest,
    /// The text is none of those known here.
    Unknown,
}

/// Where an operator looks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Keys and permissions.
    AccountAuth,
    /// Limits and money.
    QuotaRate,
    /// The provider's side.
    ModelProvider,
    /// The proxy's own host.
    LocalRuntime,
    /// LiteLLM's configuration or the request's size.
    DeploymentConfig,
}

/// Texts by which a kind is told, compared without regard to case; the first row that fits decides.
const TEXTS: [(Kind, &[&str]); 11] = [
    (Kind::Quota, &["insufficient_quota", "exceeded your current quota", "credit balance is too low", "billing_hard_limit", "payment required"]),
    (Kind::ContextWindow, &["prompt is too long", "maximum context length", "contextwindowexceeded", "context_length_exceeded"]),
    (Kind::Overloaded, &["overloaded"]),
    (Kind::RateLimit, &["rate limit", "rate_limit", "ratelimiterror", "too many tokens", "too many requests", "throttling", "throttled"]),
    (
        Kind::Auth,
        &[
            "invalid x-api-key",
            "authentication_error",
            "incorrect api key",
            "authenticationerror",
            "permission_error",
            "permissiondenied",
            "invalid api key",
        ],
    ),
    (
        Kind::MalformedResponse,
        &[
            "unterminated string",
            "error parsing chunk",
            "jsondecodeerror",
            "expecting value",
            "expecting property name",
            "expecting ',' delimiter",
            "invalid control character",
            "extra data: line",
            "stream ended before a finish_reason",
        ],
    ),
    (
        Kind::Connection,
        &[
            "transferencodingerror",
            "payload is not completed",
            "peer closed connection",
            "incomplete chunked read",
            "connection error",
            "connection reset",
            "server disconnected",
            "connection closed",
            "connection refused",
            "cannot connect to host",
            "name or service not known",
            "temporary failure in name resolution",
            "certificate verify failed",
            "clientpayloaderror",
            "remoteprotocolerror",
            "readerror",
        ],
    ),
    (Kind::Timeout, &["timeout on reading", "timed out", "readtimeout", "apitimeouterror", "litellm.timeout"]),
    (Kind::ServerError, &["internal server error", "server had an error", "api_error", "bad gateway", "service unavailable"]),
    (Kind::ServerError, &["internalservererror", "serviceunavailableerror"]),
    (Kind::BadRequest, &["badrequesterror", "invalid_request_error", "notfounderror"]),
];

/// Texts of a connection that never left the proxy's host.
const LOCAL: [&str; 5] = [
    "connection refused",
    "cannot connect to host",
    "name or service not known",
    "temporary failure in name resolution",
    "certificate verify failed",
];

/// LiteLLM's exception classes and the status that each stands for. Source: `litellm/exceptions.py`.
const STATUS: [(&str, u16); 12] = [
    ("InternalServerError", 500),
    ("APIConnectionError", 500),
    ("APIError", 500),
    ("RateLimitError", 429),
    ("Timeout", 408),
    ("ServiceUnavailableError", 503),
    ("AuthenticationError", 401),
    ("PermissionDeniedError", 403),
    ("NotFoundError", 404),
    ("BadRequestError", 400),
    ("ContextWindowExceededError", 400),
    ("ContentPolicyViolationError", 400),
];

/// The kind of a stream failure.
///
/// `message` is what follows the provider word and may be empty; `class` is LiteLLM's class without its module.
#[must_use]
pub fn kind(class: Option<&str>, message: &str) -> Kind {
    let text = message.to_ascii_lowercase();
    if let Some(kind) = told_by(&text) {
        return kind;
    }
    let class = class.unwrap_or_default();
    // An httpx read timeout has no text of its own (LiteLLM 1.85.0 with `DISABLE_AIOHTTP_TRANSPORT=True`).
    if class == "APIConnectionError" && text.trim_matches([' ', '.', '-']).is_empty() {
        return Kind::Timeout;
    }
    if class == "Timeout" {
        return Kind::Timeout;
    }
    told_by(&class.to_ascii_lowercase()).unwrap_or(Kind::Unknown)
}

fn told_by(text: &str) -> Option<Kind> {
    TEXTS.iter().find(|(_, words)| words.iter().any(|w| text.contains(w))).map(|(kind, _)| *kind)
}

/// The category of a failure; `message` tells a connection that failed on the proxy's own host.
#[must_use]
pub fn category(kind: Kind, message: &str) -> Option<Category> {
    Some(match kind {
        Kind::Auth => Category::AccountAuth,
        Kind::Quota | Kind::RateLimit => Category::QuotaRate,
        Kind::Connection if LOCAL.iter().any(|w| message.to_ascii_lowercase().contains(w)) => Category::LocalRuntime,
        Kind::Overloaded | Kind::ServerError | Kind::MalformedResponse | Kind::Connection | Kind::Timeout => Category::ModelProvider,
        Kind::ContextWindow | Kind::BadRequest => Category::DeploymentConfig,
        Kind::Unknown => return None,
    })
}

/// The HTTP status that LiteLLM's exception class stands for.
#[must_use]
pub fn status(class: &str) -> Option<u16> {
    STATUS.iter().find(|(name, _)| *name == class).map(|(_, status)| *status)
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 11] = [
        Kind::Overloaded,
        Kind::RateLimit,
        Kind::Timeout,
        Kind::Connection,
        Kind::MalformedResponse,
        Kind::ServerError,
        Kind::Auth,
        Kind::Quota,
        Kind::ContextWindow,
        Kind::BadRequest,
        Kind::Unknown,
    ];

    /// The name in snake case, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Overloaded => "overloaded",
            Kind::RateLimit => "rate_limit",
            Kind::Timeout => "timeout",
            Kind::Connection => "connection",
            Kind::MalformedResponse => "malformed_response",
            Kind::ServerError => "server_error",
            Kind::Auth => "auth",
            Kind::Quota => "quota",
            Kind::ContextWindow => "context_window",
            Kind::BadRequest => "bad_request",
            Kind::Unknown => "unknown",
        }
    }
}

impl Category {
    /// The name in snake case, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Category::AccountAuth => "account_auth",
            Category::QuotaRate => "quota_rate",
            Category::ModelProvider => "model_provider",
            Category::LocalRuntime => "local_runtime",
            Category::DeploymentConfig => "deployment_config",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_decides_before_the_class() {
        let cases = [
            ("InternalServerError", "Overloaded", Kind::Overloaded),
            ("APIConnectionError", "The engine is currently overloaded, please try again later", Kind::Overloaded),
            ("InternalServerError", "This request would exceed your organization's rate limit of 8,000 output tokens per minute.", Kind::RateLimit),
            ("RateLimitError", "Rate limit reached for gpt-4.1", Kind::RateLimit),
            ("RateLimitError", "", Kind::RateLimit),
            ("InternalServerError", "Internal server error. Handle with `litellm.InternalServerError`.", Kind::ServerError),
            ("APIConnectionError", "The server had an error while processing your request. Sorry about that!", Kind::ServerError),
            ("APIConnectionError", "Timeout on reading data from socket", Kind::Timeout),
            ("APIConnectionError", "", Kind::Timeout),
            ("Timeout", "Request timed out.", Kind::Timeout),
            (
                "APIConnectionError",
                "Response payload is not completed: <TransferEncodingError: 400, message='Not enough data to satisfy transfer length header.'>",
                Kind::Connection,
            ),
            ("APIConnectionError", "peer closed connection without sending complete message body (incomplete chunked read)", Kind::Connection),
            ("APIConnectionError", "Connection error.", Kind::Connection),
            ("APIConnectionError", "Unterminated string starting at: line 1 column 84 (char 83)", Kind::MalformedResponse),
            ("APIConnectionError", "Stream ended before a finish_reason was received", Kind::MalformedResponse),
            ("InternalServerError", "something new", Kind::ServerError),
            ("BadRequestError", "something new", Kind::BadRequest),
            ("APIError", "something new", Kind::Unknown),
        ];
        for (class, message, expected) in cases {
            assert_eq!(kind(Some(class), message), expected, "{class}: {message}");
        }
    }

    #[test]
    fn a_connection_that_never_left_the_host_is_local() {
        assert_eq!(category(Kind::Connection, "Cannot connect to host api.anthropic.com:443"), Some(Category::LocalRuntime));
        assert_eq!(category(Kind::Connection, "Connection reset by peer"), Some(Category::ModelProvider));
    }
}
