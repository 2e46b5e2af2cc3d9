//! The query string.

use std::collections::HashMap;

use memchr::memchr2;

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

    /// The same with PHP's lists, `a[]=1&a[]=2` or `a[0]=1&a[1]=2`, each joined to `a=1,2`; nothing
    /// if there are none. So does Pusher's PHP library sign them.
    #[must_use]
    pub fn with_joined_lists(&self) -> Option<Self> {
        if !self.iter().any(|(name, _)| name.ends_with(']')) {
            return None;
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        let mut lists = HashMap::new();
        for (name, value) in self.iter() {
            let list = name.strip_suffix(']').and_then(|name| name.split_once('['));
            let name = list.map_or(name, |(list, _)| list);
            match lists.get(name) {
                Some(&position) if list.is_some() => {
                    let (_, values): &mut (String, String) = &mut parameters[position];
                    values.extend([",", value]);
                }
                _ => {
                    if list.is_some() {
                        lists.insert(name, parameters.len());
                    }
                    parameters.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        (!lists.is_empty()).then_some(Self { parameters })
    }

    /// All parameters.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn decode(text: &str) -> String {
    if memchr2(b'%', b'+', text.as_bytes()).is_none() {
        return text.to_owned();
    }
    let decoded = percent::decode(&text.replace('+', " "));
    String::from_utf8(decoded)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
