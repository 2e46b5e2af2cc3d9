//! What a server that was cut off from Redis is told of what the others said meanwhile.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    faults::{event, join, told_of, users},
    node::{Node, hasty, until},
    proxy::Proxy,
    redis::Redis,
    support::{client::Client, message},
};

/// Publishes what it may, and counts it.
struct Flow<'a> {
    node: &'a Node,
    allowed: AtomicU64,
    count: AtomicU64,
}

impl Flow<'_> {
    /// Goes on until the test is over.
    fn run(&self) {
        loop {
            let number = self.count.load(Ordering::Acquire);
            match self.allowed.load(Ordering::Acquire) {
                u64::MAX => return,
                allowed if number < allowed => {
                    self.node.publish("e", "presence-a", &number.to_string());
                    self.count.store(number + 1, Ordering::Release);
                }
                _ => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Lets 500 more flow, and waits for some of them: all in all fewer than a server remembers,
    /// however fast the machine is.
    fn go_on(&self, some: u64) {
        let before = self.allowed.fetch_add(500, Ordering::AcqRel);
        until("further events", || {
            self.count.load(Ordering::Acquire) >= before + some
        });
    }
}

/// Ends the flow with the test, also if that fails.
struct Ending<'a>(&'a AtomicU64);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(u64::MAX, Ordering::Release);
    }
}

/// Publishes while something happens; how many events that were.
fn publishing(node: &Node, what: impl FnOnce(&Flow<'_>)) -> u64 {
    let flow = Flow {
        node,
        allowed: AtomicU64::new(0),
        count: AtomicU64::new(0),
    };
    thread::scope(|scope| {
        let _ending = Ending(&flow.allowed);
        scope.spawn(|| flow.run());
        what(&flow);
    });
    flow.count.into_inner()
}

/// A server that was cut off for a while, during which another publishes without a pause.
pub(super) fn expect_nothing_missed(
    changes: [&dyn Fn(&mut Value); 2],
    while_cut: impl Fn(&mut Client),
) {
    let redis = Redis::start();
    let network = Proxy::to(redis.port(), Duration::ZERO);
    let (one, two) = (
        Node::with(redis.port(), changes[0]),
        Node::with(network.port(), changes[1]),
    );
    let (mut ada, mut bob) = (
        join(&one, "presence-a", "ada"),
        join(&two, "presence-a", "bob"),
    );
    told_of(&mut ada);
    let published = publishing(&one, |flow| {
        flow.go_on(50);
        network.cut();
        two.wait_for_warning("No connection to Redis");
        while_cut(&mut ada);
        flow.go_on(200);
        network.heal();
        two.wait_for_warning("is there again");
        flow.go_on(200);
    });
    for number in 0..published {
        loop {
            let told = message(&bob.text());
            if told["event"] == "e" {
                assert_eq!(told["data"]["text"], number, "once and in order");
                break;
            }
        }
    }
    until("the whole truth", || {
        [&one, &two]
            .iter()
            .all(|node| users(node, "presence-a") == ["ada", "bob"])
    });
    two.publish("last", "presence-a", "x");
    bob.expect(&event("last", "presence-a", "x"));
    assert_eq!(two.warnings("may not have reached"), 0);
}

#[test]
fn a_server_that_was_cut_off_is_told_what_it_has_missed() {
    expect_nothing_missed([&|_| {}, &|_| {}], |_| {});
}

#[test]
fn a_server_that_was_taken_for_dead_is_told_what_it_has_missed() {
    expect_nothing_missed([&hasty, &hasty], |ada| {
        while message(&ada.text())["event"] != "pusher_internal:member_removed" {}
    });
}

#[test]
fn what_is_published_for_newcomers_is_not_kept_from_a_server_that_was_taken_for_dead() {
    let redis = Redis::start();
    let network = Proxy::to(redis.port(), Duration::ZERO);
    let (one, two) = (
        Node::with(redis.port(), hasty),
        Node::with(network.port(), hasty),
    );
    let (mut ada, mut bob) = (
        join(&one, "presence-a", "ada"),
        join(&two, "presence-b", "bob"),
    );
    let _carl = join(&two, "presence-a", "carl");
    told_of(&mut ada);
    network.cut();
    let removed = json!("pusher_internal:member_removed");
    assert_eq!(told_of(&mut ada), (removed, json!("carl")));
    let mut eve = join(&one, "presence-b", "eve");
    one.publish("e", "presence-b", "1");
    eve.expect(&event("e", "presence-b", "1"));
    network.heal();
    loop {
        let told = message(&bob.text());
        if told["event"] == "e" {
            assert_eq!(told["data"]["text"], 1);
            return;
        }
    }
}

#[test]
fn what_a_server_has_missed_it_learns_of_those_too_that_it_never_heard() {
    let redis = Redis::start();
    let network = Proxy::to(redis.port(), Duration::ZERO);
    let silent = Node::start(&redis);
    let two = Node::with(network.port(), |_| {});
    let mut bob = join(&two, "presence-a", "bob");
    network.cut();
    two.wait_for_warning("No connection to Redis");
    let newcomer = Node::start(&redis);
    for (node, data) in [(&silent, "1"), (&newcomer, "2")] {
        node.publish("e", "presence-a", data);
    }
    network.heal();
    let mut heard = [bob.text(), bob.text()].map(|text| message(&text)["data"].to_string());
    heard.sort_unstable();
    let expected =
        ["1", "2"].map(|data| message(&event("e", "presence-a", data))["data"].to_string());
    assert_eq!(heard, expected);
}

#[test]
fn what_nobody_can_say_again_is_warned_about() {
    let redis = Redis::start();
    let network = Proxy::to(redis.port(), Duration::ZERO);
    let one = Node::start(&redis);
    let two = Node::with(network.port(), |_| {});
    let mut bob = join(&two, "presence-a", "bob");
    network.cut();
    two.wait_for_warning("No connection to Redis");
    one.publish("e", "presence-a", "1");
    one.kill();
    network.heal();
    two.wait_for_warning("Of the other servers, 1 did not say again in time");
    bob.expect_quiet();
}

#[test]
fn a_user_who_is_thrown_out_while_its_server_is_cut_off_goes_when_it_is_back() {
    let redis = Redis::start();
    let network = Proxy::to(redis.port(), Duration::ZERO);
    let (one, two) = (Node::start(&redis), Node::with(network.port(), |_| {}));
    let mut bob = join(&two, "presence-a", "bob");
    network.cut();
    two.wait_for_warning("No connection to Redis");
    let path = "/users/bob/terminate_connections";
    let answer = one.signed("POST", path).json(&json!({})).send();
    assert_eq!(answer.status, 200, "{}", answer.body);
    network.heal();
    assert_eq!(message(&bob.text())["event"], "pusher:error");
}
