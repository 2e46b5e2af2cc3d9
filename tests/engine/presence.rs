//! Members across workers.

use serde_json::{Value, json};

use crate::stage::{Client, Stage, application};

fn joined(client: &mut Client, ids: Value, hash: Value) {
    let data = json!({"presence": {"count": ids.as_array().map_or(0, Vec::len), "ids": ids, "hash": hash}});
    let message = client.heard_next();
    assert_eq!(message["event"], "pusher_internal:subscription_succeeded");
    let text = message["data"].as_str().expect("text");
    assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), data);
}

impl Client {
    fn heard_next(&mut self) -> Value {
        let mut events = self.messages();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }
}

#[test]
fn a_user_is_announced_with_the_first_connection_and_leaves_with_the_last() {
    let mut stage = Stage::new(2, application());
    let (mut ada, mut bob, bob_too) = (stage.connect(0), stage.connect(1), stage.connect(0));
    stage.send(
        &ada,
        &ada.join(
            "presence-r",
            &json!({"user_id": 1, "user_info": {"name": "Ada"}}),
        ),
    );
    joined(&mut ada, json!([1]), json!({"1": {"name": "Ada"}}));
    stage.send(&bob, &bob.join("presence-r", &json!({"user_id": "2"})));
    joined(
        &mut bob,
        json!([1, "2"]),
        json!({"1": {"name": "Ada"}, "2": null}),
    );
    ada.expect(json!({"event": "pusher_internal:member_added", "data": "{\"user_id\":\"2\"}", "channel": "presence-r"}));

    stage.send(
        &bob_too,
        &bob_too.join("presence-r", &json!({"user_id": "2"})),
    );
    stage.hang_up(&bob);
    ada.expect_nothing();
    stage.hang_up(&bob_too);
    ada.expect(json!({"event": "pusher_internal:member_removed", "data": "{\"user_id\":\"2\"}", "channel": "presence-r"}));
}

#[test]
fn subscribing_again_as_another_user_replaces_the_member() {
    let mut stage = Stage::new(1, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(0));
    stage.send(&ada, &ada.join("presence-r", &json!({"user_id": 1})));
    stage.send(&bob, &bob.join("presence-r", &json!({"user_id": 2})));
    ada.events();
    bob.events();
    stage.send(&bob, &bob.join("presence-r", &json!({"user_id": 3})));
    assert_eq!(
        ada.events(),
        [
            "pusher_internal:member_removed",
            "pusher_internal:member_added"
        ]
    );
    stage.send(&bob, &bob.join("presence-r", &json!({"user_id": 3})));
    ada.expect_nothing();
    stage.hang_up(&bob);
    ada.expect(json!({"event": "pusher_internal:member_removed", "data": "{\"user_id\":3}", "channel": "presence-r"}));
}

#[test]
fn who_has_no_usable_id_is_refused() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    for member in [
        json!({}),
        json!({"user_id": null}),
        json!({"user_id": ""}),
        json!({"user_id": [1]}),
    ] {
        stage.send(&ada, &ada.join("presence-r", &member));
        ada.expect_error(
            4200,
            "Invalid channel_data: user_id must be a non-empty string or a number",
        );
    }
    stage.send(&ada, &ada.subscribe("presence-r"));
    ada.expect_error(
        4200,
        "Invalid channel_data: user_id must be a non-empty string or a number",
    );
    assert_eq!(stage.channels(), 0);
}

#[test]
fn a_newcomer_is_not_told_again_what_its_list_says() {
    let mut stage = Stage::new(2, application());
    let (ada, bob, mut eve) = (stage.connect(0), stage.connect(1), stage.connect(1));
    stage.send(&ada, &ada.join("presence-r", &json!({"user_id": 1})));
    stage.send(&bob, &bob.join("presence-r", &json!({"user_id": 2})));
    // The frame of this change is in the inbox of eve's worker when eve comes.
    stage.say(
        &ada,
        &json!({"event": "pusher:unsubscribe", "data": {"channel": "presence-r"}}),
    );
    stage.send(&eve, &eve.join("presence-r", &json!({"user_id": 3})));
    joined(&mut eve, json!([2, 3]), json!({"2": null, "3": null}));
}

#[test]
fn terminating_a_user_closes_its_connections_on_all_workers() {
    let mut stage = Stage::new(2, application());
    let (mut ada, mut bob, mut bob_too) = (stage.connect(0), stage.connect(0), stage.connect(1));
    for (client, id) in [(&ada, 1), (&bob, 2), (&bob_too, 2)] {
        stage.send(client, &client.subscribe("news"));
        stage.send(client, &client.join("presence-r", &json!({"user_id": id})));
    }
    for client in [&mut ada, &mut bob, &mut bob_too] {
        client.events();
    }
    let application = stage
        .engine
        .applications()
        .by_id("1")
        .expect("the application");
    stage.engine.terminate(application, "2");
    stage.settle();
    for client in [&mut bob, &mut bob_too] {
        client.expect_error(4009, "Connection is unauthorized");
        client.expect_close(4009);
    }
    assert_eq!(ada.events(), ["pusher_internal:member_removed"]);
}
