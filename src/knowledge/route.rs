//! The proxy's routes, by the frames of their endpoints in a traceback. Source: LiteLLM 1.74–1.109.

/// Frames of the proxy's endpoints, and their routes.
const ENDPOINT_FRAMES: [(&str, &str); 4] = [
    (", in chat_completion", "chat"),
    (", in responses_api", "responses"),
    (", in anthropic_response", "messages"),
    ("response_api_endpoints/endpoints.py", "responses"),
];

/// The route whose endpoint stands in a traceback.
#[must_use]
pub fn of_frames(traceback: &str) -> Option<&'static str> {
    ENDPOINT_FRAMES.iter().find(|(frame, _)| traceback.contains(frame)).map(|(_, route)| *route)
}
