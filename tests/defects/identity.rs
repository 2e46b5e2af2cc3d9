//! Presence, users and their ids.

use serde_json::json;

use crate::support::{client::Client, server::TestServer};

const REMOVED: &str = "pusher_internal:member_removed";

fn terminate(server: &TestServer, user: &str) {
    let path = format!("/users/{user}/terminate_connections");
    let answer = server.signed("POST", &path).json(&json!({})).send();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
}

/// Joins and skips the confirmation.
fn join(client: &mut Client, channel: &str, channel_data: &str) {
    client.join(channel, channel_data);
    assert!(client.text().contains("subscription_succeeded"));
}

fn succeeded(channel: &str, presence: &str) -> String {
    let data = json!(presence).to_string();
    format!(
        r#"{{"event":"pusher_internal:subscription_succeeded","data":{data},"channel":"{channel}"}}"#
    )
}

/// Reverb: one connection without presence data makes terminating a user a 500, half done.
#[test]
fn d02_terminating_passes_over_who_is_nobody() {
    let server = TestServer::start();
    let mut guests: Vec<Client> = (0..4).map(|_| server.connect()).collect();
    guests.iter_mut().for_each(|guest| guest.subscribe("news"));
    let mut users: Vec<Client> = (0..4).map(|_| server.connect()).collect();
    for user in &mut users {
        join(user, "presence-room", r#"{"user_id":456}"#);
    }
    terminate(&server, "456");
    for user in &mut users {
        user.expect_error(4009, "Connection is unauthorized");
        user.expect_closed(4009, "Connection is unauthorized");
    }
    guests.iter_mut().for_each(Client::expect_quiet);
}

/// Reverb: a socket whose first channel is not the presence channel is not found.
#[test]
fn d03_a_user_is_found_whatever_the_order_of_its_channels() {
    let server = TestServer::start();
    for channels in [["news", "presence-room"], ["presence-room", "news"]] {
        let mut ada = server.connect();
        for channel in channels {
            if channel == "news" {
                ada.subscribe(channel);
            } else {
                join(&mut ada, channel, r#"{"user_id":"7"}"#);
            }
        }
        terminate(&server, "7");
        ada.expect_error(4009, "Connection is unauthorized");
        ada.expect_closed(4009, "Connection is unauthorized");
    }
}

/// Reverb: a member without `user_info` breaks its own subscription and every later one.
#[test]
fn d05_a_member_without_info_is_a_member() {
    let server = TestServer::start();
    let (mut ada, mut bob) = (server.connect(), server.connect());
    ada.join("presence-room", r#"{"user_id":1}"#);
    ada.expect(&succeeded(
        "presence-room",
        r#"{"presence":{"count":1,"ids":[1],"hash":{"1":null}}}"#,
    ));
    bob.join("presence-room", r#"{"user_id":2,"user_info":{}}"#);
    bob.expect(&succeeded(
        "presence-room",
        r#"{"presence":{"count":2,"ids":[1,2],"hash":{"1":null,"2":{}}}}"#,
    ));
    ada.expect(r#"{"event":"pusher_internal:member_added","data":"{\"user_id\":2,\"user_info\":{}}","channel":"presence-room"}"#);
}

/// Reverb: `"10"`, `"1e1"` and `"010"` are one user.
#[test]
fn d16_users_are_told_apart_by_the_text_of_their_ids() {
    let server = TestServer::start();
    let mut witness = server.connect();
    join(&mut witness, "presence-room", r#"{"user_id":"w"}"#);
    let mut clients = Vec::new();
    for id in [r#""10""#, r#""1e1""#, r#""010""#, r#""10.0""#] {
        let mut client = server.connect();
        join(
            &mut client,
            "presence-room",
            &format!(r#"{{"user_id":{id}}}"#),
        );
        let added = witness.text();
        assert!(added.contains("member_added"), "{id}: {added}");
        clients.push(client);
    }
    // 10 and "10" have the same key in the `hash` that clients see, and are one.
    let mut number = server.connect();
    join(&mut number, "presence-room", r#"{"user_id":10}"#);
    witness.expect_quiet();
    let users = server.signed("GET", "/channels/presence-room/users").send();
    assert_eq!(
        users.body,
        r#"{"users":[{"id":"w"},{"id":"10"},{"id":"1e1"},{"id":"010"},{"id":"10.0"}]}"#
    );
}

/// Reverb: one member without data makes the list of users a 500.
#[test]
fn d22_users_are_listed_whatever_their_members_data() {
    let server = TestServer::start();
    let (mut ada, mut eve) = (server.connect(), server.connect());
    join(&mut ada, "presence-room", r#"{"user_id":1}"#);
    let auth = eve.auth("presence-room", None);
    eve.send(&json!({ "event": "pusher:subscribe", "data": { "channel": "presence-room", "auth": auth } }));
    eve.expect_error(
        4200,
        "Invalid channel_data: user_id must be a non-empty string or a number",
    );
    let users = server.signed("GET", "/channels/presence-room/users").send();
    assert_eq!(
        (users.status, users.body.as_str()),
        (200, r#"{"users":[{"id":1}]}"#)
    );
    let info = server
        .signed("GET", "/channels")
        .parameter("info", "user_count")
        .send();
    assert_eq!(
        info.body,
        r#"{"channels":{"presence-room":{"user_count":1}}}"#
    );
}

/// Reverb: the first user never leaves when its socket subscribes as another; `"0"` never leaves;
/// unusable ids empty everybody's list.
#[test]
fn d30_members_are_replaced_removed_and_refused_as_they_should() {
    let server = TestServer::start();
    let (mut witness, mut ada) = (server.connect(), server.connect());
    join(&mut witness, "presence-room", r#"{"user_id":"w"}"#);
    join(&mut ada, "presence-room", r#"{"user_id":"0"}"#);
    witness.text();
    ada.join("presence-room", r#"{"user_id":5}"#);
    ada.expect(&succeeded(
        "presence-room",
        r#"{"presence":{"count":2,"ids":["w",5],"hash":{"w":null,"5":null}}}"#,
    ));
    let mut seen = [witness.text(), witness.text()];
    seen.sort();
    assert!(
        seen[0].contains(r#"member_added","data":"{\"user_id\":5}"#),
        "{seen:?}"
    );
    assert!(
        seen[1].contains(r#"{\"user_id\":\"0\"}"#) && seen[1].contains(REMOVED),
        "{seen:?}"
    );
    for id in ["null", r#""""#, "[1]", r#"{"a":1}"#, "true"] {
        let mut eve = server.connect();
        eve.join("presence-room", &format!(r#"{{"user_id":{id}}}"#));
        eve.expect_error(
            4200,
            "Invalid channel_data: user_id must be a non-empty string or a number",
        );
    }
    let mut zero = server.connect();
    join(&mut zero, "presence-room", r#"{"user_id":0}"#);
    assert!(witness.text().contains("member_added"));
    drop(zero);
    witness.expect(r#"{"event":"pusher_internal:member_removed","data":"{\"user_id\":0}","channel":"presence-room"}"#);
    witness.expect_quiet();
}
