//! The unix socket from outside: who gets in, and what becomes of the socket's file.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    iter::repeat,
    net::Shutdown,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use reverb::{
    protocol::local::{ClientFrame, Hello, Nonce, Publish, Reason, ServerFrame, challenge_answer},
    server::ServerError,
};
use serde_json::json;

use crate::support::{PATIENCE, server::TestServer};

const PUBLISHER: [u8; 16] = [9; 16];

/// The length of a frame, which is ahead of it.
const LENGTH: usize = 4;

fn fresh_path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("reverb-server-{}-{number}.sock", process::id()))
}

fn server_at(path: &Path) -> TestServer {
    TestServer::with(|configuration| configuration["socket"] = path.to_str().unwrap().into())
}

/// A process at the socket, with the challenge it was sent.
struct Caller {
    stream: UnixStream,
    nonce: Nonce,
}

impl Caller {
    fn at(path: &Path) -> Self {
        let mut stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = [0; 38];
        stream.read_exact(&mut bytes).unwrap();
        let Ok(Some((ServerFrame::Challenge { nonce }, 38))) = ServerFrame::decode(&bytes) else {
            panic!("not a challenge: {bytes:?}")
        };
        Self { stream, nonce }
    }

    fn says(&mut self, frames: &[ClientFrame<'_>]) -> &mut Self {
        let mut bytes = Vec::new();
        frames
            .iter()
            .for_each(|frame| frame.encode(&mut bytes).unwrap());
        self.sends(&bytes)
    }

    fn sends(&mut self, bytes: &[u8]) -> &mut Self {
        self.stream.write_all(bytes).unwrap();
        self
    }

    /// Says who it is, with a proof made of this secret.
    fn says_hello(&mut self, app_id: &'static str, secret: &str) -> &mut Self {
        let answer = challenge_answer(secret, &self.nonce, &PUBLISHER);
        self.says(&[hello(app_id, answer)])
    }

    /// Expects that the server takes these events, and says no more about them.
    fn is_welcomed_and_told(&mut self, sequences: &[u64]) {
        let mut bytes = vec![0; 49 + LENGTH + sequences.len() * (9 + LENGTH)];
        self.stream.read_exact(&mut bytes).unwrap();
        let mut rest = &bytes[..];
        let Ok(Some((ServerFrame::Welcome(welcome), length))) = ServerFrame::decode(rest) else {
            panic!("not a welcome: {rest:?}")
        };
        assert!(welcome.proves("reverb-secret", &self.nonce, &PUBLISHER));
        rest = &rest[length..];
        for &sequence in sequences {
            let (frame, length) = ServerFrame::decode(rest).unwrap().unwrap();
            assert_eq!(frame, ServerFrame::Ack { sequence });
            rest = &rest[length..];
        }
    }

    /// Everything that is said until the connection ends.
    fn hears_the_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Ok(_) => {}
            // What it had sent beyond was not read.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{error}"),
        }
        bytes
    }

    /// Expects to be told why it may not publish, and then the end.
    fn is_refused(&mut self, expected: Reason) {
        let bytes = self.hears_the_end();
        match ServerFrame::decode(&bytes) {
            Ok(Some((ServerFrame::Refused { reason, .. }, length))) => {
                assert_eq!((reason, length), (expected, bytes.len()));
            }
            other => panic!("not a refusal: {other:?}"),
        }
    }
}

fn hello(app_id: &'static str, answer: [u8; 32]) -> ClientFrame<'static> {
    ClientFrame::Hello(Hello {
        app_id,
        publisher: PUBLISHER,
        answer,
    })
}

fn event(sequence: u64) -> ClientFrame<'static> {
    ClientFrame::Publish(Publish {
        sequence,
        acknowledge: true,
        socket_id: None,
        event: "E",
        data: "{}",
        channels: vec!["news"],
    })
}

fn question() -> ClientFrame<'static> {
    ClientFrame::Call {
        method: "GET",
        target: "/apps/123456/channels",
    }
}

