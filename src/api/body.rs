//! Reading and validating a body, with the texts of Laravel's validator.

use serde_json::value::RawValue;

use super::{ApiError, Event, FieldErrors, Info, fields::Fields};
use crate::protocol::{ChannelName, InvalidChannelName, SocketId, json};

const REQUIRED: &str = "is required";
const NOT_A_STRING: &str = "must be a string";
const NOT_A_LIST: &str = "must be an array";

/// Reads the body of `POST /events`.
pub(super) fn event(body: &[u8]) -> Result<Event, ApiError> {
    let mut errors = FieldErrors::default();
    let mut form = Form {
        prefix: String::new(),
        fields: object(body)?,
        errors: &mut errors,
    };
    let (name, data) = (form.required_text("name"), form.required_text("data"));
    let channels = form.channels();
    let event = form.event(name, data, channels);
    errors.into_result()?;
    Ok(event)
}

/// Reads the body of `POST /batch_events`.
pub(super) fn batch(body: &[u8]) -> Result<Vec<Event>, ApiError> {
    let mut errors = FieldErrors::default();
    let mut form = Form {
        prefix: String::new(),
        fields: object(body)?,
        errors: &mut errors,
    };
    let items = form.required_list("batch");
    let mut events = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let fields = if let Field::Object(fields) = Field::read(item) {
            fields
        } else {
            Fields::default()
        };
        let mut form = Form {
            prefix: format!("batch.{index}."),
            fields,
            errors: &mut errors,
        };
        let (name, data) = (form.required_text("name"), form.required_text("data"));
        let channel = form.required_text("channel");
        let channel = form.channel_name("channel", &channel);
        events.push(form.event(name, data, channel.into_iter().collect()));
    }
    errors.into_result()?;
    Ok(events)
}

/// A JSON value as far as validation looks into it.
enum Field<'b> {
    Text(String),
    List(Vec<&'b RawValue>),
    Object(Fields<'b>),
    Null,
    Other,
}

impl<'b> Field<'b> {
    fn read(value: &'b RawValue) -> Self {
        let text = value.get();
        let field = match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Self::Text),
            Some(b'[') => serde_json::from_str(text).map(Self::List),
            Some(b'{') => serde_json::from_str(text).map(Self::Object),
            Some(b'n') => Ok(Self::Null),
            _ => Ok(Self::Other),
        };
        // The whole body was found to be JSON before, so each of its values is what it begins as.
        field.unwrap_or(Self::Other)
    }
}

fn object(body: &[u8]) -> Result<Fields<'_>, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| ApiError::Body(error.to_string()))?;
    json::check(text).map_err(|unfit| ApiError::Body(unfit.to_string()))?;
    if let Ok(fields) = serde_json::from_str(text) {
        return Ok(fields);
    }
    // Either it is no JSON, or JSON of another kind.
    let value = serde_json::from_str::<&RawValue>(text).map(drop);
    let why = value.err().map(|error| error.to_string());
    let why = why.unwrap_or_else(|| "it is another JSON value".to_owned());
    Err(ApiError::Body(why))
}

/// An object being read; what is wrong with it is gathered, and a value stands in for it.
struct Form<'b, 'e> {
    /// Stands before the names of the fields in the errors.
    prefix: String,
    fields: Fields<'b>,
    errors: &'e mut FieldErrors,
}

impl<'b> Form<'b, '_> {
    fn read(&self, name: &str) -> Option<Field<'b>> {
        self.fields.get(name).map(Field::read)
    }

    fn required_text(&mut self, name: &str) -> String {
        match self.read(name).filter(|field| !is_empty(field)) {
            Some(Field::Text(text)) => return text,
            Some(_) => self.fault(name, NOT_A_STRING),
            None => self.fault(name, REQUIRED),
        }
        String::new()
    }

    fn required_list(&mut self, name: &str) -> Vec<&'b RawValue> {
        match self.read(name).filter(|field| !is_empty(field)) {
            Some(Field::List(items)) => return items,
            Some(_) => self.fault(name, NOT_A_LIST),
            None => self.fault(name, REQUIRED),
        }
        Vec::new()
    }

    /// A field that may be absent, but not null.
    fn optional_text(&mut self, name: &str) -> Option<String> {
        let field = self.read(name);
        self.text(name, field)
    }

    fn text(&mut self, name: &str, field: Option<Field<'_>>) -> Option<String> {
        match field? {
            Field::Text(text) => return Some(text),
            _ => self.fault(name, NOT_A_STRING),
        }
        None
    }

    /// The list `channels`, or else the one `channel`.
    fn channels(&mut self) -> Vec<ChannelName> {
        let (list, single) = (self.read("channels"), self.read("channel"));
        if [&list, &single].into_iter().flatten().all(is_empty) {
            self.fault("channels", "is required when channel is not present");
            self.fault("channel", "is required when channels is not present");
            return Vec::new();
        }
        let list = match list {
            Some(Field::List(items)) => self.channel_list(items),
            None => Vec::new(),
            Some(_) => {
                self.fault("channels", NOT_A_LIST);
                Vec::new()
            }
        };
        let single = self.text("channel", single).filter(|_| list.is_empty());
        let single = single.and_then(|text| self.channel_name("channel", &text));
        list.into_iter().chain(single).collect()
    }

    fn channel_list(&mut self, items: Vec<&RawValue>) -> Vec<ChannelName> {
        let mut channels = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let field = format!("channels.{index}");
            match Field::read(item) {
                Field::Text(text) => channels.extend(self.channel_name(&field, &text)),
                _ => self.fault(&field, NOT_A_STRING),
            }
        }
        channels
    }

    fn channel_name(&mut self, field: &str, text: &str) -> Option<ChannelName> {
        match ChannelName::parse(text) {
            Ok(name) => return Some(name),
            // A required field that is missing has been reported already.
            Err(InvalidChannelName::Empty) if field == "channel" => {}
            Err(InvalidChannelName::Empty) => self.fault(field, REQUIRED),
            Err(InvalidChannelName::TooLong) => {
                self.fault(field, "must not be greater than 255 bytes")
            }
        }
        None
    }

    /// The event, with its optional fields. A socket id that no connection can have excludes nobody.
    fn event(&mut self, name: String, data: String, channels: Vec<ChannelName>) -> Event {
        let except = self
            .optional_text("socket_id")
            .and_then(|text| SocketId::parse(&text));
        let info = self.optional_text("info").map(|words| Info::parse(&words));
        Event {
            name,
            data,
            channels,
            except,
            info,
        }
    }

    fn fault(&mut self, field: &str, fault: &str) {
        self.errors.add(&[&self.prefix, field].concat(), fault);
    }
}

/// What Laravel's `required` takes for missing.
fn is_empty(field: &Field<'_>) -> bool {
    match field {
        Field::Text(text) => text.trim().is_empty(),
        Field::List(items) => items.is_empty(),
        Field::Object(fields) => fields.is_empty(),
        Field::Null => true,
        Field::Other => false,
    }
}
