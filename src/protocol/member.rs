//! Who is present in a presence channel.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{PusherError, json};

/// The identity of a user: the text of its id, whether the id was sent as a string or a number.
///
/// `10` and `"10"` are one user, as both have the key `"10"` in the `hash` that clients see.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Box<str>);

impl UserId {
    /// Reads an id: a JSON string that is not empty, or a JSON number.
    pub(super) fn parse(id: &RawValue) -> Option<Self> {
        match id.get().as_bytes().first() {
            Some(b'"') => {
                let text: Box<str> = serde_json::from_str(id.get()).ok()?;
                (!text.is_empty()).then_some(Self(text))
            }
            Some(b'-' | b'0'..=b'9') => Some(Self(id.get().into())),
            _ => None,
        }
    }

    /// Takes an id back that was text before; an id is not empty.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A member of a presence channel, as its `channel_data` describes it.
#[derive(Clone, Debug)]
pub struct Member {
    user_id: UserId,
    /// The id as it was sent: a JSON string or number.
    id: Box<RawValue>,
    info: Box<RawValue>,
    channel_data: Box<str>,
}

#[derive(Deserialize)]
struct ChannelData {
    user_id: Option<Box<RawValue>>,
    user_info: Option<Box<RawValue>>,
}

impl Member {
    /// A member of whom only this is known; its `channel_data` is made here.
    pub(super) fn new(user_id: UserId, id: &RawValue, info: Option<&RawValue>) -> Self {
        #[derive(Serialize)]
        struct ChannelData<'m> {
            user_id: &'m RawValue,
            #[serde(skip_serializing_if = "Option::is_none")]
            user_info: Option<&'m RawValue>,
        }
        let channel_data = json::text(&ChannelData {
            user_id: id,
            user_info: info,
        });
        Self {
            user_id,
            id: id.to_owned(),
            info: info.unwrap_or(RawValue::NULL).to_owned(),
            channel_data: channel_data.into(),
        }
    }

    /// Reads the `channel_data` that the application signed: `{"user_id": …, "user_info": …}`.
    ///
    /// # Errors
    /// `InvalidMessageFormat` if it is no JSON object, `InvalidUserId` if the id is missing, empty
    /// or neither string nor number.
    pub fn parse(channel_data: &str) -> Result<Self, PusherError> {
        let data: ChannelData =
            serde_json::from_str(channel_data).map_err(|_| PusherError::InvalidMessageFormat)?;
        let id = data.user_id.ok_or(PusherError::InvalidUserId)?;
        Ok(Self {
            user_id: UserId::parse(&id).ok_or(PusherError::InvalidUserId)?,
            id,
            info: data.user_info.unwrap_or_else(|| RawValue::NULL.to_owned()),
            channel_data: channel_data.into(),
        })
    }

    /// Who this is.
    #[must_use]
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The id as it was sent: a JSON string or number.
    #[must_use]
    pub fn id(&self) -> &RawValue {
        &self.id
    }

    /// What the application tells of the user; `null` if it told nothing.
    #[must_use]
    pub fn info(&self) -> &RawValue {
        &self.info
    }

    /// The whole text that the application signed.
    #[must_use]
    pub fn channel_data(&self) -> &str {
        &self.channel_data
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, PusherError};

    #[test]
    fn ids_keep_their_type_and_are_one_user_by_text() {
        for (data, id, text) in [
            (r#"{"user_id":10,"user_info":{"name":"A"}}"#, "10", "10"),
            (r#"{"user_id":"10","user_info":{}}"#, "\"10\"", "10"),
            (r#"{"user_id":"0"}"#, "\"0\"", "0"),
            (
                r#"{"user_id":12345678901234567890123}"#,
                "12345678901234567890123",
                "12345678901234567890123",
            ),
        ] {
            let member = Member::parse(data).expect("a member");
            assert_eq!(
                (member.id().get(), member.user_id().as_str()),
                (id, text),
                "{data}"
            );
        }
    }

    #[test]
    fn a_member_without_info_has_null() {
        let member = Member::parse(r#"{"user_id":1}"#).expect("a member");
        assert_eq!(member.info().get(), "null");
    }

    #[test]
    fn unusable_ids_are_refused() {
        for (data, error) in [
            ("[]", PusherError::InvalidMessageFormat),
            ("not json", PusherError::InvalidMessageFormat),
            ("{}", PusherError::InvalidUserId),
            (r#"{"user_id":null}"#, PusherError::InvalidUserId),
            (r#"{"user_id":""}"#, PusherError::InvalidUserId),
            (r#"{"user_id":[1]}"#, PusherError::InvalidUserId),
            (r#"{"user_id":{"a":1}}"#, PusherError::InvalidUserId),
            (r#"{"user_id":true}"#, PusherError::InvalidUserId),
        ] {
            assert_eq!(Member::parse(data).err(), Some(error), "{data}");
        }
    }
}
