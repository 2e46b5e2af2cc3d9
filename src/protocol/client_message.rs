//! What a client says: one JSON object in one WebSocket message.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{ChannelName, InvalidChannelName, PusherError, json};

/// A message of a client, understood.
///
/// Reverb: `Protocols/Pusher/Server.php`, `message`, and `EventHandler.php`.
#[derive(Debug)]
pub enum ClientMessage<'a> {
    /// `pusher:ping`: wants a pong.
    Ping,
    /// `pusher:pong`: the answer to our ping.
    Pong,
    /// `pusher:subscribe`.
    Subscribe(Subscribe<'a>),
    /// `pusher:signin`.
    SignIn(SignIn),
    /// `pusher:unsubscribe` from a channel.
    Unsubscribe(ChannelName),
    /// An event whose name begins with `client-`.
    ClientEvent(ClientEvent<'a>),
    /// Any other event, which Reverb takes without an answer.
    Ignored,
}

/// The `data` of `pusher:subscribe`.
#[derive(Debug)]
pub struct Subscribe<'a> {
    /// The channel asked for.
    pub channel: ChannelName,
    /// `{key}:{signature}`, for private and presence channels.
    pub auth: Option<Cow<'a, str>>,
    /// JSON text that names the user, for presence channels.
    pub channel_data: Option<Cow<'a, str>>,
}

/// The `data` of `pusher:signin`.
#[derive(Debug)]
pub struct SignIn {
    /// `{key}:{signature}`.
    pub auth: String,
    /// JSON text that names the user.
    pub user_data: String,
}

/// An event from client to clients; Laravel says *whisper*.
#[derive(Debug)]
pub struct ClientEvent<'a> {
    /// The name, which begins with `client-`.
    pub event: Cow<'a, str>,
    /// The channel to which it goes.
    pub channel: ChannelName,
    /// The JSON value as it was sent.
    pub data: Option<&'a RawValue>,
}

impl<'a> ClientMessage<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// `InvalidMessageFormat` if it is no JSON object of the shape that its event needs,
    /// `ChannelNameTooLong` for a name over 255 bytes.
    pub fn parse(text: &'a str) -> Result<Self, PusherError> {
        check(text)?;
        let envelope: Envelope<'a> = read(text)?;
        let event = string(envelope.event.ok_or(PusherError::InvalidMessageFormat)?)?;
        match event.strip_prefix("pusher:") {
            Some("ping") => nothing(envelope.data).map(|()| Self::Ping),
            Some("pong") => nothing(envelope.data).map(|()| Self::Pong),
            Some("subscribe") => subscribe(envelope.data).map(Self::Subscribe),
            Some("signin") => sign_in(envelope.data).map(Self::SignIn),
            Some("unsubscribe") => unsubscribe(envelope.data).map(Self::Unsubscribe),
            Some(_) => Err(PusherError::InvalidMessageFormat),
            None if event.is_empty() => Err(PusherError::InvalidMessageFormat),
            None => other_event(event, envelope.channel, envelope.data),
        }
    }
}

fn subscribe(data: Option<&RawValue>) -> Result<Subscribe<'static>, PusherError> {
    let data = inner_object(data)?;
    let fields: SubscribeData<'_> = read(&data)?;
    let owned = |value: Option<&RawValue>| -> Result<Option<Cow<'static, str>>, PusherError> {
        value
            .filter(|value| value.get() != "null")
            .map(|value| string(value).map(|text| Cow::Owned(text.into_owned())))
            .transpose()
    };
    let channel_data = owned(fields.channel_data)?;
    if let Some(text) = &channel_data {
        check(text)?;
        read::<IgnoredAny>(text)?;
    }
    Ok(Subscribe {
        channel: channel_name(fields.channel)?,
        auth: owned(fields.auth)?,
        channel_data,
    })
}

fn unsubscribe(data: Option<&RawValue>) -> Result<ChannelName, PusherError> {
    let data = inner_object(data)?;
    let fields: SubscribeData<'_> = read(&data)?;
    channel_name(fields.channel)
}

