//! PHP's arrays to values that the lower layers read.

use std::fmt::{self, Display};

use ext_php_rs::{
    boxed::ZBox,
    error::Result,
    exception::{PhpException, PhpResult},
    flags::DataType,
    types::{ArrayKey, ZendHashTable, Zval},
};
use serde_json::{Map, Number, Value};

use super::exceptions::configuration;
use crate::client::Event;

/// How deep a configuration may be nested; an array that contains itself ends here.
const MAX_DEPTH: usize = 16;

/// Copies a configuration. An empty array counts as one with string keys.
pub(super) fn configuration_value(array: &ZendHashTable) -> PhpResult<Value> {
    map(array, Place::ROOT).map(Value::Object)
}

/// The texts of a list; anything else is a `TypeError` in PHP's words.
pub(super) fn texts<'a>(array: &'a ZendHashTable, argument: &str) -> PhpResult<Vec<&'a str>> {
    let text = |value: &'a Zval| value.dereference().str();
    let texts: Option<Vec<&str>> = array.values().map(text).collect();
    texts.ok_or_else(|| {
        let message = format!("{argument} must be a list of UTF-8 strings");
        PhpException::new(message, 0, ext_php_rs::zend::ce::type_error())
    })
}

/// One event of a batch, copied.
pub(super) struct BatchEvent {
    channels: Vec<String>,
    name: String,
    data: String,
    socket_id: Option<String>,
}

impl BatchEvent {
    pub(super) fn borrowed(&self) -> Event<'_> {
        Event {
            channels: self.channels.iter().map(String::as_str).collect(),
            name: &self.name,
            data: &self.data,
            socket_id: self.socket_id.as_deref(),
        }
    }
}

/// The events of a batch: a list of arrays with `channels`, `event`, `data` and perhaps `socket_id`.
pub(super) fn events(array: &ZendHashTable) -> PhpResult<Vec<BatchEvent>> {
    let event = |(index, entry): (usize, &Zval)| {
        batch_event(entry).ok_or_else(|| {
            let message = format!(
                "Reverb\\Publisher::publishBatch(): Argument #1 ($events) must be a list of arrays with a list of \
                 strings `channels` and strings `event`, `data` and, if there is one, `socket_id`; number {index} is not"
            );
            PhpException::new(message, 0, ext_php_rs::zend::ce::type_error())
        })
    };
    array.values().enumerate().map(event).collect()
}

fn batch_event(entry: &Zval) -> Option<BatchEvent> {
    let entry = entry.dereference().array()?;
    let text = |value: &Zval| value.dereference().str().map(str::to_owned);
    Some(BatchEvent {
        channels: entry
            .get("channels")?
            .dereference()
            .array()?
            .values()
            .map(text)
            .collect::<Option<_>>()?,
        name: text(entry.get("event")?)?,
        data: text(entry.get("data")?)?,
        socket_id: match entry.get("socket_id").map(Zval::dereference) {
            Some(value) if !value.is_null() => Some(text(value)?),
            _ => None,
        },
    })
}

/// An array with one text per key.
pub(super) fn text_array(entries: &[(&str, &str)]) -> Result<ZBox<ZendHashTable>> {
    let mut array = ZendHashTable::new();
    for (key, text) in entries {
        array.insert(*key, *text)?;
    }
    Ok(array)
}

/// A count as PHP's integer; one beyond it stays at the largest.
pub(super) fn integer(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// A JSON object as `json_decode` would give it with arrays for objects.
pub(super) fn map_array(map: Map<String, Value>) -> Result<ZBox<ZendHashTable>> {
    let mut array = ZendHashTable::new();
    for (key, value) in map {
        // As everywhere in PHP's arrays, a key of digits is an integer.
        match key.parse::<i64>() {
            Ok(index) if index.to_string() == key => array.insert(index, zval(value)?)?,
            _ => array.insert(key.as_str(), zval(value)?)?,
        };
    }
    Ok(array)
}

/// A JSON array, likewise.
pub(super) fn list_array(list: Vec<Value>) -> Result<ZBox<ZendHashTable>> {
    let mut array = ZendHashTable::new();
    for value in list {
        array.push(zval(value)?)?;
    }
    Ok(array)
}

fn zval(value: Value) -> Result<Zval> {
    let mut zval = Zval::new();
    match value {
        Value::Null => zval.set_null(),
        Value::Bool(value) => zval.set_bool(value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => zval.set_long(integer),
            None => zval.set_double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => zval.set_string(&text, false)?,
        Value::Array(list) => zval.set_hashtable(list_array(list)?),
        Value::Object(map) => zval.set_hashtable(map_array(map)?),
    }
    Ok(zval)
}

/// Where a value is, for the message if it is refused; put together only then.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// `None` for the configuration itself.
    around: Option<&'a Place<'a>>,
    key: &'a dyn Display,
    depth: usize,
}

impl<'a> Place<'a> {
    const ROOT: Place<'static> = Place {
        around: None,
        key: &"",
        depth: 0,
    };

    fn within(&'a self, key: &'a dyn Display) -> Self {
        Self {
            around: Some(self),
            key,
            depth: self.depth + 1,
        }
    }

    fn refused(&self, expected: &str) -> PhpException {
        configuration(format!(
            "the configuration value `{self}` must be {expected}"
        ))
    }
}

impl Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.around {
            Some(around) if around.depth > 0 => write!(formatter, "{around}.{}", self.key),
            _ => write!(formatter, "{}", self.key),
        }
    }
}

/// Copies a value.
fn value(zval: &Zval, place: Place<'_>) -> PhpResult<Value> {
    let zval = zval.dereference();
    let copy = match zval.get_type() {
        DataType::Null | DataType::Undef => Some(Value::Null),
        DataType::True => Some(Value::Bool(true)),
        DataType::False => Some(Value::Bool(false)),
        DataType::Long => zval.long().map(Value::from),
        DataType::Double => zval.double().and_then(Number::from_f64).map(Value::Number),
        DataType::String => zval.str().map(Value::from),
        DataType::Array => match zval.array() {
            Some(array) => return nested(array, place),
            None => None,
        },
        _ => None,
    };
    copy.ok_or_else(|| place.refused("a UTF-8 string, a number, a boolean, null or an array"))
}

fn nested(array: &ZendHashTable, place: Place<'_>) -> PhpResult<Value> {
    if place.depth >= MAX_DEPTH {
        return Err(place.refused("nested less deeply"));
    }
    if array.has_sequential_keys() {
        return list(array, place).map(Value::Array);
    }
    map(array, place).map(Value::Object)
}

fn list(array: &ZendHashTable, place: Place<'_>) -> PhpResult<Vec<Value>> {
    let entries = array.values().enumerate();
    entries
        .map(|(index, entry)| value(entry, place.within(&index)))
        .collect()
}

fn map(array: &ZendHashTable, place: Place<'_>) -> PhpResult<Map<String, Value>> {
    let entry = |(key, entry): (ArrayKey<'_>, &Zval)| {
        let key = text_of(key);
        let value = value(entry, place.within(&key))?;
        Ok((key, value))
    };
    array.iter().map(entry).collect()
}

fn text_of(key: ArrayKey<'_>) -> String {
    match key {
        ArrayKey::String(text) => text,
        ArrayKey::Str(text) => text.to_owned(),
        key => key.to_string(),
    }
}
