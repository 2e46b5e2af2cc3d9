//! Pings, prunes and closes; all connections take part, subscribed or not.

use std::{borrow::Cow, time::Duration};

use reverb::websocket::{Closing, Message};
use serde_json::json;

use crate::stage::{Stage, application};

const INTERVAL: Duration = Duration::from_secs(60);

#[test]
fn a_silent_connection_is_pinged_and_then_closed() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    stage.wait(INTERVAL - Duration::from_secs(1));
    ada.expect_nothing();
    stage.wait(Duration::from_secs(1));
    ada.expect(json!({"event": "pusher:ping"}));
    stage.wait(INTERVAL);
    ada.expect_error(4201, "Pong reply not received in time");
    ada.expect_close(4201);
    assert_eq!(stage.connections(), 0);
}

#[test]
fn any_sign_of_life_keeps_a_connection() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    for _ in 0..3 {
        stage.wait(INTERVAL);
        ada.expect(json!({"event": "pusher:ping"}));
        stage.send(&ada, &json!({"event": "pusher:pong"}));
    }
    ada.expect_nothing();
    assert_eq!(stage.connections(), 1);
}

#[test]
fn who_uses_ping_frames_is_pinged_by_frame() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    stage.control(&ada, Message::Ping(Cow::Borrowed(b"x")));
    ada.expect(json!("pong frame"));
    stage.wait(INTERVAL);
    ada.expect(json!("ping frame"));
}

#[test]
fn a_close_is_answered_with_its_own_code() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    let closing = Closing {
        code: 3001,
        reason: "bye".into(),
    };
    stage.control(&ada, Message::Close(Some(closing)));
    ada.expect_close(3001);
    assert_eq!(stage.connections(), 0);
}
