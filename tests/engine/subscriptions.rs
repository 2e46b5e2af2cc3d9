//! Connecting, subscribing, unsubscribing and leaving.

use serde_json::json;

use crate::stage::{Stage, application};

#[test]
fn an_unknown_key_is_told_and_closed() {
    let mut stage = Stage::new(1, application());
    let mut client = stage.connect_as(0, "other", None);
    client.expect_error(4001, "Application does not exist");
    client.expect_close(4001);
    assert_eq!(stage.connections(), 0);
}

#[test]
fn a_foreign_origin_is_told_and_closed() {
    let mut application = application();
    application.allowed_origins = vec!["laravel.com".to_owned()];
    let mut stage = Stage::new(1, application);
    let mut client = stage.connect_as(0, "key", Some("https://evil.org"));
    client.expect_error(4009, "Origin not allowed");
    client.expect_close(4009);
    let mut client = stage.connect_as(0, "key", Some("https://laravel.com"));
    assert_eq!(client.events(), ["pusher:connection_established"]);
}

#[test]
fn the_quota_counts_connections_that_subscribe_to_nothing() {
    let mut application = application();
    application.max_connections = Some(1);
    let mut stage = Stage::new(2, application);
    let first = stage.connect(0);
    let mut second = stage.connect_as(1, "key", None);
    second.expect_error(4004, "Application is over connection quota");
    second.expect_close(4004);
    stage.hang_up(&first);
    stage.connect(1);
}

#[test]
fn private_channels_need_a_signature_of_this_socket() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    let bob = stage.connect(0);
    stage.send(&ada, &bob.subscribe("private-room"));
    ada.expect_error(4009, "Connection is unauthorized");
    stage.send(
        &ada,
        &json!({"event": "pusher:subscribe", "data": {"channel": "private-room", "auth": null}}),
    );
    ada.expect_error(4009, "Connection is unauthorized");
    assert_eq!(
        stage.channels(),
        0,
        "a refused subscription leaves nothing behind"
    );
    stage.send(&ada, &ada.subscribe("private-room"));
    ada.expect(json!({"event": "pusher_internal:subscription_succeeded", "data": "{}", "channel": "private-room"}));
}

#[test]
fn subscribing_twice_counts_once() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    for _ in 0..2 {
        stage.send(&ada, &ada.subscribe("news"));
        assert_eq!(ada.events(), ["pusher_internal:subscription_succeeded"]);
    }
    stage.publish(&["news"], "E", None);
    stage.settle();
    assert_eq!(ada.events(), ["E"]);
    stage.send(
        &ada,
        &json!({"event": "pusher:unsubscribe", "data": {"channel": "news"}}),
    );
    assert_eq!(stage.channels(), 0);
}

#[test]
fn whoever_left_gets_nothing_and_the_rest_keep_their_places() {
    let mut stage = Stage::new(1, application());
    let mut clients: Vec<_> = (0..6).map(|_| stage.connect(0)).collect();
    for client in &clients {
        for channel in ["a", "b", "c"] {
            stage.send(client, &client.subscribe(channel));
        }
    }
    clients.iter_mut().for_each(|client| drop(client.events()));
    stage.send(
        &clients[1],
        &json!({"event": "pusher:unsubscribe", "data": {"channel": "a"}}),
    );
    stage.hang_up(&clients[3]);
    stage.send(
        &clients[4],
        &json!({"event": "pusher:unsubscribe", "data": {"channel": "c"}}),
    );
    stage.publish(&["a", "b", "c"], "E", None);
    stage.settle();
    let heard: Vec<usize> = clients
        .iter_mut()
        .map(|client| client.events().len())
        .collect();
    assert_eq!(heard, [3, 2, 3, 0, 2, 3]);
    clients.iter().for_each(|client| stage.hang_up(client));
    assert_eq!((stage.connections(), stage.channels()), (0, 0));
}

#[test]
fn unsubscribing_from_what_one_is_not_in_is_silent() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    stage.send(
        &ada,
        &json!({"event": "pusher:unsubscribe", "data": {"channel": "news"}}),
    );
    ada.expect_nothing();
}
