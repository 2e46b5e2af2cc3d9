//! The query string.

use std::{borrow::Cow, collections::HashMap};

use memchr::{memchr, memchr2};

use super::percent;

/// The parameters of a query, decoded, in the order of sending.
///
/// Bytes that are not UTF-8 become U+FFFD: no signature covers them, so the request is refused.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query<'q> {
    parameters: Vec<Parameter<'q>>,
}

/// A name and its value.
type Parameter<'q> = (Cow<'q, str>, Cow<'q, str>);

impl<'q> Query<'q> {
    /// Reads what follows the `?`.
    #[must_use]
    pub fn parse(text: &'q str) -> Self {
        let mut parameters = Vec::new();
        let mut rest = Some(text);
        while let Some(text) = rest {
            let pair;
            (pair, rest) = split(text, b'&');
            if !pair.is_empty() {
                let (name, value) = split(pair, b'=');
                parameters.push((decode(name), decode(value.unwrap_or_default())));
            }
        }
        Self { parameters }
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
    pub fn with_joined_lists(&self) -> Option<Query<'_>> {
        if !self.iter().any(|(name, _)| name.ends_with(']')) {
            return None;
        }
        let mut parameters: Vec<Parameter<'_>> = Vec::new();
        let mut lists: HashMap<&str, usize> = HashMap::new();
        for (name, value) in self.iter() {
            let list = name.strip_suffix(']').and_then(|name| name.split_once('['));
            let name = list.map_or(name, |(list, _)| list);
            match lists.get(name) {
                Some(&position) if list.is_some() => {
                    let (_, values) = &mut parameters[position];
                    values.to_mut().extend([",", value]);
                }
                _ => {
                    if list.is_some() {
                        lists.insert(name, parameters.len());
                    }
                    parameters.push((name.into(), value.into()));
                }
            }
        }
        (!lists.is_empty()).then_some(Query { parameters })
    }

    /// All parameters.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

/// What is before the first such byte, and what is behind it.
fn split(text: &str, byte: u8) -> (&str, Option<&str>) {
    match memchr(byte, text.as_bytes()) {
        Some(found) => (&text[..found], Some(&text[found + 1..])),
        None => (text, None),
    }
}

fn decode(text: &str) -> Cow<'_, str> {
    if memchr2(b'%', b'+', text.as_bytes()).is_none() {
        return text.into();
    }
    let decoded = percent::decode(&text.replace('+', " "));
    String::from_utf8(decoded)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        .into()
}
