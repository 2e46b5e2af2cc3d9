//! Cost, memory and fairness.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tungstenite::Message;

use crate::{
    stage::{Client, Stage, application},
    support::{self, client, server::TestServer},
};

/// What this thread has used of a processor; unlike the time of day it says nothing of what else the
/// machine does.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What it costs that some members of a presence channel leave, while the worker has so many other
/// channels and connections.
fn time_to_leave(channels: usize, connections: usize) -> Duration {
    let mut stage = Stage::new(1, application());
    let crowd: Vec<Client> = (0..connections).map(|_| stage.connect(0)).collect();
    for (number, client) in (0..channels).zip(crowd.iter().cycle()) {
        let data = json!({ "channel": format!("channel-{number}") });
        stage.say(
            client,
            &json!({ "event": "pusher:subscribe", "data": data }),
        );
    }
    let leaving: Vec<Client> = (0..50).map(|_| stage.connect(0)).collect();
    for (number, client) in leaving.iter().enumerate() {
        let member = json!({ "user_id": number });
        stage.say(client, &client.join("presence-room", &member));
    }
    stage.settle();
    let began = used();
    leaving.iter().for_each(|client| stage.hang_up(client));
    used() - began
}

/// Reverb: a disconnect looks at every channel of the application, an event with `socket_id` at
/// every connection, a join at every member.
#[test]
fn d21_leaving_costs_the_same_whatever_else_there_is() {
    let best = |channels, connections| {
        let runs = (0..3).map(|_| time_to_leave(channels, connections));
        runs.min().unwrap()
    };
    let (few, many) = (best(10, 10), best(20_000, 2_000));
    // 2,000 times the channels; a cost per channel would show as far more than this.
    assert!(
        many < few * 20 + Duration::from_millis(20),
        "{few:?} and {many:?}"
    );
}

/// Reverb: what nobody reads is kept without end, and one client's pings hold up everybody's events.
#[test]
fn d42_a_client_can_neither_fill_the_memory_nor_hold_up_the_others() {
    let server = TestServer::with(|configuration| {
        configuration["max_backlog"] = 1_000_000.into();
        configuration["max_request_size"] = 1_000_000.into();
        configuration["workers"] = 1.into();
    });
    let (mut deaf, mut ada) = (server.connect(), server.connect());
    deaf.subscribe("news");
    ada.subscribe("news");
    let before = support::resident_bytes();
    let data = "x".repeat(900_000);
    for _ in 0..50 {
        server.publish("E", "news", &data);
        ada.text();
    }
    let grown = support::resident_bytes().saturating_sub(before);
    assert!(
        grown < 40_000_000,
        "{grown} bytes for a client that does not read"
    );

    // Whoever had to wait for the end of the flood would see one event amid it, or two.
    let mut events = 0;
    std::thread::scope(|scope| {
        let mut eve = server.connect();
        let flood = scope.spawn(move || {
            let ping = b"\x89\x80\0\0\0\0";
            eve.raw(&ping.repeat(50_000));
            (0..50_000).for_each(|_| assert_eq!(eve.read(), Message::Pong(Vec::new().into())));
        });
        while !flood.is_finished() {
            server.publish("E", "news", "1");
            ada.text();
            events += 1;
        }
    });
    assert!(events > 5, "{events} events amid pings");
    assert!(
        is_told_or_gone(&mut deaf),
        "the deaf client should have been ended"
    );
}

fn is_told_or_gone(client: &mut client::Client) -> bool {
    (0..25).any(|_| client.try_text().is_none_or(|text| text.contains("4100")))
}
