//! Servers of different versions side by side, as in an upgrade of one after the other.

use serde_json::{Value, json};

use super::{
    missed::expect_nothing_missed,
    node::{Node, hasty, until},
    redis::Redis,
    support::{client::Client, message},
};

/// A server of the version that is so much later than this one.
fn later(redis: &Redis, by: u64) -> Node {
    Node::with(redis.port(), |configuration| {
        hasty(configuration);
        configuration["version"] = json!(1 + by);
    })
}

fn join(node: &Node, id: &str) -> (Client, Vec<String>) {
    let mut client = node.connect();
    client.join("presence-cache-a", &json!({ "user_id": id }).to_string());
    let told = message(&client.text());
    assert_eq!(
        told["event"], "pusher_internal:subscription_succeeded",
        "{told}"
    );
    let ids = told["data"]["text"]["presence"]["ids"].as_array();
    let ids = ids.into_iter().flatten().filter_map(Value::as_str);
    (client, ids.map(str::to_owned).collect())
}

fn expect_member(client: &mut Client, event: &str, id: &str) {
    let told = message(&client.text());
    assert_eq!(told["event"], format!("pusher_internal:member_{event}"));
    assert_eq!(told["data"]["text"]["user_id"], id);
}

#[test]
fn neighbouring_versions_are_one() {
    let redis = Redis::start();
    let (old, new) = (later(&redis, 0), later(&redis, 1));
    let (mut ada, _) = join(&old, "ada");
    ada.text(); // Nothing is kept yet.
    new.publish("e", "presence-cache-a", "1");
    ada.expect(&json!({ "event": "e", "data": "1", "channel": "presence-cache-a" }).to_string());
    let (mut bob, mut ids) = join(&new, "bob");
    ids.sort();
    assert_eq!(ids, ["ada", "bob"], "what the old one has put into Redis");
    let kept = message(&bob.text());
    assert_eq!(
        (&kept["event"], &kept["data"]["text"]),
        (&json!("e"), &json!(1))
    );
    expect_member(&mut ada, "added", "bob");
    let (mut eve, ids) = join(&old, "eve");
    assert_eq!(ids.len(), 3, "what the new one has put into Redis: {ids:?}");
    assert_eq!(message(&eve.text())["event"], "e");
    expect_member(&mut bob, "added", "eve");
    expect_member(&mut ada, "added", "eve");
    for (node, data) in [(&old, "2"), (&new, "3")] {
        node.publish("e", "presence-cache-a", data);
        for client in [&mut ada, &mut bob, &mut eve] {
            let event = json!({ "event": "e", "data": data, "channel": "presence-cache-a" });
            client.expect(&event.to_string());
        }
    }
    for node in [&old, &new] {
        until("the whole truth", || {
            let path = "/channels/presence-cache-a?info=user_count,subscription_count";
            node.get(path)["user_count"] == 3
                && node.get("/connections") == json!({ "connections": 3 })
        });
        assert_eq!(node.warnings("was ignored"), 0);
    }
    // One takes leave, and one dies: the other knows of both.
    assert!(new.stop().success());
    for client in [&mut ada, &mut eve] {
        expect_member(client, "removed", "bob");
    }
    let new = later(&redis, 1);
    let (mut bob, ids) = join(&new, "bob");
    assert_eq!(ids.len(), 3, "{ids:?}");
    bob.text();
    for client in [&mut ada, &mut eve] {
        expect_member(client, "added", "bob");
    }
    old.kill();
    let mut gone = [bob.text(), bob.text()].map(|told| {
        let told = message(&told);
        assert_eq!(told["event"], "pusher_internal:member_removed");
        told["data"]["text"]["user_id"].to_string()
    });
    gone.sort();
    assert_eq!(gone, ["\"ada\"", "\"eve\""]);
    until("the whole truth", || {
        new.get("/channels/presence-cache-a/users") == json!({ "users": [{ "id": "bob" }] })
    });
}

#[test]
fn a_user_is_thrown_out_by_a_server_of_another_version() {
    let redis = Redis::start();
    let nodes = [later(&redis, 0), later(&redis, 1)];
    for (here, there) in [(0, 1), (1, 0)] {
        let (mut client, _) = join(&nodes[here], "mallory");
        client.text();
        let path = "/users/mallory/terminate_connections";
        let answer = nodes[there].signed("POST", path).json(&json!({})).send();
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(message(&client.text())["event"], "pusher:error");
        until("it to be gone", || {
            nodes[there].get("/connections") == json!({ "connections": 0 })
        });
    }
}

#[test]
fn a_server_that_was_cut_off_is_told_what_it_has_missed_by_one_of_another_version() {
    let change = |by: u64| {
        move |configuration: &mut Value| {
            hasty(configuration);
            configuration["version"] = json!(1 + by);
        }
    };
    for versions in [[0, 1], [1, 0]] {
        let [one, two] = versions.map(change);
        expect_nothing_missed([&one, &two], |_| {});
    }
}

#[test]
fn versions_that_are_further_apart_say_so() {
    let redis = Redis::start();
    let (old, new) = (later(&redis, 0), later(&redis, 2));
    let (_ada, _bob) = (join(&old, "ada"), join(&new, "bob"));
    old.wait_for_warning("it is of version 3, and this server is of version 1");
}
