//! Reading named values, with errors that say which one is wrong and what it must be.

use std::{fmt::Display, ops::RangeInclusive};

use serde_json::{Map, Value};

/// A wrong value of the configuration; the operator must mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {found}must be {expected}")]
pub struct ConfigError {
    /// Where the value stands, such as `applications.0.key`.
    key: String,
    /// `is 0, but `; nothing for a secret.
    found: String,
    expected: String,
}

/// The named values of one object, and where it stands in the whole.
pub(super) struct Fields<'a> {
    values: &'a Map<String, Value>,
    /// Empty or ends with a dot.
    prefix: String,
}

const TEXT: &str = "a text that is not empty";

impl<'a> Fields<'a> {
    pub(super) fn root(value: &'a Value) -> Result<Self, ConfigError> {
        let values = value.as_object().ok_or_else(|| ConfigError {
            key: "the configuration".to_owned(),
            found: String::new(),
            expected: "an array of named values".to_owned(),
        })?;
        Ok(Self {
            values,
            prefix: String::new(),
        })
    }

    pub(super) fn error(&self, key: &str, expected: impl Display) -> ConfigError {
        let found = match self.values.get(key) {
            Some(value) => format!("is {value}, but "),
            None => "is missing, but ".to_owned(),
        };
        ConfigError {
            key: self.path(key),
            found,
            expected: expected.to_string(),
        }
    }

    /// As [`Fields::error`], without the value.
    pub(super) fn hidden_error(&self, key: &str, expected: impl Display) -> ConfigError {
        ConfigError {
            found: String::new(),
            ..self.error(key, expected)
        }
    }

    /// Where these values stand in the whole; empty or ends with a dot.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The names of the values that are there and not null.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a str> {
        let present = self.values.iter().filter(|(_, value)| !value.is_null());
        present.map(|(key, _)| key.as_str())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.present(key).is_some()
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.present(key)
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str, ConfigError> {
        self.optional_text(key)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| self.error(key, TEXT))
    }

    pub(super) fn optional_text(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        match self.present(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(key, TEXT)),
        }
    }

    /// As [`Fields::text`], with an error that does not show the value.
    pub(super) fn secret(&self, key: &str) -> Result<&'a str, ConfigError> {
        self.text(key).map_err(|_| self.hidden_error(key, TEXT))
    }

    /// As [`Fields::optional_text`], with an error that does not show the value.
    pub(super) fn optional_secret(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        self.optional_text(key).map_err(|error| ConfigError {
            found: String::new(),
            ..error
        })
    }

    pub(super) fn optional_texts(&self, key: &str) -> Result<Option<Vec<String>>, ConfigError> {
        match self.present(key) {
            None => Ok(None),
            Some(_) => self.texts(key).map(Some),
        }
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let texts = self
            .present(key)
            .and_then(Value::as_array)
            .and_then(|list| {
                list.iter()
                    .map(|item| item.as_str().map(str::to_owned))
                    .collect()
            });
        texts.ok_or_else(|| self.error(key, "a list of texts"))
    }

    pub(super) fn integer<N: TryFrom<u64>>(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
    ) -> Result<N, ConfigError> {
        let expected = format!("an integer from {} to {}", range.start(), range.end());
        self.optional_integer(key, range)?
            .ok_or_else(|| self.error(key, expected))
    }

    pub(super) fn integer_or<N: TryFrom<u64>>(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<N, ConfigError> {
        let expected = format!("an integer from {} to {}", range.start(), range.end());
        match self.optional_integer(key, range)? {
            Some(integer) => Ok(integer),
            None => N::try_from(default).map_err(|_| self.error(key, expected)),
        }
    }

    /// None for a value that is missing, null or an empty text.
    pub(super) fn optional_integer<N: TryFrom<u64>>(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<N>, ConfigError> {
        let integer = match self.present(key) {
            None => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64(),
        };
        integer
            .filter(|integer| range.contains(integer))
            .and_then(|integer| N::try_from(integer).ok())
            .map(Some)
            .ok_or_else(|| {
                let (least, most) = range.into_inner();
                self.error(key, format_args!("an integer from {least} to {most}"))
            })
    }

    pub(super) fn flag_or(&self, key: &str, default: bool) -> Result<bool, ConfigError> {
        match self.present(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.error(key, "true or false")),
        }
    }

    pub(super) fn list(&self, key: &str) -> Result<Vec<Self>, ConfigError> {
        let list = self
            .present(key)
            .and_then(Value::as_array)
            .ok_or_else(|| self.error(key, "a list"))?;
        list.iter()
            .enumerate()
            .map(|(index, item)| {
                let values = item
                    .as_object()
                    .ok_or_else(|| self.error(key, "a list of arrays of named values"))?;
                Ok(Self {
                    values,
                    prefix: format!("{}.{index}.", self.path(key)),
                })
            })
            .collect()
    }

    pub(super) fn optional_object(&self, key: &str) -> Result<Option<Self>, ConfigError> {
        match self.present(key) {
            None => Ok(None),
            // PHP does not tell an empty list from an empty array of named values.
            Some(Value::Array(list)) if list.is_empty() => Ok(None),
            Some(Value::Object(values)) => Ok(Some(Self {
                values,
                prefix: format!("{}.", self.path(key)),
            })),
            Some(_) => Err(self.error(key, "an array of named values")),
        }
    }

    fn present(&self, key: &str) -> Option<&'a Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }

    fn path(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}
