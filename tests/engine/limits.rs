//! Limits that an application may set, and the count that it may ask for.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stage::{Client, Stage, application};

fn count(channel: &str, count: usize) -> Value {
    let data = json!({"subscription_count": count}).to_string();
    json!({"event": "pusher_internal:subscription_count", "data": data, "channel": channel})
}

fn is_subscribed(client: &mut Client) -> bool {
    client.events() == ["pusher_internal:subscription_succeeded"]
}

#[test]
fn a_connection_subscribes_to_no_more_channels_than_it_may() {
    let mut application = application();
    application.limits.channels_per_connection = 1;
    let mut stage = Stage::new(1, application);
    let mut ada = stage.connect(0);
    for _ in 0..2 {
        stage.send(&ada, &ada.subscribe("a"));
        assert!(
            is_subscribed(&mut ada),
            "the same channel is no further one"
        );
    }
    stage.send(&ada, &ada.subscribe("b"));
    ada.expect_error(4301, "Connection subscribes to too many channels");
}

#[test]
fn a_presence_channel_takes_no_more_users_than_it_may() {
    let mut application = application();
    application.limits.presence_members = 1;
    application.limits.member_data_size = 20;
    let mut stage = Stage::new(1, application);
    let (mut ada, mut ada_too, mut bob) = (stage.connect(0), stage.connect(0), stage.connect(0));
    for client in [&mut ada, &mut ada_too] {
        stage.send(client, &client.join("presence-r", &json!({"user_id": 1})));
        assert!(is_subscribed(client));
    }
    stage.send(&bob, &bob.join("presence-r", &json!({"user_id": 2})));
    bob.expect_error(4301, "Presence channel has too many members");
    stage.send(
        &bob,
        &bob.join("presence-x", &json!({"user_id": "a long one"})),
    );
    bob.expect_error(4301, "Presence member data is too large");
    ada.expect_nothing();
}

#[test]
fn names_of_channels_are_as_long_as_they_may_be() {
    let mut application = application();
    application.limits.channel_name_length = 3;
    let mut stage = Stage::new(1, application);
    let mut ada = stage.connect(0);
    stage.send(&ada, &ada.subscribe("abc"));
    assert!(is_subscribed(&mut ada));
    stage.send(&ada, &ada.subscribe("abcd"));
    ada.expect_error(4200, "Invalid channel name: too long");
}

#[test]
fn client_events_have_a_rate_of_their_own() {
    let mut application = application();
    application.limits.client_events_per_second = Some(1);
    let mut stage = Stage::new(1, application);
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(0));
    for client in [&mut ada, &mut bob] {
        stage.send(client, &client.subscribe("news"));
        client.events();
    }
    let whisper = json!({"event": "client-x", "channel": "news"});
    for _ in 0..2 {
        stage.send(&ada, &whisper);
    }
    ada.expect_error(4301, "Rate limit exceeded");
    stage.wait(Duration::from_secs(1));
    stage.send(&ada, &whisper);
    assert_eq!(bob.events(), ["client-x", "client-x"]);
}

#[test]
fn subscribers_are_told_how_many_they_are_once_a_second_where_it_is_asked_for() {
    let mut application = application();
    application.subscription_count = true;
    let mut stage = Stage::new(2, application);
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(1));
    for client in [&mut ada, &mut bob] {
        stage.send(client, &client.subscribe("news"));
        stage.send(
            client,
            &client.join("presence-r", &json!({"user_id": client.key})),
        );
    }
    ada.events();
    bob.events();
    stage.wait(Duration::from_secs(1));
    for client in [&mut ada, &mut bob] {
        client.expect(count("news", 2));
        client.expect_nothing();
    }
    stage.hang_up(&bob);
    ada.events();
    stage.wait(Duration::from_secs(1));
    ada.expect(count("news", 1));
}
