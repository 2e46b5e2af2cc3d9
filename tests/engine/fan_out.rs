//! Order, completeness, exclusion and slow readers.

use serde_json::json;

use crate::stage::{MAX_BACKLOG, Stage, application};

#[test]
fn events_of_several_channels_arrive_once_and_in_the_order_of_publishing() {
    let mut stage = Stage::new(2, application());
    let mut clients: Vec<_> = (0..10).map(|index| stage.connect(index % 2)).collect();
    for client in &clients {
        for channel in ["a", "b", "c"] {
            stage.send(client, &client.subscribe(channel));
        }
    }
    clients.iter_mut().for_each(|client| drop(client.events()));
    let names: Vec<String> = (0..300).map(|number| format!("E{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        stage.publish(&[["a", "b", "c"][number % 3]], name, None);
        if number % 7 == 0 {
            stage.settle();
        }
    }
    stage.settle();
    for client in &mut clients {
        assert_eq!(client.events(), names);
    }
}

#[test]
fn the_excluded_connection_gets_nothing_on_any_worker() {
    let mut stage = Stage::new(2, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(1));
    for client in [&ada, &bob] {
        stage.send(client, &client.subscribe("news"));
    }
    ada.events();
    bob.events();
    stage.publish(&["news"], "E", Some(bob.socket_id));
    stage.settle();
    assert_eq!(ada.events(), ["E"]);
    bob.expect_nothing();
}

#[test]
fn an_event_of_a_channel_that_was_left_reaches_nobody_in_its_place() {
    let mut stage = Stage::new(1, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(0));
    stage.send(&ada, &ada.subscribe("a"));
    ada.events();
    stage.publish(&["a"], "on its way", None);
    stage.say(
        &ada,
        &json!({"event": "pusher:unsubscribe", "data": {"channel": "a"}}),
    );
    stage.say(&bob, &bob.subscribe("b"));
    stage.say(&ada, &ada.subscribe("a"));
    stage.publish(&["a"], "for a", None);
    stage.publish(&["b"], "for b", None);
    stage.settle();
    let subscribed = "pusher_internal:subscription_succeeded";
    assert_eq!(ada.events(), [subscribed, "for a"]);
    assert_eq!(bob.events(), [subscribed, "for b"]);
}

#[test]
fn an_event_from_before_the_subscription_is_not_delivered() {
    let mut stage = Stage::new(1, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(0));
    stage.send(&ada, &ada.subscribe("news"));
    ada.events();
    stage.publish(&["news"], "before", None);
    stage.send(&bob, &bob.subscribe("news"));
    stage.publish(&["news"], "after", None);
    stage.settle();
    assert_eq!(ada.events(), ["before", "after"]);
    assert_eq!(
        bob.events(),
        ["pusher_internal:subscription_succeeded", "after"]
    );
}

#[test]
fn a_full_socket_gets_the_rest_when_it_has_room() {
    let mut stage = Stage::new(1, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(0));
    for client in [&ada, &bob] {
        stage.send(client, &client.subscribe("news"));
    }
    ada.events();
    bob.events();
    bob.limit(20);
    let names: Vec<String> = (0..20).map(|number| format!("E{number}")).collect();
    for name in &names {
        stage.publish(&["news"], name, None);
        stage.settle();
    }
    assert_eq!(ada.events(), names);
    bob.expect_nothing();
    bob.limit(usize::MAX);
    stage.writable(&bob);
    assert_eq!(bob.events(), names);
    stage.publish(&["news"], "last", None);
    stage.settle();
    assert_eq!(bob.events(), ["last"]);
}

#[test]
fn a_reader_that_leaves_too_much_unread_is_told_and_closed_and_others_miss_nothing() {
    let mut stage = Stage::new(1, application());
    let (mut ada, mut slow) = (stage.connect(0), stage.connect(0));
    for client in [&ada, &slow] {
        stage.send(client, &client.subscribe("news"));
    }
    ada.events();
    slow.events();
    slow.limit(10);
    let frame = json!({"event": "E", "data": "{}", "channel": "news"})
        .to_string()
        .len()
        + 2;
    let count = MAX_BACKLOG / frame + 2;
    for _ in 0..count {
        stage.publish(&["news"], "E", None);
    }
    stage.settle();
    assert_eq!(ada.events().len(), count);
    assert_eq!(stage.connections(), 1);
    slow.limit(usize::MAX);
    stage.writable(&slow);
    // The frame that was begun comes whole.
    slow.expect(json!({"event": "E", "data": "{}", "channel": "news"}));
    slow.expect_error(4100, "Connection is too slow");
    slow.expect_close(4100);
    assert!(format!("{:?}", stage.engine.notices().drain()).contains("max_backlog"));
}
