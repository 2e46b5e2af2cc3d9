//! Many at the same time: what each of them sees is still one story.

use std::{collections::BTreeSet, sync::mpsc, thread};

use tungstenite::Message;

use crate::support::{PATIENCE, client::Client, message, server::TestServer};

const CLIENTS: usize = 12;
const EVENTS: usize = 300;

#[test]
fn whoever_joins_amid_events_misses_none_after_its_confirmation() {
    let server = TestServer::with(|configuration| configuration["workers"] = 4.into());
    let (joined, joins) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let (server, joined) = (&server, joined.clone());
            scope.spawn(move || {
                let mut client = server.connect();
                client.subscribe("news");
                joined.send(()).unwrap();
                let mut next: Option<usize> = None;
                while next != Some(EVENTS) {
                    let said = message(&client.text());
                    let number = said["data"]["text"].as_u64().unwrap() as usize;
                    assert!(
                        next.is_none_or(|next| next == number),
                        "{number} in place of {next:?}"
                    );
                    next = Some(number + 1);
                }
                client.expect_quiet();
            });
        }
        for number in 0..EVENTS - 1 {
            server.publish("E", "news", &number.to_string());
        }
        // The last one when all have come, so that nobody waits in vain.
        (0..CLIENTS).for_each(|_| joins.recv_timeout(PATIENCE).unwrap());
        server.publish("E", "news", &(EVENTS - 1).to_string());
    });
}

#[test]
fn a_witness_sees_everybody_come_once_and_go_once() {
    const GUESTS: usize = 40;
    let server = TestServer::with(|configuration| configuration["workers"] = 4.into());
    let mut witness = server.connect();
    witness.join("presence-room", r#"{"user_id":"witness"}"#);
    witness.text();
    thread::scope(|scope| {
        for guest in 0..GUESTS {
            let server = &server;
            scope.spawn(move || {
                let channel_data = format!(r#"{{"user_id":"{guest}"}}"#);
                let (mut one, mut other) = (server.connect(), server.connect());
                one.join("presence-room", &channel_data);
                other.join("presence-room", &channel_data);
                read_until_confirmed(&mut one);
                read_until_confirmed(&mut other);
                one.frame(Message::Close(None));
                other.frame(Message::Close(None));
                while one.try_text().is_some() {}
                while other.try_text().is_some() {}
            });
        }
        let (mut here, mut gone) = (BTreeSet::new(), BTreeSet::new());
        while gone.len() < GUESTS {
            let said = message(&witness.text());
            let guest = said["data"]["text"]["user_id"].as_str().unwrap().to_owned();
            match said["event"].as_str().unwrap() {
                "pusher_internal:member_added" => assert!(here.insert(guest), "came twice"),
                _ => assert!(here.contains(&guest) && gone.insert(guest), "went twice"),
            }
        }
    });
    witness.expect_quiet();
    let users = server.signed("GET", "/channels/presence-room/users").send();
    assert_eq!(users.body, r#"{"users":[{"id":"witness"}]}"#);
}

fn read_until_confirmed(client: &mut Client) {
    while !client.text().contains("subscription_succeeded") {}
}
