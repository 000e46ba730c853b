//! The names of LiteLLM's spans and of their attributes: those of its first OpenTelemetry logger (1.77.7–1.104.9, live runs) and
//! of the second (`LITELLM_OTEL_V2`, read in its source). The first attribute of a list that is there counts.

/// The span that stands for a client's request, and the one that tells how it failed.
pub const REQUEST: &str = "Received Proxy Server Request";
/// See above.
pub const FAILED: &str = "Failed Proxy Server Request";
/// The span of a request's first failure, or (≤1.80) of each attempt.
pub const ATTEMPT: &str = "litellm_request";

/// The error, as LiteLLM words it.
pub const ERROR: [&str; 2] = ["error.message", "exception"];
/// Its class.
pub const CLASS: [&str; 1] = ["error.type"];
/// Its traceback.
pub const STACK_TRACE: [&str; 2] = ["error.stack_trace", "litellm.provider.error.stack_trace"];
/// LiteLLM's call id (≥1.85.0).
pub const CALL_ID: [&str; 1] = ["litellm.call_id"];
/// The call id of an attempt that failed, before there was the attribute above.
pub const FAILED_CALL_ID: [&str; 1] = ["gen_ai.response.id"];
/// The call type.
pub const CALL_TYPE: [&str; 3] = ["llm.request.type", "litellm.call_type", "gen_ai.operation.name"];
/// The request's path.
pub const PATH: [&str; 3] = ["metadata.user_api_key_request_route", "http.route", "url.path"];
/// The messages as JSON text (≥1.82.6).
pub const MESSAGES: [&str; 1] = ["gen_ai.input.messages"];
/// The deployment's provider model.
pub const MODEL: [&str; 2] = ["litellm.provider.model", "gen_ai.request.model"];
/// The model group (≥1.88.6).
pub const MODEL_GROUP: [&str; 1] = ["litellm.model_group"];
/// The provider.
pub const PROVIDER: [&str; 3] = ["litellm.provider.error.llm_provider", "gen_ai.system", "gen_ai.provider.name"];
/// The key's alias or hash.
pub const KEY: [&str; 4] =
    ["metadata.user_api_key_alias", "litellm.metadata.user_api_key_alias", "metadata.user_api_key_hash", "litellm.api_key.hash"];
/// The team's alias or id.
pub const TEAM: [&str; 4] = ["metadata.user_api_key_team_alias", "litellm.team.alias", "metadata.user_api_key_team_id", "litellm.team.id"];
/// The user of the key.
pub const USER: [&str; 2] = ["metadata.user_api_key_user_id", "litellm.metadata.user_api_key_user_id"];
/// The end user.
pub const END_USER: [&str; 2] = ["metadata.user_api_key_end_user_id", "litellm.end_user.id"];
/// What the client calls itself.
pub const USER_AGENT: [&str; 1] = ["metadata.user_agent"];
/// LiteLLM's version.
pub const VERSION: [&str; 2] = ["litellm.version", "metadata.litellm_api_version"];
