//! The proxy's routes, by the frames of their endpoints in a traceback, by their call types and by their paths. Source: LiteLLM 1.74–1.109.

use crate::needle::Needles;

/// Frames of the proxy's endpoints, and their routes.
const ENDPOINT_FRAMES: [(&str, &str); 4] = [
    (", in chat_completion", CHAT),
    (", in responses_api", RESPONSES),
    (", in anthropic_response", MESSAGES),
    ("response_api_endpoints/endpoints.py", RESPONSES),
];
static FRAMES: Needles = Needles::new(&[ENDPOINT_FRAMES[0].0, ENDPOINT_FRAMES[1].0, ENDPOINT_FRAMES[2].0, ENDPOINT_FRAMES[3].0]);

/// The route of chat completions.
pub const CHAT: &str = "chat";
/// The route of `/v1/messages`.
pub const MESSAGES: &str = "messages";
/// The route of `/v1/responses`.
pub const RESPONSES: &str = "responses";

/// A route, where one is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Route {
    /// `/v1/chat/completions`
    Chat,
    /// `/v1/responses`
    Responses,
    /// `/v1/messages`
    Messages,
}

impl Route {
    /// All of them.
    pub const ALL: [Route; 3] = [Route::Chat, Route::Responses, Route::Messages];

    /// The name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Route::Chat => CHAT,
            Route::Responses => RESPONSES,
            Route::Messages => MESSAGES,
        }
    }
}

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
    let at = FRAMES.find(traceback)?;
    ENDPOINT_FRAMES.iter().find(|(frame, _)| traceback[at..].starts_with(frame)).map(|(_, route)| *route)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_frame_tells_its_route() {
        for (frame, route) in ENDPOINT_FRAMES {
            assert_eq!(of_frames(&format!("  File \"x.py\", line 1{frame}\n")), Some(route), "{frame}");
        }
        assert_eq!(of_frames("  File \"x.py\", line 1, in other\n"), None);
    }
}
