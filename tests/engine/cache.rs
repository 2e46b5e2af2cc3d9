//! Cache channels show their last event to those who subscribe later.

use std::time::Duration;

use reverb::protocol::ChannelName;
use serde_json::{Value, json};

use crate::stage::{CACHE_TTL, Client, Stage, application};

/// Subscribes a new connection, and returns what it was told behind `subscription_succeeded`.
fn subscribe(stage: &mut Stage, channel: &str) -> (Client, Value) {
    let mut client = stage.connect(0);
    let request = if channel.starts_with("presence") {
        client.join(channel, &json!({"user_id": client.socket_id.to_string()}))
    } else {
        client.subscribe(channel)
    };
    stage.send(&client, &request);
    let [succeeded, told] = <[Value; 2]>::try_from(client.messages()).expect("two messages");
    assert_eq!(succeeded["event"], "pusher_internal:subscription_succeeded");
    (client, told)
}

#[test]
fn every_kind_of_cache_channel_misses_and_then_shows_its_last_event() {
    for channel in [
        "cache-a",
        "private-cache-a",
        "presence-cache-a",
        "private-encrypted-cache-a",
    ] {
        let mut stage = Stage::new(2, application());
        let (_, told) = subscribe(&mut stage, channel);
        assert_eq!(
            told,
            json!({"event": "pusher:cache_miss", "channel": channel})
        );
        for event in ["first", "last"] {
            stage.publish(&[channel], event, None);
        }
        let (_, told) = subscribe(&mut stage, channel);
        assert_eq!(
            told,
            json!({"event": "last", "data": "{}", "channel": channel})
        );
    }
}

#[test]
fn the_event_outlives_its_subscribers_and_ends_with_its_time() {
    let mut stage = Stage::new(1, application());
    stage.publish(&["cache-a"], "E", None);
    stage.wait(Duration::from_secs(1));
    let (client, told) = subscribe(&mut stage, "cache-a");
    assert_eq!(told["event"], "E");
    stage.hang_up(&client);
    assert_eq!(
        stage.channels(),
        0,
        "a vacant channel is not occupied, whatever it keeps"
    );
    stage.wait(CACHE_TTL - Duration::from_secs(1));
    let (_, told) = subscribe(&mut stage, "cache-a");
    assert_eq!(told["event"], "pusher:cache_miss");
}

#[test]
fn neither_members_nor_clients_overwrite_the_event() {
    let mut stage = Stage::new(1, application());
    let (ada, _) = subscribe(&mut stage, "presence-cache-a");
    stage.publish(&["presence-cache-a"], "E", None);
    stage.send(
        &ada,
        &json!({"event": "client-x", "channel": "presence-cache-a", "data": {}}),
    );
    let (bob, told) = subscribe(&mut stage, "presence-cache-a");
    assert_eq!(told["event"], "E");
    stage.hang_up(&bob);
    let application = stage
        .engine
        .applications()
        .by_id("1")
        .expect("the application");
    let channel = ChannelName::parse("presence-cache-a").expect("a name");
    let cached = stage
        .engine
        .occupancy(application, &channel, stage.now)
        .cached;
    let message = br#"{"event":"E","data":"{}","channel":"presence-cache-a"}"#;
    assert_eq!(cached.as_deref(), Some(&message[..]));
}
