//! What the server says: the catalogue of messages and the one place of their keys.

use std::{borrow::Cow, sync::Arc};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Member, PusherError, SocketId, UserId, json};

/// A message to a client; `Serialize` gives its JSON.
#[derive(Clone, Debug, Serialize)]
pub struct ServerMessage<'a> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a RawValue>,
}

/// The `data` of a message.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Data<'a> {
    /// A JSON string. It mostly holds JSON itself, which the server does not look at.
    Text(Cow<'a, str>),
    /// Any JSON value, relayed as it was sent.
    Value(&'a RawValue),
}

/// `pusher:connection_established`: the greeting. `activity_timeout` is in seconds.
#[must_use]
pub fn connection_established(
    socket_id: SocketId,
    activity_timeout: u32,
) -> ServerMessage<'static> {
    #[derive(Serialize)]
    struct Greeting {
        socket_id: String,
        activity_timeout: u32,
    }
    with_data(
        "pusher:connection_established",
        &Greeting {
            socket_id: socket_id.to_string(),
            activity_timeout,
        },
    )
}

/// `pusher:error` with code and text.
#[must_use]
pub fn error(error: PusherError) -> ServerMessage<'static> {
    #[derive(Serialize)]
    struct Fault {
        code: u16,
        message: String,
    }
    with_data(
        "pusher:error",
        &Fault {
            code: error.code(),
            message: error.to_string(),
        },
    )
}

/// An event for the subscribers of a channel; `user_id` is the sender of a client event.
#[must_use]
pub fn event<'a>(
    event: &'a str,
    channel: &'a str,
    data: Data<'a>,
    user_id: Option<&'a RawValue>,
) -> ServerMessage<'a> {
    ServerMessage {
        event,
        data: Some(data),
        channel: Some(channel),
        user_id,
    }
}

/// `pusher:ping`: asks for a sign of life.
#[must_use]
pub fn ping() -> ServerMessage<'static> {
    bare("pusher:ping")
}

/// `pusher:pong`: the answer to a client's ping.
#[must_use]
pub fn pong() -> ServerMessage<'static> {
    bare("pusher:pong")
}

/// `pusher_internal:subscription_succeeded` for a channel without members.
#[must_use]
pub fn subscription_succeeded(channel: &str) -> ServerMessage<'_> {
    internal(SUBSCRIPTION_SUCCEEDED, channel, Cow::Borrowed("{}"))
}

/// `pusher_internal:subscription_succeeded` with the members of a presence channel:
/// `{"presence":{"count":…,"ids":[…],"hash":{id:info}}}`.
#[must_use]
pub fn presence_succeeded<'a, 'm>(
    channel: &'a str,
    members: impl Iterator<Item = &'m Arc<Member>>,
) -> ServerMessage<'a> {
    #[derive(Serialize)]
    struct Envelope<'m> {
        presence: Presence<'m>,
    }
    #[derive(Serialize)]
    struct Presence<'m> {
        count: usize,
        #[serde(serialize_with = "ids")]
        ids: &'m [&'m Member],
        #[serde(serialize_with = "hash")]
        hash: &'m [&'m Member],
    }
    let members: Vec<_> = members.map(Arc::as_ref).collect();
    let presence = Presence {
        count: members.len(),
        ids: &members,
        hash: &members,
    };
    let data = json::text(&Envelope { presence });
    internal(SUBSCRIPTION_SUCCEEDED, channel, Cow::Owned(data))
}

fn ids<S: Serializer>(members: &[&Member], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(members.iter().map(|member| member.id()))
}

fn hash<S: Serializer>(members: &[&Member], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        members
            .iter()
            .map(|member| (member.user_id().as_str(), member.info())),
    )
}

/// `pusher_internal:member_added`; its data is the newcomer's `channel_data` as it was signed.
#[must_use]
pub fn member_added<'a>(channel: &'a str, member: &'a Member) -> ServerMessage<'a> {
    internal(
        "pusher_internal:member_added",
        channel,
        Cow::Borrowed(member.channel_data()),
    )
}

/// `pusher_internal:member_removed`.
#[must_use]
pub fn member_removed<'a>(channel: &'a str, member: &Member) -> ServerMessage<'a> {
    #[derive(Serialize)]
    struct Removed<'m> {
        user_id: &'m RawValue,
    }
    let data = json::text(&Removed {
        user_id: member.id(),
    });
    internal("pusher_internal:member_removed", channel, Cow::Owned(data))
}

/// `pusher:cache_miss`: the cache channel has no event to show.
#[must_use]
pub fn cache_miss(channel: &str) -> ServerMessage<'_> {
    ServerMessage {
        channel: Some(channel),
        ..bare("pusher:cache_miss")
    }
}

/// `pusher_internal:subscription_count`: how many connections subscribe to the channel.
#[must_use]
pub fn subscription_count(channel: &str, count: usize) -> ServerMessage<'_> {
    #[derive(Serialize)]
    struct Count {
        subscription_count: usize,
    }
    let data = json::text(&Count {
        subscription_count: count,
    });
    internal(
        "pusher_internal:subscription_count",
        channel,
        Cow::Owned(data),
    )
}

