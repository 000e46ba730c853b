//! Times as reports print them, which tell all that is known of them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::record::Time;

/// A time in a facts file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown(pub(super) Time);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shown, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Shown;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a time like 2026-11-22T07:36:15.560479Z or 07:36:15")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Shown, E> {
                Time::of_shown(text).map(Shown).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
