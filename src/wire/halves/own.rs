//! Which lines show to be an error's own.
//!
//! What a user asks may be a traceback, or speak of errors. So a line is judged by words that LiteLLM and its libraries print and few others
//! do, and by the line before it; that an error's line stands before it makes no line an error's.

use std::sync::LazyLock;

use regex::Regex;

/// How lines start that belong to an error: what stands between tracebacks, LiteLLM's nested texts.
const STARTS: [&str; 15] = [
    "Traceback (most recent call last):",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "Available Model Group Fallbacks=",
    "Error doing the fallback: ",
    "Received Model Group=",
    ". Received Model Group=",
    "LiteLLM: model group '",
    "Received chunk:",
    "Debug Information:",
    "Cooldown Deployments=",
    "Set 'context_window_fallback'",
    "Set 'content_policy_fallback'",
    "No fallback model group found for original model_group=",
    "For more information check: https://",
];

/// Modules whose exceptions need no traceback before them to be known.
const MODULES: [&str; 9] = ["litellm.", "openai.", "anthropic.", "httpx.", "httpcore.", "aiohttp.", "botocore.", "asyncio.", "json.decoder."];

/// What the path of a frame holds that is no user's.
const LIBRARIES: [&str; 4] = ["/litellm/", "site-packages", "/python", "<frozen "];

/// Words of which the rest of an error's line has one.
const REST: [&str; 17] = [
    "\"request_id\":",
    "Received Model Group=",
    "Available Model Group Fallbacks",
    "Exception - ",
    "Error - ",
    "litellm.exceptions.",
    "Exception occured",
    "assistant message prefill",
    "MidStreamFallbackError",
    "also failed",
    "_fallbacks=",
    "do fallbacks",
    ".py\", line ",
    ".py\\\", line ",
    " of the above exception",
    "LiteLLM Proxy:",
    "LiteLLM Router:",
];

/// Words of a request, whose line is not LiteLLM's alone, whatever else it has.
const REQUEST: [&str; 8] = ["'messages'", "\"messages\"", "'role'", "\"role\"", "'content'", "\"content\"", "litellm_params", "proxy_server_request"];

/// Fields of a JSON record that stand behind its message and level.
const BEHIND_LEVEL: [&str; 3] = ["\"timestamp\": \"", "\"component\": \"", "\"logger\": \""];

/// A rest too short to hold more than the end of a word.
const SHORT: usize = 4;

/// Lines one behind the other.
#[derive(Default)]
pub(super) struct Lines {
    /// Whether the last one was a frame's.
    in_frame: bool,
}

impl Lines {
    /// Whether the next line is an error's.
    pub(super) fn is_own(&mut self, line: &str) -> bool {
        let behind_frame = std::mem::take(&mut self.in_frame);
        if line.trim().is_empty() {
            self.in_frame = behind_frame;
            return false;
        }
        self.in_frame = is_frame(line) || (behind_frame && line.starts_with("    "));
        self.in_frame || begins(line) || (behind_frame && names_class(line))
    }

    /// Takes a line for an error's: the first one, whose start is missing.
    pub(super) fn take_rest(&mut self, line: &str) {
        self.in_frame = line.contains(".py\", line ");
    }

    /// Whether the last line, which was cut, may have been to become an error's.
    pub(super) fn may_become_own(&mut self, line: &str) -> bool {
        let start = line.trim_start();
        let frame = "File \"/".starts_with(start) || (start.starts_with("File \"/") && !start["File \"/".len()..].contains([' ', '"']));
        let class = MODULES.iter().any(|module| module.starts_with(line) || line.strip_prefix(module).is_some_and(is_name));
        self.is_own(line) || frame || class || STARTS.iter().any(|whole| whole.starts_with(line))
    }
}

/// Whether a line begins as an error's do, whatever stands before it.
fn begins(line: &str) -> bool {
    let lists = line.starts_with("model=") && line.contains("_fallbacks=");
    lists || STARTS.iter().any(|start| line.starts_with(start)) || (names_class(line) && MODULES.iter().any(|module| line.starts_with(module)))
}

/// Whether a line whose start is missing shows to be the rest of an error's.
pub(super) fn is_rest(line: &str) -> bool {
    let told = || REST.iter().any(|word| line.contains(word)) || STARTS.iter().any(|start| start.ends_with(line));
    may_be_rest(line) && (line.len() <= SHORT || told() || is_end_of_json(line) || is_end_of_advice(line))
}

/// Whether nothing in a line tells that it is a request's.
pub(super) fn may_be_rest(line: &str) -> bool {
    !REQUEST.iter().any(|word| line.contains(word))
}

/// Whether a line follows none but the message of an error.
pub(super) fn ends_message(line: &str) -> bool {
    line.starts_with("Available Model Group Fallbacks=") || line.starts_with("Error doing the fallback: ")
}

/// Whether a line is the end of a JSON record, from behind its message, or of an error's.
fn is_end_of_json(line: &str) -> bool {
    let told = match line.split_once("\"level\": \"") {
        Some((_, level)) => ["ERROR", "WARNING", "CRITICAL"].iter().any(|loud| level.starts_with(loud)),
        None => BEHIND_LEVEL.iter().any(|field| line.contains(field)),
    };
    told && line.ends_with('}')
}

/// Whether a line is the end of LiteLLM's ``Handle with `litellm.InternalServerError`.``, with which errors and their records end.
fn is_end_of_advice(line: &str) -> bool {
    let class = line.strip_prefix("litellm.").and_then(|rest| rest.split_once('`'));
    class.is_some_and(|(name, rest)| is_name(name) && rest.bytes().all(|byte| matches!(byte, b'.' | b'"' | b'}')))
}

fn is_frame(line: &str) -> bool {
    line.trim_start().starts_with("File \"") && LIBRARIES.iter().any(|library| line.contains(library))
}

/// Whether a line starts with the name of an exception: `ValueError: …`, `a.b.SomeException`.
fn names_class(line: &str) -> bool {
    let length = line.bytes().take_while(|byte| is_name_byte(*byte)).count();
    let (name, rest) = line.split_at(length);
    let ends = ["Error", "Exception", "Timeout", "Interrupt", "Warning"].iter().any(|end| name.ends_with(end));
    ends && (rest.is_empty() || rest.starts_with(':'))
}

fn is_name(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
}

/// How the head of a text record begins, cut anywhere before its message.
static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let clock = r"\d{0,2}(?::\d{0,2}){0,2}";
    let logger = r"(?: | P| Pr| Pro| Prox| Proxy| R| Ro| Rou| Rout| Route| Router)?";
    let place = r"(?::(?:[A-Z]{1,8}(?::(?: (?:[a-z_]{1,40}(?:\.p?y?(?::\d{0,5}(?: -? ?)?)?)?)?)?)?)?)?";
    Regex::new(&format!(r"\A(?:\x1b\[92m)?{clock}(?: | -| - | - L| - Li| - Lit| - Lite| - LiteL| - LiteLL| - LiteLLM{logger}{place})?\z")).ok()
});

/// Whether a text that was cut may have been to become a text record's head: no more than a time, a logger and a place stands in it.
pub(super) fn begins_head(line: &str) -> bool {
    !line.is_empty() && HEAD.as_ref().is_some_and(|head| head.is_match(line))
}
