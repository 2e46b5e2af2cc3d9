//! What happens when servers, Redis or the network between them fail.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    node::{Node, hasty, until},
    proxy::Proxy,
    redis::{Redis, say_bytes},
    support::{client::Client, message},
};

pub(super) fn join(node: &Node, channel: &str, id: &str) -> Client {
    let mut client = node.connect();
    client.join(channel, &json!({ "user_id": id }).to_string());
    let told = message(&client.text());
    assert_eq!(
        told["event"], "pusher_internal:subscription_succeeded",
        "{told}"
    );
    client
}

pub(super) fn event(name: &str, channel: &str, data: &str) -> String {
    json!({ "event": name, "data": data, "channel": channel }).to_string()
}

pub(super) fn users(node: &Node, channel: &str) -> Vec<String> {
    let users = node.get(&format!("/channels/{channel}/users"));
    let list = users["users"].as_array();
    let ids = list.into_iter().flatten();
    let mut ids: Vec<String> = ids
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

/// What is told next, and of whom.
pub(super) fn told_of(client: &mut Client) -> (Value, Value) {
    let told = message(&client.text());
    (
        told["event"].clone(),
        told["data"]["text"]["user_id"].clone(),
    )
}

#[test]
fn d41_who_was_on_a_server_that_died_is_gone_within_fifteen_seconds() {
    let redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    let mut ada = join(&one, "presence-a", "ada");
    let _bob = join(&two, "presence-a", "bob");
    assert_eq!(
        told_of(&mut ada),
        (json!("pusher_internal:member_added"), json!("bob"))
    );
    two.kill();
    let began = Instant::now();
    assert_eq!(
        told_of(&mut ada),
        (json!("pusher_internal:member_removed"), json!("bob"))
    );
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(users(&one, "presence-a"), ["ada"]);
    assert_eq!(one.get("/connections"), json!({ "connections": 1 }));
    ada.expect_quiet();
}

#[test]
fn ten_deaths_leave_no_ghosts() {
    let redis = Redis::start();
    let one = Node::hasty(&redis);
    let mut ada = join(&one, "presence-a", "ada");
    for round in 0..10 {
        let id = format!("b{round}");
        let other = Node::hasty(&redis);
        let client = join(&other, "presence-a", &id);
        assert_eq!(
            told_of(&mut ada),
            (json!("pusher_internal:member_added"), json!(id))
        );
        other.kill();
        assert_eq!(
            told_of(&mut ada),
            (json!("pusher_internal:member_removed"), json!(id))
        );
        drop(client);
    }
    ada.expect_quiet();
    assert_eq!(users(&one, "presence-a"), ["ada"]);
    until("Redis to forget the dead", || {
        redis.say(&["KEYS", "*:m:*"]).lines().count() == 1
    });
}

#[test]
fn a_server_that_stops_takes_its_members_with_it_at_once() {
    let redis = Redis::start();
    let patient = |configuration: &mut Value| {
        configuration["times"] = json!({ "stop": 20_000, "lease": 60_000 });
    };
    let (one, two) = (Node::start(&redis), Node::with(redis.port(), patient));
    let mut ada = join(&one, "presence-a", "ada");
    let bob = join(&two, "presence-a", "bob");
    told_of(&mut ada);
    // Nobody closes the connections: it waits for its clients, but the others do not.
    let stopping = thread::spawn(move || two.stop());
    assert_eq!(
        told_of(&mut ada),
        (json!("pusher_internal:member_removed"), json!("bob"))
    );
    assert!(!stopping.is_finished(), "it waits");
    drop(bob);
    assert!(stopping.join().unwrap().success());
}

#[test]
fn d11_what_is_owed_while_redis_is_away_is_delivered_when_it_is_back() {
    let mut redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    let (mut ada, mut bob) = (
        join(&one, "presence-a", "ada"),
        join(&two, "presence-a", "bob"),
    );
    told_of(&mut ada);
    redis.kill();
    for node in [&one, &two] {
        node.wait_for_warning("No connection to Redis");
    }
    // Local delivery goes on, and what is owed to the other server waits.
    for number in 0..100 {
        one.publish("e", "presence-a", &number.to_string());
        ada.expect(&event("e", "presence-a", &number.to_string()));
    }
    let mut eve = join(&one, "presence-a", "eve");
    assert_eq!(
        told_of(&mut ada),
        (json!("pusher_internal:member_added"), json!("eve"))
    );
    let asked = Instant::now();
    let answer = one.ask("/channels/presence-a?info=user_count");
    assert_eq!(answer.header("Reverb-Incomplete"), Some("redis"));
    let answer = one.ask("/connections");
    assert_eq!(answer.header("Reverb-Incomplete"), Some("redis"));
    assert!(asked.elapsed() < Duration::from_secs(3));
    thread::sleep(Duration::from_secs(5));
    bob.expect_quiet();
    redis.resume();
    let back = Instant::now();
    let mut heard = Vec::new();
    while heard.len() < 101 {
        let told = message(&bob.text());
        heard.push(match told["event"].as_str().unwrap() {
            "e" => told["data"]["text"].to_string(),
            other => other.to_owned(),
        });
    }
    assert!(
        back.elapsed() < Duration::from_secs(5),
        "{:?}",
        back.elapsed()
    );
    let added = heard
        .iter()
        .position(|event| event.ends_with("member_added"))
        .unwrap();
    heard.remove(added);
    let expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(heard, expected);
    for node in [&one, &two] {
        until("the whole truth", || {
            users(node, "presence-a") == ["ada", "bob", "eve"]
        });
        node.wait_for_warning("is there again");
    }
    for client in [&mut ada, &mut bob, &mut eve] {
        client.expect_quiet();
    }
}

#[test]
fn a_server_that_stops_tells_first_what_it_owes() {
    let mut redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    let mut bob = join(&two, "presence-a", "bob");
    redis.kill();
    for node in [&one, &two] {
        node.wait_for_warning("No connection to Redis");
    }
    one.publish("e", "presence-a", "1");
    redis.resume();
    for node in [&one, &two] {
        node.wait_for_warning("is there again");
    }
    // It would have given the others more time to be back.
    assert!(one.stop().success());
    bob.expect(&event("e", "presence-a", "1"));
}

#[test]
fn a_server_starts_while_redis_is_down_and_joins_the_others_later() {
    let mut redis = Redis::start();
    redis.kill();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    one.wait_for_warning("No connection to Redis");
    let mut ada = join(&one, "presence-a", "ada");
    let mut bob = join(&two, "presence-a", "bob");
    redis.resume();
    assert_eq!(
        told_of(&mut ada),
        (json!("pusher_internal:member_added"), json!("bob"))
    );
    assert_eq!(
        told_of(&mut bob),
        (json!("pusher_internal:member_added"), json!("ada"))
    );
    one.publish("e", "presence-a", "x");
    for client in [&mut ada, &mut bob] {
        client.expect(&event("e", "presence-a", "x"));
    }
}

#[test]
fn a_wrong_password_is_told_before_anything_is_served() {
    let redis = Redis::with(&["--requirepass", "right"]);
    let with_password = |password: &'static str| {
        move |configuration: &mut Value| {
            configuration["server"]["scaling"]["password"] = json!(password);
        }
    };
    let refusal = Node::try_with(redis.port(), with_password("wrong"))
        .err()
        .unwrap();
    let expected = format!("cannot use Redis at 127.0.0.1:{}: WRONGPASS", redis.port());
    assert!(refusal.starts_with(&expected), "{refusal}");
    assert!(
        !refusal.contains("wrong,") && !refusal.contains("right"),
        "{refusal}"
    );
    Node::with(redis.port(), with_password("right"));
}

