//! The unix socket from outside: who gets in, and what becomes of the socket's file.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use reverb::{
    protocol::local::{ClientFrame, Hello, Nonce, Publish, Reason, ServerFrame, challenge_answer},
    server::ServerError,
};

use crate::support::{PATIENCE, server::TestServer};

const PUBLISHER: [u8; 16] = [9; 16];

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

    /// Expects to be told why it may not publish, and then the end.
    fn is_refused(&mut self, expected: Reason) {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Ok(_) => {}
            // What it had sent beyond was not read.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{error}"),
        }
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
    stranger.is_refused(Reason::UNKNOWN_APPLICATION);

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
