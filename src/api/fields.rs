//! A JSON object whose values are read later, or never.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The fields in the order of sending. A body has few of them, and few are asked for, so that they
/// are found sooner one by one than by a hash of each.
#[derive(Debug, Default)]
pub(super) struct Fields<'b>(Vec<(Name<'b>, &'b RawValue)>);

impl<'b> Fields<'b> {
    /// The value of a field; of a repeated one the last, as in PHP.
    pub(super) fn get(&self, name: &str) -> Option<&'b RawValue> {
        let mut fields = self.0.iter().rev();
        let found = fields.find(|(Name(given), _)| given == name);
        found.map(|(_, value)| *value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

/// A name, copied only if it is written with escapes.
#[derive(Debug, Deserialize)]
struct Name<'b>(#[serde(borrow)] Cow<'b, str>);

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn the_last_of_a_name_counts_however_it_is_written() {
        let text = r#"{"a":1,"b":[2],"\u0061":"3","c":null}"#;
        let fields: Fields<'_> = serde_json::from_str(text).expect("an object");
        let get = |name| fields.get(name).map(|value| value.get());
        assert_eq!(get("a"), Some("\"3\""));
        assert_eq!(get("b"), Some("[2]"));
        assert_eq!(get("c"), Some("null"));
        assert_eq!(get("d"), None);
        assert!(!fields.is_empty());
    }

    #[test]
    fn only_objects_have_fields() {
        let empty: Fields<'_> = serde_json::from_str("{}").expect("an object");
        assert!(empty.is_empty());
        for text in [
            "[]",
            "1",
            "null",
            "\"a\"",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1}}",
        ] {
            assert!(serde_json::from_str::<Fields<'_>>(text).is_err(), "{text}");
        }
    }
}