#[test]
fn a_redis_that_is_too_old_is_told_before_anything_is_served() {
    let unknown = "-ERR unknown command `HELLO`, with args beginning with: `2`, \r\n";
    let hello = "*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n6.0.16\r\n";
    for (answer, version) in [(unknown, "5 or earlier"), (hello, "6.0.16")] {
        let port = parrot(answer);
        let refusal = Node::try_with(port, |_| {}).err().unwrap();
        let expected = format!(
            "cannot use Redis at 127.0.0.1:{port}: it is of version {version}, and needed is Redis 6.2 or later, or Valkey"
        );
        assert!(refusal.starts_with(&expected), "{refusal}");
    }
}

/// Gives one answer to whatever is said, at this port.
fn parrot(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut buffer = [0; 1024];
            while matches!(stream.read(&mut buffer), Ok(1..))
                && stream.write_all(answer.as_bytes()).is_ok()
            {}
        }
    });
    port
}

#[test]
fn d41_rubbish_from_redis_is_counted_told_once_and_does_no_harm() {
    let redis = Redis::start();
    let (one, two) = (Node::start(&redis), Node::start(&redis));
    let (mut ada, mut bob) = (one.connect(), two.connect());
    ada.subscribe("a");
    bob.subscribe("a");
    one.publish("e", "a", "0");
    bob.expect(&event("e", "a", "0"));
    let channels = redis.say(&["PUBSUB", "CHANNELS", "*"]);
    let rubbish: [&[u8]; 6] = [
        b"",
        b"{\"type\":\"message\",\"application\":\"O:26\",\"payload\":{}}",
        b"reverb\x09 of a version to come",
        b"reverb\x01",
        &[0xff; 5000],
        b"\x00",
    ];
    for channel in channels.lines() {
        for text in rubbish {
            for _ in 0..10 {
                say_bytes(redis.port(), &[b"PUBLISH", channel.as_bytes(), text]);
            }
        }
    }
    two.publish("e", "a", "1");
    for client in [&mut ada, &mut bob] {
        loop {
            let told = client.text();
            if message(&told) == message(&event("e", "a", "1")) {
                break;
            }
        }
    }
    one.wait_for_warning("it is of version 9");
    one.wait_for_warning("not one of a Reverb server");
    one.wait_for_warning("damaged");
    assert_eq!(one.warnings("was ignored"), 3, "each kind once");
}

