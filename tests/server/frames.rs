//! The frame layer on a live connection.

use tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::support::server::TestServer;

#[test]
fn a_ping_frame_is_answered_with_its_payload() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.frame(Message::Ping("are you there".into()));
    assert_eq!(ada.read(), Message::Pong("are you there".into()));
    ada.frame(Message::Pong("unasked".into()));
    ada.expect_quiet();
}

#[test]
fn a_close_is_answered_with_its_own_content() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.frame(Message::Close(Some(CloseFrame {
        code: CloseCode::from(4000),
        reason: "bye".into(),
    })));
    ada.expect_closed(4000, "bye");
    let mut bob = server.connect();
    bob.frame(Message::Close(None));
    bob.expect_closed(1000, "");
}

#[test]
fn a_message_in_pieces_is_one_message() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.raw(b"\x01\x85\0\0\0\0{\"eve");
    ada.raw(b"\x89\x82\0\0\0\0hi");
    assert_eq!(ada.read(), Message::Pong("hi".into()));
    ada.raw(b"\x80\x92\0\0\0\0nt\":\"pusher:ping\"}");
    ada.expect(r#"{"event":"pusher:pong"}"#);
}

#[test]
fn a_binary_message_is_a_message() {
    let server = TestServer::start();
    let mut ada = server.connect();
    ada.frame(Message::Binary(
        br#"{"event":"pusher:ping"}"#.as_slice().into(),
    ));
    ada.expect(r#"{"event":"pusher:pong"}"#);
    ada.frame(Message::Binary(b"\xff\xfe".as_slice().into()));
    ada.expect_error(4200, "Invalid message format");
    ada.expect_quiet();
}

#[test]
fn a_broken_rule_closes_with_its_code() {
    let server = TestServer::start();
    for (bytes, code, reason) in [
        (&b"\x81\x02hi"[..], 1002, "The frame is not masked"),
        (b"\xc1\x80\0\0\0\0", 1002, "A reserved bit is set"),
        (b"\x83\x80\0\0\0\0", 1002, "The opcode is unknown"),
        (b"\x80\x80\0\0\0\0", 1002, "There is no message to continue"),
        (
            b"\x81\xfe\x00\x02\0\0\0\0hi",
            1002,
            "The payload length is not well-formed",
        ),
        (
            b"\x88\x82\0\0\0\0\x03\xed",
            1002,
            "The close code is invalid",
        ),
        (b"\x81\x81\0\0\0\0\xff", 1007, "The text is not valid UTF-8"),
        (
            b"\x81\xff\0\0\0\0\0\0\x27\x11\0\0\0\0",
            1002,
            "The payload length is not well-formed",
        ),
        (
            b"\x81\xfe\x27\x11\0\0\0\0",
            1009,
            "Maximum message size exceeded",
        ),
    ] {
        let mut eve = server.connect();
        eve.raw(bytes);
        eve.expect_closed(code, reason);
    }
}

#[test]
fn messages_of_one_read_are_answered_in_order() {
    let server = TestServer::start();
    let mut ada = server.connect();
    let ping = b"\x89\x81\0\0\0\0";
    let pings: Vec<u8> = (0..=255_u8)
        .cycle()
        .take(5000)
        .flat_map(|number| [&ping[..], &[number]].concat())
        .collect();
    ada.raw(&pings);
    for number in (0..=255_u8).cycle().take(5000) {
        assert_eq!(ada.read(), Message::Pong(vec![number].into()));
    }
    ada.expect_quiet();
}