fn sign_in(data: Option<&RawValue>) -> Result<SignIn, PusherError> {
    let data = inner_object(data)?;
    let fields: SignInData<'_> = read(&data)?;
    let text = |value: Option<&RawValue>| -> Result<String, PusherError> {
        string(value.ok_or(PusherError::InvalidMessageFormat)?).map(Cow::into_owned)
    };
    let user_data = text(fields.user_data)?;
    check(&user_data)?;
    Ok(SignIn {
        auth: text(fields.auth)?,
        user_data,
    })
}

fn other_event<'a>(
    event: Cow<'a, str>,
    channel: Option<&RawValue>,
    data: Option<&'a RawValue>,
) -> Result<ClientMessage<'a>, PusherError> {
    let channel = channel_name(channel)?;
    if event.starts_with("client-") {
        Ok(ClientMessage::ClientEvent(ClientEvent {
            event,
            channel,
            data,
        }))
    } else {
        Ok(ClientMessage::Ignored)
    }
}

/// The `data` of a `pusher:` event: an object, or a string that holds one.
fn inner_object(data: Option<&RawValue>) -> Result<Cow<'_, str>, PusherError> {
    let data = data.ok_or(PusherError::InvalidMessageFormat)?;
    if data.get().starts_with('"') {
        let text = string(data)?;
        check(&text)?;
        Ok(text)
    } else {
        Ok(Cow::Borrowed(data.get()))
    }
}

/// The `data` of a ping says nothing: it is absent, what PHP takes for empty, or an array or object.
fn nothing(data: Option<&RawValue>) -> Result<(), PusherError> {
    match data.map_or("null", RawValue::get) {
        "null" | "false" | "0" | "\"\"" | "\"0\"" => Ok(()),
        _ => {
            let text = inner_object(data)?;
            let is_structure = text.trim_start().starts_with(['{', '[']);
            is_structure
                .then(|| read::<IgnoredAny>(&text))
                .ok_or(PusherError::InvalidMessageFormat)?
                .map(|_| ())
        }
    }
}

fn check(text: &str) -> Result<(), PusherError> {
    json::check(text).map_err(|_| PusherError::InvalidMessageFormat)
}

/// Reverb takes a channel given as a number for its text.
fn channel_name(value: Option<&RawValue>) -> Result<ChannelName, PusherError> {
    let value = value.ok_or(PusherError::InvalidMessageFormat)?;
    let name = match value.get().as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Cow::Borrowed(value.get()),
        _ => string(value)?,
    };
    ChannelName::parse(&name).map_err(|error| match error {
        InvalidChannelName::Empty => PusherError::InvalidMessageFormat,
        InvalidChannelName::TooLong => PusherError::ChannelNameTooLong,
    })
}

fn string(value: &RawValue) -> Result<Cow<'_, str>, PusherError> {
    #[derive(Deserialize)]
    struct Text<'t>(#[serde(borrow)] Cow<'t, str>);
    read::<Text<'_>>(value.get()).map(|text| text.0)
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, PusherError> {
    serde_json::from_str(text).map_err(|_| PusherError::InvalidMessageFormat)
}

#[derive(Default)]
struct Envelope<'a> {
    event: Option<&'a RawValue>,
    channel: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
}

#[derive(Default)]
struct SubscribeData<'a> {
    channel: Option<&'a RawValue>,
    auth: Option<&'a RawValue>,
    channel_data: Option<&'a RawValue>,
}

#[derive(Default)]
struct SignInData<'a> {
    auth: Option<&'a RawValue>,
    user_data: Option<&'a RawValue>,
}