#[test]
fn a_slow_redis_slows_nobody_down() {
    const DELAY: Duration = Duration::from_millis(100);
    const EVENTS: u32 = 200;
    let redis = Redis::start();
    let slow = Proxy::to(redis.port(), DELAY);
    let (one, two) = (
        Node::with(slow.port(), |_| {}),
        Node::with(slow.port(), |_| {}),
    );
    let (mut ada, mut bob) = (
        join(&one, "presence-a", "ada"),
        join(&two, "presence-a", "bob"),
    );
    told_of(&mut ada);
    let began = Instant::now();
    for number in 0..EVENTS {
        one.publish("e", "presence-a", &number.to_string());
        ada.expect(&event("e", "presence-a", &number.to_string()));
    }
    // An answer of Redis takes twice as long.
    assert!(began.elapsed() < EVENTS * DELAY, "{:?}", began.elapsed());
    for number in 0..EVENTS {
        bob.expect(&event("e", "presence-a", &number.to_string()));
    }
    assert_eq!(one.warnings("No connection"), 0);
}

#[test]
fn a_network_that_swallows_everything_is_noticed() {
    let redis = Redis::start();
    let (one, two) = (Node::hasty(&redis), Node::hasty(&redis));
    let (mut ada, mut bob) = (
        join(&one, "presence-a", "ada"),
        join(&two, "presence-a", "bob"),
    );
    told_of(&mut ada);
    redis.signal("-STOP");
    let began = Instant::now();
    one.wait_for_warning("did not answer in time");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    one.publish("e", "presence-a", "x");
    ada.expect(&event("e", "presence-a", "x"));
    redis.signal("-CONT");
    bob.expect(&event("e", "presence-a", "x"));
    until("the whole truth", || {
        users(&one, "presence-a") == ["ada", "bob"]
    });
}