#[test]
fn without_the_secret_nothing_is_published_and_nothing_answered() {
    let path = fresh_path();
    let server = server_at(&path);
    let mut ada = server.connect();
    ada.subscribe("news");

    let recorded = {
        let mut friend = Caller::at(&path);
        let answer = challenge_answer("reverb-secret", &friend.nonce, &PUBLISHER);
        friend.says(&[hello("123456", answer), event(1)]);
        answer
    };
    ada.expect(r#"{"event":"E","data":"{}","channel":"news"}"#);

    let wrong = |nonce: &Nonce| challenge_answer("another-secret", nonce, &PUBLISHER);
    let mut guess = Caller::at(&path);
    let answer = wrong(&guess.nonce);
    guess.says(&[hello("123456", answer), event(2), question()]);
    guess.is_refused(Reason::WRONG_SECRET);

    let mut replay = Caller::at(&path);
    replay.says(&[hello("123456", recorded), event(3), question()]);
    replay.is_refused(Reason::WRONG_SECRET);

    let mut stranger = Caller::at(&path);
    let answer = challenge_answer("reverb-secret", &stranger.nonce, &PUBLISHER);
    stranger.says(&[hello("999999", answer), event(4), question()]);
    stranger.is_refused(Reason::WRONG_SECRET);

    for rude in [event(5), question()] {
        Caller::at(&path)
            .says(&[rude])
            .is_refused(Reason::MALFORMED);
    }
    for rubbish in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        &[0; 4096],
        &[0xff; 64],
    ] {
        let mut caller = Caller::at(&path);
        let mut bytes = Vec::new();
        // It may be refused before it has said everything.
        let _ = caller.stream.write_all(rubbish);
        let _ = caller.stream.read_to_end(&mut bytes);
        assert!(
            matches!(ServerFrame::decode(&bytes), Ok(Some((ServerFrame::Refused { .. }, length))) if length == bytes.len()),
            "{bytes:?}"
        );
    }
    ada.expect_quiet();
}