/// Reads an object by named fields; of a repeated field the last counts, as in PHP and browsers.
macro_rules! object {
    ($type:ident, $($field:ident),+) => {
        impl<'de: 'a, 'a> Deserialize<'de> for $type<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> Visitor<'de> for Fields {
                    type Value = $type<'de>;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut fields = $type::default();
                        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                            match key.as_ref() {
                                $(stringify!($field) => fields.$field = Some(map.next_value()?),)+
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(fields)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
}

object!(Envelope, event, channel, data);
object!(SubscribeData, channel, auth, channel_data);
object!(SignInData, auth, user_data);

#[cfg(test)]
mod tests {
    use super::{ClientMessage, PusherError};

    #[test]
    fn a_subscription_may_come_as_object_or_as_text() {
        for text in [
            r#"{"event":"pusher:subscribe","data":{"channel":"presence-a","auth":"k:s","channel_data":"{\"user_id\":1}"}}"#,
            r#"{"data":"{\"channel\":\"presence-a\",\"auth\":\"k:s\",\"channel_data\":\"{\\\"user_id\\\":1}\"}","event":"pusher:subscribe"}"#,
        ] {
            let Ok(ClientMessage::Subscribe(subscribe)) = ClientMessage::parse(text) else {
                panic!("{text}");
            };
            assert_eq!(subscribe.channel.as_str(), "presence-a");
            assert_eq!(subscribe.auth.as_deref(), Some("k:s"));
            assert_eq!(subscribe.channel_data.as_deref(), Some(r#"{"user_id":1}"#));
        }
    }

    #[test]
    fn the_data_of_a_client_event_is_kept_as_sent() {
        let text = r#"{"event":"client-x","channel":"private-a","data":{"a":{},"n":12345678901234567890123, "z":"\u00e4"}}"#;
        let Ok(ClientMessage::ClientEvent(event)) = ClientMessage::parse(text) else {
            panic!("a client event");
        };
        assert_eq!(
            event.data.map(|data| data.get()),
            Some(r#"{"a":{},"n":12345678901234567890123, "z":"\u00e4"}"#)
        );
    }

    #[test]
    fn what_has_no_meaning_is_an_invalid_message() {
        let nested = format!(
            r#"{{"event":"client-x","channel":"a","data":{}{}}}"#,
            "[".repeat(600),
            "]".repeat(600)
        );
        for text in [
            "",
            "Hi",
            "[]",
            "{}",
            "null",
            "1",
            r#""text""#,
            r#"{"event":1}"#,
            r#"{"event":""}"#,
            r#"{"event":null}"#,
            r#"{"event":"pusher:signin"}"#,
            r#"{"event":"pusher:signin","data":{"auth":"k:s"}}"#,
            r#"{"event":"pusher:pusher:ping"}"#,
            r#"{"event":"pusher:subscribe"}"#,
            r#"{"event":"pusher:connection_established"}"#,
            r#"{"event":"pusher:subscribe","data":"text"}"#,
            r#"{"event":"pusher:subscribe","data":1}"#,
            r#"{"event":"pusher:subscribe","data":{"channel":""}}"#,
            r#"{"event":"pusher:subscribe","data":{"channel":null}}"#,
            r#"{"event":"pusher:subscribe","data":{"channel":[]}}"#,
            r#"{"event":"pusher:subscribe","data":{"channel":"a","auth":[]}}"#,
            r#"{"event":"pusher:subscribe","data":{"channel":"a","channel_data":"x"}}"#,
            r#"{"event":"pusher:subscribe","data":{"channel":"a","channel_data":[]}}"#,
            r#"{"event":"client-x"}"#,
            r#"{"event":"foo"}"#,
            r#"{"event":"client-x","channel":[]}"#,
            nested.as_str(),
        ] {
            assert_eq!(
                ClientMessage::parse(text).err(),
                Some(PusherError::InvalidMessageFormat),
                "{text}"
            );
        }
    }

    #[test]
    fn of_a_repeated_field_the_last_counts() {
        let text = r#"{"event":"foo","event":"pusher:ping"}"#;
        assert!(matches!(
            ClientMessage::parse(text),
            Ok(ClientMessage::Ping)
        ));
    }

    #[test]
    fn other_events_are_taken_without_an_answer() {
        let text = r#"{"event":"foo","channel":"a"}"#;
        assert!(matches!(
            ClientMessage::parse(text),
            Ok(ClientMessage::Ignored)
        ));
    }
}