#[test]
fn d11_beyond_the_bound_events_are_dropped_counted_and_told_of() {
    /// README's limit, and some more.
    const WAITING: usize = 10_000;
    const BEYOND: usize = 500;
    let mut redis = Redis::start();
    let roomy = |configuration: &mut Value| {
        configuration["server"]["max_request_size"] = json!(1_000_000);
    };
    let (one, two) = (Node::with(redis.port(), roomy), Node::start(&redis));
    let (mut here, mut there) = (one.connect(), two.connect());
    here.subscribe("a");
    there.subscribe("a");
    one.publish("e", "a", "first");
    there.expect(&event("e", "a", "first"));
    redis.kill();
    one.wait_for_warning("No connection to Redis");
    let numbers: Vec<usize> = (0..WAITING + BEYOND).collect();
    for numbers in numbers.chunks(1000) {
        let batch: Vec<Value> = numbers
            .iter()
            .map(|number| json!({ "name": "e", "channel": "a", "data": number.to_string() }))
            .collect();
        let request = one.signed("POST", "/batch_events");
        let answer = request.json(&json!({ "batch": batch })).send();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    here.expect(&event("e", "a", "first"));
    for number in numbers {
        here.expect(&event("e", "a", &number.to_string()));
    }
    // Some of them at first, and those behind them a minute later.
    one.wait_for_warning("events did not go to the other nodes");
    redis.resume();
    for number in 0..WAITING {
        there.expect(&event("e", "a", &number.to_string()));
    }
    there.expect_quiet();
}

#[test]
fn d11_events_around_a_break_arrive_once_and_in_order() {
    let mut redis = Redis::start();
    let network = Proxy::to(redis.port(), Duration::from_millis(20));
    let one = Node::with(network.port(), |_| {});
    let two = Node::start(&redis);
    let mut bob = two.connect();
    bob.subscribe("a");
    one.publish("e", "a", "first");
    bob.expect(&event("e", "a", "first"));
    // Some are on their way to Redis, some answers are on their way back.
    for number in 0..200 {
        one.publish("e", "a", &number.to_string());
        if number % 50 == 25 {
            network.cut();
            network.heal();
        }
    }
    for number in 0..200 {
        bob.expect(&event("e", "a", &number.to_string()));
    }
    // These are sent, and Redis dies without having read them.
    redis.signal("-STOP");
    for number in 200..300 {
        one.publish("e", "a", &number.to_string());
    }
    redis.kill();
    redis.resume();
    for number in 200..300 {
        bob.expect(&event("e", "a", &number.to_string()));
    }
    bob.expect_quiet();
}

#[test]
fn a_server_that_was_cut_off_comes_back() {
    let redis = Redis::start();
    let network = Proxy::to(redis.port(), Duration::ZERO);
    let (one, two) = (Node::hasty(&redis), Node::with(network.port(), hasty));
    let (mut ada, mut bob) = (
        join(&one, "presence-a", "ada"),
        join(&two, "presence-a", "bob"),
    );
    told_of(&mut ada);
    network.cut();
    assert_eq!(
        told_of(&mut ada),
        (json!("pusher_internal:member_removed"), json!("bob"))
    );
    let _eve = join(&two, "presence-a", "eve");
    assert_eq!(
        told_of(&mut bob),
        (json!("pusher_internal:member_added"), json!("eve"))
    );
    network.heal();
    let mut back = [told_of(&mut ada), told_of(&mut ada)];
    back.sort_by_key(|(_, user)| user.to_string());
    let added = |user: &str| (json!("pusher_internal:member_added"), json!(user));
    assert_eq!(back, [added("bob"), added("eve")]);
    for node in [&one, &two] {
        until("the whole truth", || {
            users(node, "presence-a") == ["ada", "bob", "eve"]
        });
    }
    ada.expect_quiet();
}
