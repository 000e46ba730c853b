//! A payload without what no one reads of it: most of a row is costs, headers and settings, and to build values of them takes longer
//! than all the rest.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The keys of a payload that [`super::payload`] reads, those of its metadata, and of its error.
const PAYLOAD: Keys = Keys(&[
    ("call_type", ALL),
    ("completionStartTime", ALL),
    ("custom_llm_provider", ALL),
    ("endTime", ALL),
    ("end_user", ALL),
    ("error_information", ALL),
    ("error_str", ALL),
    ("id", ALL),
    ("litellm_call_id", ALL),
    ("messages", ALL),
    ("metadata", METADATA),
    ("model", ALL),
    ("model_group", ALL),
    ("response_time", ALL),
    ("startTime", ALL),
    ("status", ALL),
    ("trace_id", ALL),
]);
const METADATA: Keys = Keys(&[
    ("litellm_api_version", ALL),
    ("user_api_key_alias", ALL),
    ("user_api_key_end_user_id", ALL),
    ("user_api_key_hash", ALL),
    ("user_api_key_request_route", ALL),
    ("user_api_key_team_alias", ALL),
    ("user_api_key_team_id", ALL),
    ("user_api_key_user_id", ALL),
]);
/// Of these, everything is read.
const ALL: Keys = Keys(&[]);

/// Which keys of an object are read, and of each which keys; all, if none is named.
#[derive(Clone, Copy)]
struct Keys(&'static [(&'static str, Keys)]);

/// The payload that fills a row, if the row is one JSON object and nothing else.
pub(super) fn payload(row: &[u8]) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(row);
    let value = PAYLOAD.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok().map(|()| value)
}

impl<'de> DeserializeSeed<'de> for Keys {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match self.0.iter().find(|(name, _)| *name == key) {
                Some((_, keys)) => {
                    object.insert(key.into_owned(), map.next_value_seed(*keys)?);
                }
                None if self.0.is_empty() => {
                    object.insert(key.into_owned(), map.next_value()?);
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_is_kept_and_nothing_else() {
        let row = br#"{"id": "x", "response": {"a": [1, "}"]}, "metadata": {"user_api_key_alias": null, "other": {}}, "messages": [{"role": "user"}],
            "response_time": -0.5, "cache_hit": true, "error_information": {"traceback": "a\nb", "error_code": 400}}"#;
        let expected = json!({"id": "x", "metadata": {"user_api_key_alias": null}, "messages": [{"role": "user"}], "response_time": -0.5,
            "error_information": {"traceback": "a\nb", "error_code": 400}});
        assert_eq!(payload(row), Some(expected));
        for row in [&b"{\"id\": 1} {}"[..], b"{\"id\": ", b"text"] {
            assert_eq!(payload(row), None);
        }
    }
}
