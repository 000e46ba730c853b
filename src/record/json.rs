//! The JSON form: one object per line (`JSON_LOGS`, `litellm_settings.json_logs`).
//!
//! LiteLLM lifts the keys of the first literal in a message to the top level (`type`, `error`, `request_id`, or a config's
//! group name), and prompts can choose such names. So a key counts as the record's own only in its own place: `message`
//! first, `level` and `timestamp` behind it, and behind all that was lifted `component`, `logger`, `stacktrace`, in the
//! order in which LiteLLM 1.83–1.109 writes them; older releases have no `logger`, and their `stacktrace` is taken as it comes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::needle::Needle;

use super::time::Time;
use super::traceback::{self, Traceback};
use super::value::lenient_string;
use super::{Form, Record, ansi, own_keys, piece, text_of, walk};

static LEVEL: Needle = Needle::new("\"level\":");

/// Whether the line starts a JSON record.
pub(super) fn is_head(line: &[u8]) -> bool {
    line.starts_with(b"{\"message\":")
}

/// Whether a line with such a head is LiteLLM's: it has a level of its own. Shippers write `message` first, too.
pub(super) fn has_level(line: &[u8]) -> bool {
    let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
    LEVEL.all_in(line).any(|at| at > 0 && line[at - 1] != b'\\')
}

/// Reads the record of the first line; further lines belong to no record.
pub(super) fn read(bytes: &[u8]) -> Vec<(usize, Record<'_>)> {
    let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |i| i + 1);
    let line = text_of(&bytes[..end]);
    let (keys, cut) = match own_keys::read(line.trim_end()).or_else(|| parse(line.trim_end())) {
        Some(keys) => (keys, false),
        None => match cut_message(&line) {
            Some(message) => (OwnKeys { message: Some(message), ..OwnKeys::default() }, true),
            None => return piece(bytes, 0),
        },
    };
    let mut parts = vec![(0, record(keys, cut))];
    parts.extend(piece(bytes, end));
    parts
}

fn record<'a>(keys: OwnKeys, cut: bool) -> Record<'a> {
    let mut message = ansi::strip(Cow::Owned(keys.message.unwrap_or_default())).into_owned();
    let trace: Option<Traceback<'a>> = match keys.stacktrace {
        Some(text) => Some(Traceback::of(text.into())),
        None => traceback::start(&message).map(|at| Traceback::of(message.split_off(at).into())),
    };
    let broken = cut || trace.as_ref().is_some_and(|t| !t.regular) || traceback::stands_in_message(&message);
    Record {
        form: Some(Form::Json),
        time: keys.timestamp.as_deref().and_then(Time::of_iso),
        level: Cow::Owned(keys.level.unwrap_or_default()),
        origin: keys.logger.and_then(|l| l.rsplit_once(':').and_then(|(f, n)| Some((Cow::Owned(f.to_owned()), n.parse().ok()?)))),
        message: Cow::Owned(message),
        traceback: trace,
        broken,
        call_id: keys.call_id,
    }
}

/// The keys that are the record's own.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OwnKeys {
    message: Option<String>,
    level: Option<String>,
    timestamp: Option<String>,
    logger: Option<String>,
    stacktrace: Option<String>,
    call_id: Option<String>,
    after_logger: bool,
    stacktrace_behind_logger: bool,
}

impl OwnKeys {
    /// Where the value of a key belongs that stands at this place in the record.
    pub(super) fn slot(&mut self, key: &str, index: usize) -> Option<&mut Option<String>> {
        Some(match key {
            "message" if index == 0 => &mut self.message,
            "level" if index == 1 => &mut self.level,
            "timestamp" if index == 2 => &mut self.timestamp,
            "logger" => {
                self.after_logger = true;
                &mut self.logger
            }
            "stacktrace" => {
                self.stacktrace_behind_logger = self.after_logger;
                &mut self.stacktrace
            }
            "litellm_call_id" => &mut self.call_id,
            _ => return None,
        })
    }

