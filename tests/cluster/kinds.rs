//! Redis by sentinels, as a cluster, over TLS and over a socket: servers work together all the same.

use std::process::Command;

use serde_json::{Value, json};

use super::{
    node::{Node, until},
    redis::{Redis, free_port},
};

/// Two servers with this configuration are one.
fn expect_together(one: &Node, two: &Node) {
    let (mut ada, mut bob) = (one.connect(), two.connect());
    ada.subscribe("a");
    bob.subscribe("a");
    let count = "/channels/a?info=subscription_count";
    for node in [one, two] {
        until("both to be counted", || {
            node.get(count)["subscription_count"] == 2
        });
    }
    for (node, text) in [(one, "x"), (two, "y")] {
        node.publish("e", "a", text);
        for client in [&mut ada, &mut bob] {
            client.expect(&json!({ "event": "e", "data": text, "channel": "a" }).to_string());
        }
    }
}

fn pair(scaling: &Value) -> (Node, Node) {
    let change = |configuration: &mut Value| {
        let settings = configuration["server"]["scaling"].as_object_mut().unwrap();
        settings.extend(scaling.as_object().unwrap().clone());
    };
    (Node::with(1, change), Node::with(1, change))
}

#[test]
fn sentinels_lead_to_the_master_and_after_a_failover_to_the_new_one() {
    let master = Redis::start();
    let replica = Redis::with(&["--replicaof", "127.0.0.1", &master.port().to_string()]);
    let port = replica.port().to_string();
    let sentinel = Redis::sentinel_of(&master);
    let (one, two) = pair(&json!({
        "servers": [{ "host": "127.0.0.1", "port": sentinel.port() }],
        "sentinel": { "service": "main" },
    }));
    expect_together(&one, &two);
    until("the sentinel to know the replica", || {
        sentinel
            .say(&["SENTINEL", "replicas", "main"])
            .contains(&port)
    });
    sentinel.lose_patience();
    drop(master);
    for node in [&one, &two] {
        node.wait_for_warning("is there again");
    }
    expect_together(&one, &two);
}

#[test]
fn in_a_cluster_the_node_with_the_keys_is_found_and_its_channels_are_sharded() {
    let nodes: Vec<Redis> = (0..3)
        .map(|_| Redis::with(&["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"]))
        .collect();
    let addresses = nodes
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.port()));
    let created = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(addresses)
        .arg("--cluster-yes")
        .output()
        .unwrap();
    assert!(
        created.status.success(),
        "{}",
        String::from_utf8_lossy(&created.stdout)
    );
    until("all nodes to know of each other", || {
        nodes
            .iter()
            .all(|node| node.say(&["CLUSTER", "INFO"]).contains("cluster_state:ok"))
    });
    let servers: Vec<Value> = nodes
        .iter()
        .map(|node| json!({ "host": "127.0.0.1", "port": node.port() }))
        .collect();
    let (one, two) = pair(&json!({ "servers": servers, "cluster": true }));
    expect_together(&one, &two);
    let sharded: Vec<String> = nodes
        .iter()
        .map(|node| node.say(&["PUBSUB", "SHARDCHANNELS"]))
        .filter(|channels| !channels.is_empty())
        .collect();
    assert_eq!(sharded.len(), 1, "one node has all channels: {sharded:?}");
    let checks = || {
        let stats = nodes.iter().map(|node| node.say(&["INFO", "commandstats"]));
        let lines: Vec<String> = stats
            .flat_map(|stats| stats.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let pings = lines
            .iter()
            .filter_map(|line| line.strip_prefix("cmdstat_ping:calls="));
        pings
            .filter_map(|line| line.split(',').next()?.parse::<u64>().ok())
            .sum::<u64>()
    };
    // Both connections of both servers are looked after as with any Redis.
    let before = checks();
    until("some checks", || checks() >= before + 20);
    assert_eq!(
        one.warnings("No connection") + two.warnings("No connection"),
        0
    );
}

#[test]
fn redis_may_be_behind_tls_with_a_user_of_its_own() {
    let helper = Redis::start();
    let folder = helper.folder().to_owned();
    let script = "
        set -e; cd \"$1\"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=redis.test \
            -addext subjectAltName=DNS:redis.test -addext basicConstraints=critical,CA:FALSE -keyout redis.key -out redis.pem";
    let made = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let port = free_port();
    let redis = Redis::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        &path("redis.pem"),
        "--tls-key-file",
        &path("redis.key"),
    ]);
    let rules = "on >secret ~shop{reverb}:* &shop{reverb}:* \
                 +@read +@write +@pubsub +@scripting +@connection +time";
    let rules: Vec<&str> = rules.split_whitespace().collect();
    redis.say(&[&["ACL", "SETUSER", "reverb"], &rules[..]].concat());
    let (one, two) = pair(&json!({
        "prefix": "shop",
        "servers": [{ "host": "127.0.0.1", "port": port }],
        "username": "reverb",
        "password": "secret",
        "database": 5,
        "tls": { "cafile": path("redis.pem"), "peer_name": "redis.test" },
    }));
    expect_together(&one, &two);
}

#[test]
fn redis_may_be_behind_a_socket() {
    let helper = Redis::start();
    let path = helper.folder().join("redis.sock");
    let _redis = Redis::with(&["--unixsocket", path.to_str().unwrap()]);
    until("the socket", || path.exists());
    let (one, two) = pair(&json!({ "servers": [{ "path": path }] }));
    expect_together(&one, &two);
}
