//! The query string.

use super::percent;

/// The parameters of a query, decoded, in the order of sending.
///
/// Bytes that are not UTF-8 become U+FFFD: no signature covers them, so the request is refused.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Reads what follows the `?`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let parameters = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self {
            parameters: parameters.collect(),
        }
    }

    /// The value of a parameter; of a repeated one the last, as PHP has it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter()
            .rev()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value)
    }

    /// All parameters.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn decode(text: &str) -> String {
    let decoded = percent::decode(&text.replace('+', " "));
    String::from_utf8(decoded)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
