//! What PHP is told when it listens: each kind for itself, and in order.

use std::time::{Duration, Instant};

use reverb::engine::{Event, EventKind, Notice, Subject};
use serde_json::json;

use crate::stage::{Client, Stage, application};

/// What was told since the last look, one line each.
fn told(stage: &Stage) -> Vec<String> {
    let notices = stage.engine.notices().drain();
    notices
        .into_iter()
        .filter_map(|notice| match notice {
            Notice::Event(event) => Some(line(&event)),
            _ => None,
        })
        .collect()
}

fn line(event: &Event) -> String {
    let subject = match &event.subject {
        Subject::Connection(connection) => connection.socket_id.to_string(),
        Subject::Channel(channel) => channel.to_string(),
        Subject::Message { connection, text } => format!(
            "{} {}",
            connection.socket_id,
            name(std::str::from_utf8(text).expect("text"))
        ),
        Subject::Member { channel, member } => format!("{channel} {}", member.channel_data()),
        Subject::ClientEvent {
            connection,
            channel,
            said,
        } => format!(
            "{} {channel} {} {} {:?}",
            connection.socket_id, said.event, said.data, said.user_id
        ),
    };
    format!("{} {subject}", event.kind.name())
}

fn name(message: &str) -> String {
    let message: serde_json::Value = serde_json::from_str(message).expect("JSON");
    message["event"].as_str().unwrap_or_default().to_owned()
}

fn connect(stage: &mut Stage) -> Client {
    let client = stage.connect(0);
    told(stage);
    client
}

#[test]
fn nobody_is_told_of_what_nobody_listens_to() {
    let mut stage = Stage::new(1, application());
    let ada = stage.connect(0);
    stage.send(&ada, &ada.subscribe("news"));
    stage.hang_up(&ada);
    assert!(stage.engine.notices().drain().is_empty());
}

#[test]
fn a_first_subscription_is_told_in_the_order_of_reverb() {
    let mut stage = Stage::listening(1, application(), &EventKind::ALL.map(|(kind, _)| kind));
    let ada = connect(&mut stage);
    stage.send(&ada, &ada.subscribe("news"));
    assert_eq!(
        told(&stage),
        [
            "channel_created news",
            "channel_occupied news",
            "message_sent 1.2 pusher_internal:subscription_succeeded",
            "message_received 1.2 pusher:subscribe",
        ]
    );
}

#[test]
fn an_answer_is_told_before_its_message_also_when_several_come_at_once() {
    let kinds = [EventKind::MessageReceived, EventKind::MessageSent];
    let mut stage = Stage::listening(1, application(), &kinds);
    let ada = connect(&mut stage);
    stage.say_all(
        &ada,
        &[ada.subscribe("news"), json!({"event": "pusher:ping"})],
    );
    assert_eq!(
        told(&stage),
        [
            "message_sent 1.2 pusher_internal:subscription_succeeded",
            "message_received 1.2 pusher:subscribe",
            "message_sent 1.2 pusher:pong",
            "message_received 1.2 pusher:ping",
        ]
    );
}

#[test]
fn faulty_messages_are_not_told_as_received_but_refused_client_events_are() {
    let mut stage = Stage::listening(1, application(), &[EventKind::MessageReceived]);
    let ada = connect(&mut stage);
    stage.send(&ada, &json!({"data": "no event"}));
    assert!(told(&stage).is_empty());
    stage.send(
        &ada,
        &json!({"event": "client-hi", "channel": "private-a", "data": {}}),
    );
    assert_eq!(told(&stage), ["message_received 1.2 client-hi"]);
}

#[test]
fn an_event_is_told_once_for_each_who_gets_it() {
    let mut stage = Stage::listening(2, application(), &[EventKind::MessageSent]);
    let (ada, bob) = (stage.connect(0), stage.connect(1));
    stage.send(&ada, &ada.subscribe("news"));
    stage.send(&bob, &bob.subscribe("news"));
    told(&stage);
    stage.publish(&["news"], "Moved", None);
    stage.publish(&["news"], "Stopped", Some(ada.socket_id));
    stage.settle();
    let mut told = told(&stage);
    told.sort();
    assert_eq!(
        told,
        [
            "message_sent 1.2 Moved",
            "message_sent 1.3 Moved",
            "message_sent 1.3 Stopped",
        ]
    );
}