    /// When all keys were seen; a record without a message is none.
    pub(super) fn settled(mut self) -> Option<OwnKeys> {
        // Releases up to 1.82 have no `logger` before it.
        if self.after_logger && !self.stacktrace_behind_logger {
            self.stacktrace = None;
        }
        self.message.is_some().then_some(self)
    }
}

/// The keys of a line that is JSON.
pub(super) fn parse(line: &str) -> Option<OwnKeys> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let keys = (&mut deserializer).deserialize_map(OwnKeysVisitor).ok()?;
    deserializer.end().ok()?;
    Some(keys)
}

struct OwnKeysVisitor;

impl<'de> Visitor<'de> for OwnKeysVisitor {
    type Value = OwnKeys;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a LiteLLM JSON log record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OwnKeys, A::Error> {
        let (mut keys, mut index) = (OwnKeys::default(), 0);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match keys.slot(&key, index) {
                Some(slot) => *slot = decoded(map.next_value()?)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
            index += 1;
        }
        keys.settled().ok_or_else(|| A::Error::custom("the message is no text"))
    }
}

/// The text of a JSON string; `None` of any other value.
///
/// Messages and tracebacks are long and have an escape on each line: what is between them is copied as it stands.
///
/// # Errors
///
/// If an escape in it stands for nothing.
fn decoded<E: Error>(value: &RawValue) -> Result<Option<String>, E> {
    if !value.get().starts_with('"') {
        return Ok(None);
    }
    match walk::text(value.get()) {
        Some((text, "")) => Ok(Some(text.into_owned())),
        _ => serde_json::from_str(value.get()).map(Some).map_err(E::custom),
    }
}

/// The message of a line that is no whole JSON object: as far as it goes.
fn cut_message(line: &str) -> Option<String> {
    let start = line.strip_prefix("{\"message\":")?.trim_start().strip_prefix('"')?;
    Some(lenient_string(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_decoded_as_json_says() {
        for text in [r#""plain""#, r#""a\nb\t\"c\" \\ \/ \r\b\f""#, r#""\u00e9 \ud83d\ude00 x""#, r#""""#] {
            let raw: &RawValue = serde_json::from_str(text).unwrap();
            assert_eq!(decoded::<serde_json::Error>(raw).unwrap(), serde_json::from_str(text).unwrap(), "{text}");
        }
        for other in ["1", "null", "{\"a\": \"b\"}"] {
            assert_eq!(decoded::<serde_json::Error>(serde_json::from_str(other).unwrap()).unwrap(), None);
        }
        assert!(decoded::<serde_json::Error>(serde_json::from_str(r#""half \ud83d""#).unwrap()).is_err());
    }

    #[test]
    fn lifted_keys_are_not_the_records_own() {
        let line = br#"{"message": "m", "level": "ERROR", "timestamp": "2026-11-22T07:36:15.560479", "stacktrace_x": 1, "type": "error", "level": "lifted", "timestamp": "lifted", "component": "LiteLLM Router", "logger": "router.py:2165"}"#;
        let record = &read(line)[0].1;
        assert_eq!((record.message.as_ref(), record.level.as_ref()), ("m", "ERROR"));
        assert_eq!(record.origin, Some(("router.py".into(), 2165)));
        assert_eq!(record.time.map(|t| t.to_string()), Some("2026-11-22T07:36:15.560479".into()));
        assert!(!record.broken);
    }

    #[test]
    fn a_cut_line_gives_its_message_and_is_not_whole() {
        let cases = [(r#"{"message": "a \"b\" c\nd"#, "a \"b\" c\nd"), (r#"{"message": "a\u00"#, "a"), (r#"{"message": "a", "lev"#, "a")];
        for (line, expected) in cases {
            let parts = read(line.as_bytes());
            assert_eq!(parts[0].1.message, expected);
            assert!(parts[0].1.broken);
        }
    }
}