/// `pusher:signin_success` with the `user_data` as it was signed.
#[must_use]
pub fn signin_success(user_data: &str) -> ServerMessage<'static> {
    #[derive(Serialize)]
    struct SignedIn<'u> {
        user_data: &'u str,
    }
    with_data("pusher:signin_success", &SignedIn { user_data })
}

/// Whether a user of a watchlist has a signed-in connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At least one.
    Online,
    /// None any more.
    Offline,
}

/// `pusher_internal:watchlist_events`: these users of the watchlist came or went.
#[must_use]
pub fn watchlist_events(status: Status, users: &[&UserId]) -> ServerMessage<'static> {
    #[derive(Serialize)]
    struct Events<'u> {
        events: [Event<'u>; 1],
    }
    #[derive(Serialize)]
    struct Event<'u> {
        name: Status,
        user_ids: Vec<&'u str>,
    }
    let event = Event {
        name: status,
        user_ids: users.iter().map(|user| user.as_str()).collect(),
    };
    with_data(
        "pusher_internal:watchlist_events",
        &Events { events: [event] },
    )
}

const SUBSCRIPTION_SUCCEEDED: &str = "pusher_internal:subscription_succeeded";

fn bare(event: &'static str) -> ServerMessage<'static> {
    ServerMessage {
        event,
        data: None,
        channel: None,
        user_id: None,
    }
}

fn with_data(event: &'static str, data: &impl Serialize) -> ServerMessage<'static> {
    ServerMessage {
        data: Some(Data::Text(Cow::Owned(json::text(data)))),
        ..bare(event)
    }
}

fn internal<'a>(event: &'static str, channel: &'a str, data: Cow<'a, str>) -> ServerMessage<'a> {
    ServerMessage {
        event,
        data: Some(Data::Text(data)),
        channel: Some(channel),
        user_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &ServerMessage<'_>) -> String {
        json::text(message)
    }

    #[test]
    fn the_catalogue_has_reverbs_texts() {
        let socket_id = SocketId::parse("647185421.117609134").expect("a socket id");
        assert_eq!(
            text(&connection_established(socket_id, 30)),
            r#"{"event":"pusher:connection_established","data":"{\"socket_id\":\"647185421.117609134\",\"activity_timeout\":30}"}"#
        );
        assert_eq!(text(&ping()), r#"{"event":"pusher:ping"}"#);
        assert_eq!(text(&pong()), r#"{"event":"pusher:pong"}"#);
        assert_eq!(
            text(&subscription_succeeded("test-channel")),
            r#"{"event":"pusher_internal:subscription_succeeded","data":"{}","channel":"test-channel"}"#
        );
        assert_eq!(
            text(&cache_miss("cache-x")),
            r#"{"event":"pusher:cache_miss","channel":"cache-x"}"#
        );
        assert_eq!(
            text(&error(PusherError::ApplicationUnknown)),
            r#"{"event":"pusher:error","data":"{\"code\":4001,\"message\":\"Application does not exist\"}"}"#
        );
    }

    #[test]
    fn users_and_counts_have_pushers_texts() {
        assert_eq!(
            text(&subscription_count("news", 2)),
            r#"{"event":"pusher_internal:subscription_count","data":"{\"subscription_count\":2}","channel":"news"}"#
        );
        assert_eq!(
            text(&signin_success(r#"{"id":"7"}"#)),
            r#"{"event":"pusher:signin_success","data":"{\"user_data\":\"{\\\"id\\\":\\\"7\\\"}\"}"}"#
        );
        let member = Member::parse(r#"{"user_id":"7"}"#).expect("a member");
        assert_eq!(
            text(&watchlist_events(Status::Online, &[member.user_id()])),
            r#"{"event":"pusher_internal:watchlist_events","data":"{\"events\":[{\"name\":\"online\",\"user_ids\":[\"7\"]}]}"}"#
        );
    }

    #[test]
    fn presence_messages_keep_ids_and_infos_as_they_were_signed() {
        let members = [
            Arc::new(
                Member::parse(r#"{"user_id":1,"user_info":{"name":"A","x":{}}}"#)
                    .expect("a member"),
            ),
            Arc::new(Member::parse(r#"{"user_id":"2"}"#).expect("a member")),
        ];
        assert_eq!(
            text(&presence_succeeded("presence-r", members.iter())),
            r#"{"event":"pusher_internal:subscription_succeeded","data":"{\"presence\":{\"count\":2,\"ids\":[1,\"2\"],\"hash\":{\"1\":{\"name\":\"A\",\"x\":{}},\"2\":null}}}","channel":"presence-r"}"#
        );
        assert_eq!(
            text(&member_added("presence-r", &members[1])),
            r#"{"event":"pusher_internal:member_added","data":"{\"user_id\":\"2\"}","channel":"presence-r"}"#
        );
        assert_eq!(
            text(&member_removed("presence-r", &members[0])),
            r#"{"event":"pusher_internal:member_removed","data":"{\"user_id\":1}","channel":"presence-r"}"#
        );
    }
}
