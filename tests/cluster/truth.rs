//! Whatever server a client is connected to, it sees the same.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    node::{Node, until},
    redis::Redis,
    support::{client::Client, message, sign},
};

fn member(id: &str) -> String {
    json!({ "user_id": id, "user_info": { "name": format!("N{id}") } }).to_string()
}

/// The ids in the list that a newcomer gets.
fn joined(client: &mut Client) -> Vec<String> {
    let told = message(&client.text());
    assert_eq!(
        told["event"], "pusher_internal:subscription_succeeded",
        "{told}"
    );
    let presence = &told["data"]["text"]["presence"];
    let mut ids: Vec<String> = presence["ids"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    assert_eq!(presence["count"], ids.len());
    ids
}

/// The event of a member, and who it is.
fn told_of(client: &mut Client) -> (String, String) {
    let told = message(&client.text());
    let event = told["event"].as_str().unwrap();
    let user = told["data"]["text"]["user_id"].as_str().unwrap();
    (event.to_owned(), user.to_owned())
}

fn of(event: &str, user: &str) -> (String, String) {
    (format!("pusher_internal:{event}"), user.to_owned())
}

fn event(name: &str, channel: &str, data: &str) -> String {
    json!({ "event": name, "data": data, "channel": channel }).to_string()
}

fn leave(client: &mut Client, channel: &str) {
    client.send(&json!({ "event": "pusher:unsubscribe", "data": { "channel": channel } }));
}

fn sign_in(client: &mut Client, id: &str, watchlist: &[&str]) {
    let data = json!({ "id": id, "watchlist": watchlist }).to_string();
    let text = format!("{}::user::{data}", client.socket_id);
    let auth = format!("reverb-key:{}", sign("reverb-secret", &text));
    client.send(&json!({ "event": "pusher:signin", "data": { "auth": auth, "user_data": data } }));
    let told = message(&client.text());
    assert_eq!(told["event"], "pusher:signin_success", "{told}");
}

#[test]
fn a_member_is_one_wherever_it_is_connected() {
    let redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    let (mut ada, mut bob) = (one.connect(), two.connect());
    ada.join("presence-a", &member("ada"));
    assert_eq!(joined(&mut ada), ["ada"]);
    bob.join("presence-a", &member("bob"));
    assert_eq!(joined(&mut bob), ["ada", "bob"]);
    assert_eq!(told_of(&mut ada), of("member_added", "bob"));
    let mut bob_again = one.connect();
    bob_again.join("presence-a", &member("bob"));
    assert_eq!(joined(&mut bob_again), ["ada", "bob"]);
    // Whoever hears this has heard of what was before.
    one.publish("here", "presence-a", "x");
    for client in [&mut ada, &mut bob, &mut bob_again] {
        client.expect(&event("here", "presence-a", "x"));
    }
    leave(&mut bob, "presence-a");
    let mut eve = two.connect();
    eve.join("presence-a", &member("eve"));
    assert_eq!(
        joined(&mut eve),
        ["ada", "bob", "eve"],
        "bob is still there, on the other server"
    );
    assert_eq!(
        told_of(&mut ada),
        of("member_added", "eve"),
        "and nothing else was told"
    );
    assert_eq!(told_of(&mut bob_again), of("member_added", "eve"));
    drop(bob_again);
    assert_eq!(told_of(&mut eve), of("member_removed", "bob"));
    assert_eq!(told_of(&mut ada), of("member_removed", "bob"));
    drop(eve);
    assert_eq!(told_of(&mut ada), of("member_removed", "eve"));
    ada.expect_quiet();
}

#[test]
fn servers_are_one_in_an_application_that_only_their_providers_know() {
    const LATE: (&str, &str, &str) = ("9", "late-key", "late-secret");
    let redis = Redis::start();
    let start = || {
        Node::with(redis.port(), |configuration| {
            configuration["server"]["provider"] = json!({});
            configuration["known"] = json!([{
                "app_id": LATE.0, "key": LATE.1, "secret": LATE.2, "ping_interval": 60,
                "allowed_origins": ["*"], "max_message_size": 10_000,
            }]);
        })
    };
    let (one, two, three) = (start(), start(), start());
    let mut clients = [one.open(LATE.1), two.open(LATE.1)];
    for client in &mut clients {
        client.read_greeting();
        client.subscribe("news");
    }
    // From a server that hears of the application with this very request.
    let body = json!({ "name": "posted", "channels": ["news"], "data": "1" });
    let answer = three.signed_by(LATE, "POST", "/events").json(&body).send();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    for client in &mut clients {
        client.expect(&event("posted", "news", "1"));
    }
    until("the other servers to tell their connections", || {
        let answer = three.signed_by(LATE, "GET", "/connections").send();
        answer.body == r#"{"connections":2}"#
    });
    assert_eq!(three.get("/connections"), json!({ "connections": 0 }));
}

#[test]
fn an_event_reaches_all_subscribers_but_its_sender_in_order() {
    let redis = Redis::start();
    let (one, two, three) = (
        Node::start(&redis),
        Node::start(&redis),
        Node::start(&redis),
    );
    let mut clients = [one.connect(), two.connect(), two.connect()];
    for client in &mut clients {
        client.subscribe("a");
    }
    let except = clients[1].socket_id.clone();
    // From a server without a subscriber, one after the other.
    for number in 0..100 {
        three.publish("e", "a", &number.to_string());
    }
    let answer = three.try_publish("for others", "a", "x", Some(&except));
    assert_eq!(answer.status, 200);
    three.publish("last", "a", "y");
    for (index, client) in clients.iter_mut().enumerate() {
        for number in 0..100 {
            client.expect(&event("e", "a", &number.to_string()));
        }
        if index != 1 {
            client.expect(&event("for others", "a", "x"));
        }
        client.expect(&event("last", "a", "y"));
        client.expect_quiet();
    }
}

#[test]
fn a_client_event_reaches_the_others() {
    let redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    let (mut ada, mut bob) = (one.connect(), two.connect());
    ada.subscribe_private("private-a");
    bob.subscribe_private("private-a");
    ada.send(&json!({ "event": "client-hi", "channel": "private-a", "data": { "n": 1 } }));
    let heard = message(&bob.text());
    assert_eq!(
        (&heard["event"], &heard["data"]["n"]),
        (&json!("client-hi"), &json!(1))
    );
    ada.expect_quiet();
}

#[test]
fn every_server_knows_what_there_is() {
    let redis = Redis::start();
    let nodes = [
        Node::start(&redis),
        Node::start(&redis),
        Node::start(&redis),
    ];
    let mut clients: Vec<Client> = nodes[..2].iter().map(Node::connect).collect();
    for (client, id) in clients.iter_mut().zip(["ada", "bob"]) {
        client.subscribe("a");
        client.join("presence-b", &member(id));
        joined(client);
    }
    let mut third = nodes[0].connect();
    third.subscribe("only-here");
    for (index, node) in nodes.iter().enumerate() {
        let knows = |path: &str, expected: Value| {
            until(
                &format!(
                    "{path} of server {index} to be {expected}, not {}",
                    node.get(path)
                ),
                || node.get(path) == expected,
            );
        };
        knows("/connections", json!({ "connections": 3 }));
        knows(
            "/channels/a?info=subscription_count",
            json!({ "occupied": true, "subscription_count": 2 }),
        );
        knows(
            "/channels/presence-b?info=user_count",
            json!({ "occupied": true, "user_count": 2 }),
        );
        knows("/channels/nobody", json!({ "occupied": false }));
        knows(
            "/channels?info=user_count&filter_by_prefix=presence-",
            json!({ "channels": { "presence-b": { "user_count": 2 } } }),
        );
        let channels = node.get("/channels");
        let names: Vec<&String> = channels["channels"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["a", "only-here", "presence-b"]);
        let users = node.get("/channels/presence-b/users");
        let mut ids: Vec<&str> = users["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["id"].as_str().unwrap())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, ["ada", "bob"]);
        let body =
            json!({ "name": "e", "channel": "a", "data": "x", "info": "subscription_count" });
        let answer = node.signed("POST", "/events").json(&body).send();
        let expected = json!({ "channels": { "a": { "subscription_count": 2 } } });
        assert_eq!(
            serde_json::from_str::<Value>(&answer.body).unwrap(),
            expected
        );
        assert_eq!(answer.header("Reverb-Incomplete"), None);
    }
}

#[test]
fn a_cached_event_is_there_for_everybody() {
    let redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    // Published where nobody subscribes, read elsewhere.
    one.publish("e", "cache-a", "first");
    let mut ada = two.connect();
    ada.subscribe("cache-a");
    ada.expect(&event("e", "cache-a", "first"));
    one.publish("e", "cache-a", "second");
    ada.expect(&event("e", "cache-a", "second"));
    let mut bob = one.connect();
    bob.subscribe("cache-a");
    bob.expect(&event("e", "cache-a", "second"));
    two.publish("e", "cache-a", "third");
    for client in [&mut ada, &mut bob] {
        client.expect(&event("e", "cache-a", "third"));
    }
    bob.subscribe("cache-b");
    bob.expect(r#"{"event":"pusher:cache_miss","channel":"cache-b"}"#);
    let three = Node::start(&redis);
    assert_eq!(
        three.get("/channels/cache-a?info=cache")["cache"]["data"],
        json!("third")
    );
}

#[test]
fn a_user_is_disconnected_and_reached_everywhere() {
    let redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    let (mut ada, mut bob, mut eve) = (one.connect(), two.connect(), two.connect());
    sign_in(&mut ada, "7", &[]);
    sign_in(&mut bob, "7", &[]);
    sign_in(&mut eve, "8", &[]);
    // What pusher-js subscribes to after signing in.
    for client in [&mut ada, &mut bob] {
        client.subscribe("#server-to-user-7");
    }
    two.publish("e", "#server-to-user-7", "x");
    for client in [&mut ada, &mut bob] {
        client.expect(&event("e", "#server-to-user-7", "x"));
    }
    let answer = one
        .signed("POST", "/users/7/terminate_connections")
        .text("{}")
        .send();
    assert_eq!(answer.status, 200);
    for client in [&mut ada, &mut bob] {
        let mut last = client.text();
        while let Some(text) = client.try_text() {
            last = text;
        }
        assert_eq!(message(&last)["data"]["text"]["code"], 4009);
    }
    eve.expect_quiet();
}

#[test]
fn a_watchlist_looks_across_servers() {
    let redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    let mut watcher = one.connect();
    sign_in(&mut watcher, "ada", &["bob", "eve"]);
    let status = |client: &mut Client| -> (String, String) {
        let told = message(&client.text());
        assert_eq!(told["event"], "pusher_internal:watchlist_events", "{told}");
        let events = told["data"]["events"]
            .as_array()
            .or_else(|| told["data"]["text"]["events"].as_array())
            .unwrap();
        let event = &events[0];
        (
            event["name"].as_str().unwrap().to_owned(),
            event["user_ids"][0].as_str().unwrap().to_owned(),
        )
    };
    let mut bob = two.connect();
    sign_in(&mut bob, "bob", &[]);
    assert_eq!(
        status(&mut watcher),
        ("online".to_owned(), "bob".to_owned())
    );
    let mut bob_again = one.connect();
    sign_in(&mut bob_again, "bob", &[]);
    drop(bob);
    until("the other server to forget bob", || {
        two.get("/connections")["connections"] == 2
    });
    drop(bob_again);
    assert_eq!(
        status(&mut watcher),
        ("offline".to_owned(), "bob".to_owned())
    );
}

#[test]
fn an_application_has_no_more_connections_than_it_may_in_all_servers_together() {
    let redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    // The second application may have one.
    let mut first = one.open("reverb-key-2");
    assert_eq!(
        message(&first.text())["event"],
        "pusher:connection_established"
    );
    let mut second = two.open("reverb-key-2");
    second.expect_error(4004, "Application is over connection quota");
    drop(first);
    until("a place to become free", || {
        let mut client = two.open("reverb-key-2");
        message(&client.text())["event"] == "pusher:connection_established"
    });
}

#[test]
fn what_is_told_of_counts_is_told_of_all_servers() {
    let redis = Redis::start();
    let counting = |configuration: &mut Value| {
        configuration["server"]["applications"][0]["subscription_count"] = json!(true);
    };
    let (one, two) = (
        Node::with(redis.port(), counting),
        Node::with(redis.port(), counting),
    );
    let (mut ada, mut bob) = (one.connect(), two.connect());
    ada.subscribe("a");
    bob.subscribe("a");
    for client in [&mut ada, &mut bob] {
        loop {
            let told = message(&client.text());
            assert_eq!(
                told["event"], "pusher_internal:subscription_count",
                "{told}"
            );
            let count = &told["data"]["text"]["subscription_count"];
            if *count == 2 || told["data"]["subscription_count"] == 2 {
                break;
            }
        }
    }
}

#[test]
fn installations_on_one_redis_do_not_hear_each_other() {
    let redis = Redis::start();
    let elsewhere = |configuration: &mut Value| {
        configuration["server"]["scaling"]["channel"] = json!("other");
    };
    let strangers = |configuration: &mut Value| {
        configuration["server"]["applications"][0]["secret"] = json!("another secret");
    };
    let one = Node::start(&redis);
    let two = Node::with(redis.port(), elsewhere);
    let three = Node::with(redis.port(), strangers);
    let mut clients = [one.connect(), two.connect(), three.connect()];
    for client in &mut clients {
        client.subscribe("a");
    }
    one.publish("e", "a", "x");
    clients[0].expect(&event("e", "a", "x"));
    let count = "/channels/a?info=subscription_count";
    for node in [&one, &two] {
        assert_eq!(node.get(count)["subscription_count"], 1);
    }
    std::thread::sleep(Duration::from_millis(100));
    for client in &mut clients {
        client.expect_quiet();
    }
    assert_eq!(
        redis.say(&["KEYS", "*secret*"]),
        "",
        "and no secret is in Redis"
    );
}