#[test]
fn without_the_secret_nobody_learns_which_applications_there_are() {
    let path = fresh_path();
    let _server = server_at(&path);
    let answers = ["123456", "999999", ""].map(|app_id| {
        let mut caller = Caller::at(&path);
        caller.says_hello(app_id, "").hears_the_end()
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[test]
fn what_is_said_again_over_another_connection_is_acknowledged_and_not_published_twice() {
    let path = fresh_path();
    let server = server_at(&path);
    let mut ada = server.connect();
    ada.subscribe("news");
    for sequences in [&[1, 2][..], &[2, 3], &[1, 3]] {
        let mut caller = Caller::at(&path);
        let events: Vec<_> = sequences.iter().copied().map(event).collect();
        caller.says_hello("123456", "reverb-secret").says(&events);
        caller.is_welcomed_and_told(sequences);
    }
    for _ in 1..=3 {
        ada.expect(r#"{"event":"E","data":"{}","channel":"news"}"#);
    }
    ada.expect_quiet();
}

#[test]
fn what_is_over_a_limit_of_the_application_is_told_which() {
    let path = fresh_path();
    let server = TestServer::with(|configuration| {
        configuration["socket"] = path.to_str().unwrap().into();
        configuration["max_request_size"] = 1000.into();
        configuration["applications"][0]["limits"] = json!({
            "event_name_length": 2, "event_data_size": 3, "channels_per_event": 2, "channel_name_length": 4,
        });
    });
    let mut ada = server.connect();
    ada.subscribe("news");
    let event = |event, data, channels| Publish {
        sequence: 1,
        acknowledge: true,
        socket_id: None,
        event,
        data,
        channels,
    };
    let large = "x".repeat(1001);
    let invalid = Reason::INVALID_EVENT;
    for (publish, reason, message) in [
        (
            event("long", "{}", vec!["news"]),
            invalid,
            "the event's name is longer than 2 bytes (event_name_length)",
        ),
        (
            event("E", "data", vec!["news"]),
            invalid,
            "the event's data is larger than 3 bytes (event_data_size)",
        ),
        (
            event("E", "{}", vec!["news", "a", "b"]),
            invalid,
            "the event goes to more than 2 channels (channels_per_event)",
        ),
        (
            event("E", "{}", vec!["news", "orders"]),
            invalid,
            "a channel's name is longer than 4 bytes (channel_name_length)",
        ),
        (
            event("E", &large, vec!["news"]),
            Reason::TOO_LARGE,
            "Payload too large: 1006 bytes, and max_request_size is 1000.",
        ),
    ] {
        let mut caller = Caller::at(&path);
        caller.says_hello("123456", "reverb-secret");
        caller.is_welcomed_and_told(&[]);
        caller.says(&[ClientFrame::Publish(publish)]);
        caller.stream.shutdown(Shutdown::Write).unwrap();
        let expected = ServerFrame::Failed {
            sequence: 1,
            reason,
            message,
        };
        let bytes = caller.hears_the_end();
        let (frame, length) = ServerFrame::decode(&bytes).unwrap().unwrap();
        assert_eq!((frame, length), (expected, bytes.len()));
    }
    ada.expect_quiet();
}

/// Those who keep a place without a word lose it to those who come later.
#[test]
fn a_crowd_without_the_secret_keeps_nobody_out_and_does_not_stay() {
    let path = fresh_path();
    let server = server_at(&path);
    let mut crowd: Vec<_> = (0..300).map(|_| Caller::at(&path)).collect();
    for silent in &mut crowd[..44] {
        assert_eq!(silent.hears_the_end(), b"");
    }
    crowd[44]
        .says_hello("123456", "reverb-secret")
        .says(&[event(1)]);
    crowd[44].is_welcomed_and_told(&[1]);

    let mut last = Caller::at(&path);
    last.says_hello("123456", "reverb-secret").says(&[event(2)]);
    last.is_welcomed_and_told(&[2]);
    drop(server);
}

#[test]
fn who_says_its_name_byte_by_byte_has_no_more_time_than_others() {
    let path = fresh_path();
    let _server = server_at(&path);
    let mut caller = Caller::at(&path);
    let begin = Instant::now();
    // A frame of 4,000 bytes, of which one comes every 100 ms: it would take minutes.
    let mut bytes = 4000_u32.to_le_bytes().into_iter().chain(repeat(65));
    while caller.stream.write_all(&[bytes.next().unwrap()]).is_ok() {
        thread::sleep(Duration::from_millis(100));
        assert!(begin.elapsed() < PATIENCE, "it is still listened to");
    }
    assert_eq!(caller.hears_the_end(), b"", "it has broken no rule");
}

#[test]
fn each_challenge_is_another_one() {
    let path = fresh_path();
    let _server = server_at(&path);
    assert_ne!(Caller::at(&path).nonce, Caller::at(&path).nonce);
}

#[test]
fn the_file_is_for_the_servers_user_and_group_and_ends_with_it() {
    let path = fresh_path();
    let server = server_at(&path);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o660);
    drop(server);
    assert!(!path.exists());
}

#[test]
fn a_socket_that_was_left_behind_is_replaced() {
    let path = fresh_path();
    drop(UnixListener::bind(&path).unwrap());
    let _server = server_at(&path);
    Caller::at(&path);
}

#[test]
fn a_file_of_another_kind_is_left_alone() {
    let path = fresh_path();
    fs::write(&path, "somebody's").unwrap();
    let error = TestServer::refusal(|configuration| {
        configuration["socket"] = path.to_str().unwrap().into();
    });
    assert!(matches!(error, ServerError::NoSocket(_)), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
    fs::remove_file(&path).unwrap();
}

#[test]
fn a_file_that_took_its_place_outlives_the_server() {
    let path = fresh_path();
    let server = server_at(&path);
    fs::remove_file(&path).unwrap();
    let successor = UnixListener::bind(&path).unwrap();
    drop(server);
    assert!(path.exists());
    drop(successor);
    fs::remove_file(&path).unwrap();
}
