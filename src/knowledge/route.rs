//! The proxy's routes, by the frames of their endpoints in a traceback, by their call types and by their paths. Source: LiteLLM 1.74–1.109.

use crate::needle::Needle;

/// Frames of the proxy's endpoints, and their routes.
static ENDPOINT_FRAMES: [(Needle, &str); 4] = [
    (Needle::new(", in chat_completion"), CHAT),
    (Needle::new(", in responses_api"), RESPONSES),
    (Needle::new(", in anthropic_response"), MESSAGES),
    (Needle::new("response_api_endpoints/endpoints.py"), RESPONSES),
];

/// The route of chat completions.
pub const CHAT: &str = "chat";
/// The route of `/v1/messages`.
pub const MESSAGES: &str = "messages";
/// The route of `/v1/responses`.
pub const RESPONSES: &str = "responses";

/// LiteLLM's call types, and their routes.
const CALL_TYPES: [(&str, &str); 6] = [
    ("acompletion", CHAT),
    ("completion", CHAT),
    ("aresponses", RESPONSES),
    ("responses", RESPONSES),
    ("anthropic_messages", MESSAGES),
    ("aanthropic_messages", MESSAGES),
];

/// How the paths of the proxy's endpoints end, and their routes.
const PATHS: [(&str, &str); 3] = [("/chat/completions", CHAT), ("/responses", RESPONSES), ("/messages", MESSAGES)];

/// The route of a call type.
#[must_use]
pub fn of_call_type(call_type: &str) -> Option<&'static str> {
    CALL_TYPES.iter().find(|(name, _)| *name == call_type).map(|(_, route)| *route)
}

/// The route of a request's path.
#[must_use]
pub fn of_path(path: &str) -> Option<&'static str> {
    PATHS.iter().find(|(end, _)| path.ends_with(end)).map(|(_, route)| *route)
}

/// The route whose endpoint stands in a traceback.
#[must_use]
pub fn of_frames(traceback: &str) -> Option<&'static str> {
    ENDPOINT_FRAMES.iter().find(|(frame, _)| frame.is_in(traceback)).map(|(_, route)| *route)
}
