//! What clients say, and what applications say about their users.

use reverb::protocol::{
    ChannelName, ClientMessage, Data, Member, SocketId, User, event, json, member_added,
    member_removed, presence_succeeded, signin_success,
};
use serde_json::value::RawValue;

/// The bytes are a message, a member, a user and a name.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = json::check(text);
    client_message(text);
    if let Ok(member) = Member::parse(text) {
        tell(&member);
    }
    if let Ok(user) = User::parse(text) {
        assert!(user.watchlist.is_sorted());
        tell(&user.member());
        assert!(is_json(&json::text(&signin_success(text))));
    }
    if let Some(socket_id) = SocketId::parse(text) {
        assert_eq!(SocketId::parse(&socket_id.to_string()), Some(socket_id));
    }
}

fn client_message(text: &str) {
    match ClientMessage::parse(text) {
        Ok(ClientMessage::ClientEvent(said)) => {
            is_channel(&said.channel);
            assert!(said.event.starts_with("client-"));
            let data = Data::Value(said.data.unwrap_or(RawValue::NULL));
            let relayed = json::text(&event(&said.event, said.channel.as_str(), data, None));
            assert!(is_json(&relayed));
            // The value is passed on byte by byte.
            assert!(relayed.contains(said.data.unwrap_or(RawValue::NULL).get()));
        }
        Ok(ClientMessage::Subscribe(request)) => {
            is_channel(&request.channel);
            assert!(request.channel_data.is_none_or(|data| is_json(&data)));
        }
        Ok(ClientMessage::Unsubscribe(channel)) => is_channel(&channel),
        Ok(_) => assert!(is_json(text)),
        Err(error) => assert!(error.code() >= 4000),
    }
}

fn is_channel(channel: &ChannelName) {
    assert!((1..=ChannelName::MAX_LENGTH).contains(&channel.as_str().len()));
    assert_eq!(ChannelName::parse(channel.as_str()).as_ref(), Ok(channel));
}

fn tell(member: &Member) {
    assert!(!member.user_id().as_str().is_empty());
    let members = [std::sync::Arc::new(member.clone())];
    for message in [
        member_added("presence-a", member),
        member_removed("presence-a", member),
        presence_succeeded("presence-a", members.iter()),
    ] {
        assert!(is_json(&json::text(&message)));
    }
    let again = Member::parse(member.channel_data());
    assert!(again.is_ok_and(|again| again.user_id() == member.user_id()));
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}
