//! What is asked while other servers cannot be: answers come in time, and say that they leave others out.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use reverb::client::{Publisher, Route};
use serde_json::{Value, json};

use super::{
    node::{Node, until},
    redis::Redis,
    support::{client::Client, http::Answer},
};

/// README's time for an answer of other servers, and what a busy machine takes besides.
const LIMIT: Duration = Duration::from_secs(1 + 4);

/// All that can be asked; the first two are about channels that the first server does not follow.
const QUERIES: [&str; 6] = [
    "/channels/elsewhere?info=subscription_count",
    "/channels/presence-elsewhere/users",
    "/connections",
    "/channels?info=subscription_count",
    "/channels/presence-a?info=user_count",
    "/channels/presence-a/users",
];

fn pair(redis: &Redis) -> (Node, Node) {
    let with_socket = |name: &str| {
        let socket = redis.folder().join(name);
        Node::with(redis.port(), |configuration| {
            configuration["server"]["socket"] = json!(socket);
        })
    };
    (with_socket("one.sock"), with_socket("two.sock"))
}

fn join(node: &Node, channel: &str, id: &str) -> Client {
    let mut client = node.connect();
    client.join(channel, &json!({ "user_id": id }).to_string());
    client.text();
    client
}

/// Asks, and is answered in time.
fn ask(node: &Node, path: &str) -> Answer {
    let began = Instant::now();
    let answer = node.ask(path);
    assert!(began.elapsed() < LIMIT, "{path}: {:?}", began.elapsed());
    answer
}

fn expect_marked(node: &Node, path: &str) -> Value {
    let answer = ask(node, path);
    let mark = answer.header("Reverb-Incomplete");
    assert_eq!(mark, Some("redis"), "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// What an event's publisher is told of its channel.
fn publish_asking(node: &Node) -> Answer {
    let body = json!({
        "name": "e", "channels": ["presence-a"], "data": "x", "info": "user_count",
    });
    let began = Instant::now();
    let answer = node.signed("POST", "/events").json(&body).send();
    assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
    answer
}

#[test]
fn while_redis_is_away_answers_come_in_time_and_say_what_they_do_not_know() {
    let redis = Redis::start();
    let (one, two) = pair(&redis);
    let (_ada, _bob) = (
        join(&one, "presence-a", "ada"),
        join(&two, "presence-a", "bob"),
    );
    let _eve = join(&two, "presence-elsewhere", "eve");
    until("both to know both", || {
        one.get("/channels/presence-a?info=user_count")["user_count"] == 2
            && one.get("/connections")["connections"] == 3
    });
    for path in QUERIES {
        assert_eq!(ask(&one, path).header("Reverb-Incomplete"), None, "{path}");
    }
    // It is not noticed yet, and so there are questions that nobody answers.
    redis.signal("-STOP");
    let answer = expect_marked(&one, QUERIES[0]);
    assert_eq!(answer["occupied"], false, "{answer}");
    // Now it is.
    one.wait_for_warning("No connection to Redis");
    for path in &QUERIES[2..] {
        expect_marked(&one, path);
    }
    let own = expect_marked(&one, "/channels/presence-a/users");
    assert_eq!(
        own["users"].as_array().map(Vec::len),
        Some(2),
        "it knew of both"
    );
    assert_eq!(expect_marked(&one, "/connections")["connections"], 1);
    let published = publish_asking(&one);
    assert_eq!(published.status, 200, "{}", published.body);
    assert_eq!(published.header("Reverb-Incomplete"), Some("redis"));
    redis.signal("-CONT");
    until("answers about all servers", || {
        QUERIES
            .iter()
            .all(|path| ask(&one, path).header("Reverb-Incomplete").is_none())
            && one.get("/connections")["connections"] == 3
    });
}

fn over_socket(node: &Node, socket: &Path) -> Publisher {
    node.publisher(json!({ "socket": socket }))
}

fn over_http(node: &Node) -> Publisher {
    let port = node.address.port();
    node.publisher(json!({ "scheme": "http", "host": "127.0.0.1", "port": port }))
}

/// Whether each of a publisher's questions is answered for all servers.
fn are_complete(publisher: &mut Publisher) -> [bool; 4] {
    let is_complete = |publisher: &Publisher| publisher.is_complete();
    publisher.channels("", &["user_count"]).unwrap();
    let channels = is_complete(publisher);
    publisher.channel("presence-a", &[]).unwrap();
    let channel = is_complete(publisher);
    publisher.users("presence-a").unwrap();
    let users = is_complete(publisher);
    publisher.figures().unwrap();
    [channels, channel, users, is_complete(publisher)]
}

#[test]
fn publishers_know_whether_an_answer_is_about_all_servers() {
    let mut redis = Redis::start();
    let (one, two) = pair(&redis);
    let (_ada, _bob) = (
        join(&one, "presence-a", "ada"),
        join(&two, "presence-a", "bob"),
    );
    let socket = redis.folder().join("one.sock");
    let mut ways = [
        (Route::Unix, over_socket(&one, &socket)),
        (Route::Http, over_http(&one)),
    ];
    for (route, publisher) in &mut ways {
        assert!(publisher.is_complete(), "nothing was asked yet");
        assert_eq!(are_complete(publisher), [true; 4], "{route:?}");
        assert_eq!(publisher.route(), Some(*route));
    }
    redis.kill();
    one.wait_for_warning("No connection to Redis");
    for (route, publisher) in &mut ways {
        assert_eq!(are_complete(publisher), [false; 4], "{route:?}");
        assert_eq!(publisher.route(), Some(*route));
    }
    redis.resume();
    for (_, publisher) in &mut ways {
        until("answers about all servers", || {
            over_http(&one).figures().unwrap().connections == 2
        });
        assert_eq!(are_complete(publisher), [true; 4]);
    }
}