#[test]
fn the_life_of_a_presence_channel_is_told_in_order() {
    let kinds = [
        EventKind::ConnectionOpened,
        EventKind::ConnectionClosed,
        EventKind::ChannelOccupied,
        EventKind::ChannelVacated,
        EventKind::MemberAdded,
        EventKind::MemberRemoved,
        EventKind::ClientEventReceived,
    ];
    let mut stage = Stage::listening(2, application(), &kinds);
    let (ada, tab) = (stage.connect(0), stage.connect(1));
    let member = json!({"user_id": 7, "user_info": {"name": "Ada"}});
    stage.send(&ada, &ada.join("presence-room", &member));
    stage.send(&tab, &tab.join("presence-room", &member));
    stage.send(
        &ada,
        &json!({"event": "client-hi", "channel": "presence-room", "data": {"x": []}}),
    );
    stage.hang_up(&ada);
    stage.hang_up(&tab);
    assert_eq!(
        told(&stage),
        [
            "connection_opened 1.2",
            "connection_opened 1.3",
            "channel_occupied presence-room",
            r#"member_added presence-room {"user_id":7,"user_info":{"name":"Ada"}}"#,
            r#"client_event_received 1.2 presence-room client-hi {"x":[]} Some("7")"#,
            "connection_closed 1.2",
            r#"member_removed presence-room {"user_id":7,"user_info":{"name":"Ada"}}"#,
            "channel_vacated presence-room",
            "connection_closed 1.3",
        ]
    );
}

#[test]
fn a_silent_connection_is_told_as_pruned_after_its_end() {
    let kinds = [
        EventKind::MessageSent,
        EventKind::ChannelRemoved,
        EventKind::ConnectionPruned,
    ];
    let mut stage = Stage::listening(1, application(), &kinds);
    let ada = stage.connect(0);
    stage.send(&ada, &ada.subscribe("news"));
    stage.wait(Duration::from_secs(60));
    told(&stage);
    stage.wait(Duration::from_secs(60));
    assert_eq!(
        told(&stage),
        [
            "message_sent 1.2 pusher:error",
            "channel_removed news",
            "connection_pruned 1.2",
        ]
    );
}

#[test]
fn a_connection_can_be_spoken_to_and_closed_until_it_has_gone() {
    let mut stage = Stage::listening(2, application(), &[EventKind::ConnectionOpened]);
    let mut ada = stage.connect(1);
    let opened = stage.engine.notices().drain();
    let [Notice::Event(event)] = opened.as_slice() else {
        panic!("{opened:?}");
    };
    let Subject::Connection(caller) = &event.subject else {
        panic!("{event:?}");
    };
    let (socket_id, place) = (caller.socket_id, caller.place);
    stage.engine.send(socket_id, place, r#"{"event":"hi"}"#);
    stage.settle();
    ada.expect(json!({"event": "hi"}));
    stage.engine.disconnect(socket_id, place);
    stage.engine.send(socket_id, place, r#"{"event":"late"}"#);
    stage.settle();
    ada.expect_close(1000);
    stage.hang_up(&ada);

    let mut bob = stage.connect(1);
    stage.engine.send(socket_id, place, r#"{"event":"wrong"}"#);
    stage.engine.disconnect(socket_id, place);
    stage.settle();
    bob.expect_nothing();
}

#[test]
fn what_was_broadcast_before_comes_first() {
    let mut stage = Stage::listening(1, application(), &[]);
    let mut ada = stage.connect(0);
    stage.send(&ada, &ada.subscribe("news"));
    ada.messages();
    let place = reverb::engine::Place::from_number(0);
    stage.publish(&["news"], "First", None);
    stage
        .engine
        .send(ada.socket_id, place, r#"{"event":"Second"}"#);
    stage.publish(&["news"], "Third", None);
    stage.engine.disconnect(ada.socket_id, place);
    stage.settle();
    let events: Vec<_> = ada.messages().into_iter().take(3).collect();
    let names: Vec<_> = events.iter().map(|event| &event["event"]).collect();
    assert_eq!(names, ["First", "Second", "Third"]);
}

#[test]
fn the_subscribers_of_a_channel_are_listed_and_reached() {
    let mut stage = Stage::listening(2, application(), &[EventKind::ChannelCreated]);
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(1));
    stage.send(&ada, &ada.join("presence-room", &json!({"user_id": "a"})));
    stage.send(&bob, &bob.join("presence-room", &json!({"user_id": "b"})));
    ada.messages();
    bob.messages();
    let channel = reverb::protocol::ChannelName::parse("presence-room").expect("a name");
    let application = stage.engine.applications().by_id("1").expect("ours");
    let answers = stage.engine.subscribers(application, &channel);
    stage.settle();
    let mut users: Vec<_> = answers
        .iter()
        .flatten()
        .map(|subscriber| (subscriber.connection.socket_id, subscriber.member))
        .map(|(id, member)| (id.to_string(), member.expect("a member").user_id().clone()))
        .map(|(id, user)| format!("{id} {}", user.as_str()))
        .collect();
    users.sort();
    assert_eq!(users, ["1.2 a", "1.3 b"]);

    let message = (r#"{"event":"hi"}"#, Some(ada.socket_id));
    let now = Instant::now();
    stage.engine.broadcast(application, &channel, message, now);
    stage.settle();
    ada.expect_nothing();
    bob.expect(json!({"event": "hi"}));
}
