//! Signing in, server-to-user channels and watchlists.

use reverb::protocol::auth;
use serde_json::{Value, json};

use crate::stage::{Client, Stage, application};

fn sign_in(client: &Client, user: &Value) -> Value {
    let data = user.to_string();
    let signature = auth::sign_user("secret", &client.socket_id.to_string(), &data);
    json!({"event": "pusher:signin", "data": {"auth": format!("key:{signature}"), "user_data": data}})
}

fn succeeded(user: &Value) -> Value {
    let data = json!({"user_data": user.to_string()}).to_string();
    json!({"event": "pusher:signin_success", "data": data})
}

fn seen(status: &str, users: &[&str]) -> Value {
    let data = json!({"events": [{"name": status, "user_ids": users}]}).to_string();
    json!({"event": "pusher_internal:watchlist_events", "data": data})
}

#[test]
fn a_signature_of_the_application_signs_a_user_in() {
    let mut stage = Stage::new(1, application());
    let (mut ada, bob) = (stage.connect(0), stage.connect(0));
    let user = json!({"id": "7", "name": "Ada"});
    stage.send(&ada, &sign_in(&bob, &user));
    ada.expect_error(4009, "Connection is unauthorized");
    stage.send(&ada, &sign_in(&ada, &user));
    ada.expect(succeeded(&user));
    stage.send(&ada, &sign_in(&ada, &json!({"name": "nobody"})));
    ada.expect_error(
        4200,
        "Invalid user_data: id must be a non-empty string or a number",
    );
}

#[test]
fn only_its_user_may_subscribe_to_a_server_to_user_channel() {
    let mut stage = Stage::new(1, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(0));
    stage.send(&ada, &sign_in(&ada, &json!({"id": "7"})));
    stage.send(&bob, &sign_in(&bob, &json!({"id": "8"})));
    ada.events();
    bob.events();
    for client in [&ada, &bob] {
        stage.send(client, &client.subscribe("#server-to-user-7"));
    }
    assert_eq!(ada.events(), ["pusher_internal:subscription_succeeded"]);
    bob.expect_error(4009, "Connection is unauthorized");
    stage.publish(&["#server-to-user-7"], "E", None);
    stage.settle();
    assert_eq!(ada.events(), ["E"]);
    bob.expect_nothing();
}

#[test]
fn watchers_learn_who_is_online_and_who_comes_and_goes() {
    let mut stage = Stage::new(2, application());
    let (mut ada, bob, bob_too) = (stage.connect(0), stage.connect(1), stage.connect(0));
    stage.send(&bob, &sign_in(&bob, &json!({"id": "bob"})));
    let user = json!({"id": "ada", "watchlist": ["bob", "eve", "nobody"]});
    stage.send(&ada, &sign_in(&ada, &user));
    ada.expect(succeeded(&user));
    ada.expect(seen("online", &["bob"]));

    stage.send(&bob_too, &sign_in(&bob_too, &json!({"id": "bob"})));
    stage.hang_up(&bob);
    ada.expect_nothing();
    stage.hang_up(&bob_too);
    ada.expect(seen("offline", &["bob"]));
    let eve = stage.connect(1);
    stage.send(&eve, &sign_in(&eve, &json!({"id": "eve"})));
    ada.expect(seen("online", &["eve"]));
}

#[test]
fn signing_in_as_another_user_signs_the_first_one_out() {
    let mut stage = Stage::new(1, application());
    let (mut ada, bob) = (stage.connect(0), stage.connect(0));
    stage.send(
        &ada,
        &sign_in(&ada, &json!({"id": "ada", "watchlist": ["bob", "eve"]})),
    );
    ada.events();
    stage.send(&bob, &sign_in(&bob, &json!({"id": "bob"})));
    stage.send(&bob, &sign_in(&bob, &json!({"id": "eve"})));
    ada.expect(seen("online", &["bob"]));
    ada.expect(seen("offline", &["bob"]));
    ada.expect(seen("online", &["eve"]));
    stage.send(&ada, &sign_in(&ada, &json!({"id": "ada"})));
    ada.events();
    stage.hang_up(&bob);
    ada.expect_nothing();
}

/// pusher-js leaves `channel_data` out when the user has signed in.
#[test]
fn a_signed_in_user_joins_a_presence_channel_as_itself() {
    let mut stage = Stage::new(1, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(0));
    stage.send(&bob, &bob.join("presence-room", &json!({"user_id": 8})));
    stage.send(&ada, &ada.subscribe("presence-room"));
    ada.expect_error(
        4200,
        "Invalid channel_data: user_id must be a non-empty string or a number",
    );
    let user = json!({"id": "7", "user_info": {"name": "Ada"}});
    stage.send(&ada, &sign_in(&ada, &user));
    ada.events();
    bob.events();

    stage.send(&ada, &ada.subscribe("presence-room"));
    assert_eq!(ada.events(), ["pusher_internal:subscription_succeeded"]);
    bob.expect(json!({
        "event": "pusher_internal:member_added",
        "data": r#"{"user_id":"7","user_info":{"name":"Ada"}}"#,
        "channel": "presence-room",
    }));

    stage.send(
        &ada,
        &ada.join("presence-room", &json!({"user_id": "another"})),
    );
    assert_eq!(
        bob.events(),
        [
            "pusher_internal:member_removed",
            "pusher_internal:member_added"
        ]
    );
}

#[test]
fn terminating_a_user_closes_its_signed_in_connections() {
    let mut stage = Stage::new(2, application());
    let (mut ada, mut bob) = (stage.connect(0), stage.connect(1));
    for (client, id) in [(&mut ada, "7"), (&mut bob, "8")] {
        stage.send(client, &sign_in(client, &json!({"id": id})));
        client.events();
    }
    let application = stage
        .engine
        .applications()
        .by_id("1")
        .expect("the application");
    stage.engine.terminate(application, "7");
    stage.settle();
    ada.expect_error(4009, "Connection is unauthorized");
    ada.expect_close(4009);
    bob.expect_nothing();
}
