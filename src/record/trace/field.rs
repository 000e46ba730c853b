//! Fields of a row that is read into a struct of its own: borrowed, lenient, and nothing is built of what no one reads.
//!
//! They take the types that [`crate::record::value`] takes: texts or numbers, objects or texts of objects.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::record::{Time, value, walk};

/// A field that holds a text or a number, if anything that is read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Field<'a> {
    /// The row does not have it.
    #[default]
    Absent,
    /// It holds something else.
    Other,
    /// A text.
    Text(Cow<'a, str>),
    /// A number.
    Number(Number),
}

impl Field<'_> {
    /// Whether the row has it.
    pub(super) fn is_there(&self) -> bool {
        *self != Field::Absent
    }

    /// Its text, if it is not empty.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Field::Text(text) if !text.is_empty() => Some(text.as_ref().to_owned()),
            Field::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Its number.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Field::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// Its instant.
    pub(super) fn instant(&self) -> Option<Time> {
        match self {
            Field::Text(text) => value::instant_of_text(text),
            Field::Number(number) if number.is_f64() => Time::of_seconds(number.as_f64()?),
            Field::Number(number) => value::instant_of_text(&number.to_string()),
            Field::Absent | Field::Other => None,
        }
    }
}

impl<'a> Field<'a> {
    /// Takes the value that starts here, and gives what stands behind it; `None` where the parser must decide.
    pub(super) fn walk(&mut self, value: &'a str) -> Option<&'a str> {
        // A key that stands twice.
        if self.is_there() {
            return None;
        }
        let behind;
        (*self, behind) = match value.as_bytes().first()? {
            b'"' => walk::text(value).map(|(text, behind)| (Field::Text(text), behind))?,
            b'-' | b'0'..=b'9' => {
                let behind = walk::past(value)?;
                (Field::Number(serde_json::from_str(&value[..value.len() - behind.len()]).ok()?), behind)
            }
            _ => (Field::Other, walk::past(value)?),
        };
        Some(behind)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Field<'a>, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for FieldVisitor<'a> {
    type Value = Field<'a>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Field<'a>, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Field<'a>, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Field<'a>, E> {
        Ok(Field::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Field<'a>, E> {
        Ok(Field::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Field<'a>, E> {
        Ok(Number::from_f64(number).map_or(Field::Other, Field::Number))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Field<'a>, E> {
        Ok(Field::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Field<'a>, E> {
        Ok(Field::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field<'a>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'a>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }
}

/// What has fields.
pub(super) trait Fields<'a> {
    /// The field with this key, if there is one.
    fn field(&mut self, key: &str) -> Option<&mut Field<'a>>;

    /// Takes the field with this key and the value that starts here, or passes over it; gives what stands behind the value.
    fn walk(&mut self, key: &str, value: &'a str) -> Option<&'a str> {
        self.field(key).map_or_else(|| walk::past(value), |field| field.walk(value))
    }
}

/// An object, or one that was written as a text; what is neither has none of its fields.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Nested<T> {
    /// Whether the row has it.
    pub(super) is_there: bool,
    /// Its fields.
    pub(super) fields: T,
}

impl<'a, T: Fields<'a>> Nested<T> {
    /// Takes the object that starts here, and gives what stands behind it; `None` where the parser must decide.
    pub(super) fn walk(&mut self, value: &'a str) -> Option<&'a str> {
        let is_first = !std::mem::replace(&mut self.is_there, true);
        is_first.then(|| walk::fields(value, |key, value| self.fields.walk(key, value)))?
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Nested<T>, D::Error> {
        let fields = deserializer.deserialize_any(NestedVisitor(PhantomData))?;
        Ok(Nested { is_there: true, fields })
    }
}

struct NestedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for NestedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object, or the text of one")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        // A list would be taken for fields in their order.
        if !text.trim_start().starts_with('{') {
            return Ok(T::default());
        }
        // A reader lends nothing, so the fields own what they hold.
        let mut deserializer = serde_json::Deserializer::from_reader(text.as_bytes());
        if let (Ok(fields), Ok(())) = (T::deserialize(&mut deserializer), deserializer.end()) {
            return Ok(fields);
        }
        // A key that stands twice is refused there; its last value counts. The value is read again, for it lends no longer than it lives.
        let last = serde_json::from_str::<serde_json::Value>(text).map(|value| value.to_string()).unwrap_or_default();
        Ok(T::deserialize(&mut serde_json::Deserializer::from_reader(last.as_bytes())).unwrap_or_default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Row<'a> {
        #[serde(borrow)]
        one: Field<'a>,
        #[serde(borrow)]
        inner: Nested<Inner<'a>>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        two: Field<'a>,
    }

    #[test]
    fn fields_take_what_writers_write() {
        type Case = (&'static str, Option<&'static str>, Option<&'static str>, bool);
        let cases: [Case; 10] = [
            (r#"{"inner": "{\"two\": \"x\", \"two\": \"y\"}"}"#, None, Some("y"), true),
            (r#"{"inner": "[\"y\"]"}"#, None, None, true),
            (r#"{"one": "x", "inner": {"two": "y"}, "other": [{}]}"#, Some("x"), Some("y"), true),
            (r#"{"one": 1.5, "inner": "{\"two\": \"y\\nz\"}"}"#, Some("1.5"), Some("y\nz"), true),
            (r#"{"one": [1, {"a": 2}], "inner": "no object"}"#, None, None, true),
            (r#"{"one": {"a": [2]}, "inner": null}"#, None, None, true),
            (r#"{"one": "", "inner": [1, 2]}"#, None, None, true),
            (r#"{"one": "a\u0041", "inner": 7}"#, Some("aA"), None, true),
            (r#"{"one": true}"#, None, None, false),
            ("{}", None, None, false),
        ];
        for (text, one, two, inner) in cases {
            let from_text: Row<'_> = serde_json::from_str(text).unwrap();
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            let from_value = Row::deserialize(&value).unwrap();
            for row in [from_text, from_value] {
                let found = (row.one.text(), row.inner.fields.two.text(), row.inner.is_there);
                assert_eq!((found.0.as_deref(), found.1.as_deref(), found.2), (one, two, inner), "{text}");
            }
        }
    }
}
