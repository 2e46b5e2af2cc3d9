//! What an event costs Redis.

use serde_json::{Value, json};

use super::{
    node::{Node, until},
    redis::Redis,
};

/// How many events are published for a figure.
const EVENTS: u64 = 100;

/// How often Redis carried a command out.
fn calls(redis: &Redis, command: &str) -> u64 {
    let prefix = format!("cmdstat_{command}:calls=");
    let stats = redis.say(&["INFO", "commandstats"]);
    let calls = stats.lines().find_map(|line| line.strip_prefix(&prefix));
    calls.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

/// Scripts and publications, but for renewing leases, which goes on by the clock.
fn figures(redis: &Redis) -> (u64, u64) {
    (calls(redis, "publish"), calls(redis, "evalsha"))
}

/// A server that hardly ever renews its lease.
fn calm(configuration: &mut Value) {
    configuration["times"] = json!({ "lease": 600_000, "beat": 300_000 });
}

/// What publishing costs: publications and scripts.
fn cost(redis: &Redis, node: &Node, channel: &str) -> (u64, u64) {
    let before = figures(redis);
    for number in 0..EVENTS {
        node.publish("e", channel, &number.to_string());
    }
    let after = figures(redis);
    (after.0 - before.0, after.1 - before.1)
}

#[test]
fn an_event_costs_one_command_or_none() {
    let redis = Redis::start();
    let (one, two) = (
        Node::with(redis.port(), calm),
        Node::with(redis.port(), calm),
    );
    let mut here = one.connect();
    here.subscribe("here");
    // Figures of other things go to Redis now and then; an event is none of them.
    until("subscribers on this server only to cost nothing", || {
        cost(&redis, &one, "here") == (0, 0)
    });
    let mut both = [one.connect(), two.connect()];
    for client in &mut both {
        client.subscribe("both");
    }
    until("one command an event", || {
        cost(&redis, &one, "both") == (EVENTS, 0)
    });
    until(
        "one command where only the other server has subscribers",
        || cost(&redis, &two, "here") == (EVENTS, 0),
    );
    // The script that keeps an event also publishes it.
    until("one script a kept event", || {
        cost(&redis, &two, "cache-x") == (EVENTS, EVENTS)
    });
}
