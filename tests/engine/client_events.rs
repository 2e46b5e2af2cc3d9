//! Client events: who may send them, and who gets them.

use std::time::Duration;

use reverb::engine::{ClientEvents, RateLimit};
use serde_json::json;

use crate::stage::{Stage, application};

#[test]
fn a_member_reaches_the_others_under_its_own_name() {
    let mut stage = Stage::new(2, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(1));
    for (client, id) in [(&ada, 1), (&bob, 2)] {
        stage.send(client, &client.join("presence-r", &json!({"user_id": id})));
    }
    ada.events();
    bob.events();
    stage.send(&ada, &json!({"event": "client-typing", "channel": "presence-r", "data": {"a": {}}, "user_id": 7, "channels": ["x"]}));
    bob.expect(
        json!({"event": "client-typing", "channel": "presence-r", "data": {"a": {}}, "user_id": 1}),
    );
    ada.expect_nothing();
}

#[test]
fn scalars_and_nothing_are_data_too() {
    let mut stage = Stage::new(1, application());
    let (ada, mut bob) = (stage.connect(0), stage.connect(0));
    for client in [&ada, &bob] {
        stage.send(client, &client.subscribe("news"));
    }
    bob.events();
    stage.send(
        &ada,
        &json!({"event": "client-x", "channel": "news", "data": 7}),
    );
    bob.expect(json!({"event": "client-x", "channel": "news", "data": 7}));
    stage.send(&ada, &json!({"event": "client-x", "channel": "news"}));
    bob.expect(json!({"event": "client-x", "channel": "news", "data": null}));
}

#[test]
fn outsiders_are_refused_or_kept_to_public_channels() {
    const NOT_A_MEMBER: &str = "The client is not a member of the specified channel.";
    const DISABLED: &str = "The app does not have client messaging enabled.";
    for (mode, channel, error) in [
        (ClientEvents::Members, "news", Some((4009, NOT_A_MEMBER))),
        (ClientEvents::All, "news", None),
        (
            ClientEvents::All,
            "private-room",
            Some((4009, NOT_A_MEMBER)),
        ),
        (ClientEvents::None, "news", Some((4301, DISABLED))),
    ] {
        let mut application = application();
        application.client_events = mode;
        let mut stage = Stage::new(1, application);
        let (mut ada, mut bob) = (stage.connect(0), stage.connect(0));
        stage.send(&bob, &bob.subscribe(channel));
        bob.events();
        stage.send(
            &ada,
            &json!({"event": "client-x", "channel": channel, "data": {}}),
        );
        match error {
            Some((code, text)) => {
                ada.expect_error(code, text);
                bob.expect_nothing();
            }
            None => assert_eq!(bob.events(), ["client-x"]),
        }
    }
}

#[test]
fn messages_over_the_rate_are_refused_until_the_window_ends() {
    let mut application = application();
    application.rate_limit = Some(RateLimit {
        max_attempts: 2,
        decay: Duration::from_secs(10),
        terminate: false,
    });
    let mut stage = Stage::new(1, application);
    let mut ada = stage.connect(0);
    let ping = json!({"event": "pusher:ping"});
    for _ in 0..3 {
        stage.send(&ada, &ping);
    }
    assert_eq!(ada.events(), ["pusher:pong", "pusher:pong", "pusher:error"]);
    stage.wait(Duration::from_secs(10));
    stage.send(&ada, &ping);
    assert_eq!(ada.events(), ["pusher:pong"]);
}

#[test]
fn the_error_comes_before_the_end_where_the_rate_ends_a_connection() {
    let mut application = application();
    application.rate_limit = Some(RateLimit {
        max_attempts: 1,
        decay: Duration::from_secs(10),
        terminate: true,
    });
    let mut stage = Stage::new(1, application);
    let mut ada = stage.connect(0);
    stage.send(&ada, &json!({"event": "pusher:ping"}));
    stage.send(&ada, &json!({"event": "pusher:ping"}));
    assert_eq!(ada.events().len(), 3, "pong, error, close");
    assert_eq!(stage.connections(), 0);
}
