//! The wire protocol of the unix socket, byte by byte.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use reverb::protocol::local::{
    ClientFrame, Hello, LocalError, MAX_FRAME, MAX_HELLO, MAX_MESSAGE, Publish, Reason,
    ServerFrame, Welcome, challenge_answer,
};

const NONCE: [u8; 32] = [7; 32];
const PUBLISHER: [u8; 16] = [9; 16];

fn hello() -> ClientFrame<'static> {
    ClientFrame::Hello(Hello {
        app_id: "app-1",
        publisher: PUBLISHER,
        answer: [3; 32],
    })
}

fn welcome() -> ServerFrame<'static> {
    ServerFrame::Welcome(Welcome {
        server: [4; 16],
        proof: [8; 32],
    })
}

fn publish() -> Publish<'static> {
    Publish {
        sequence: 258,
        acknowledge: true,
        socket_id: Some("1.2"),
        event: "E",
        data: "{}",
        channels: vec!["a", "private-é"],
    }
}

fn bytes_of(frame: &ClientFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).unwrap();
    bytes
}

fn client_frames() -> Vec<ClientFrame<'static>> {
    vec![
        hello(),
        ClientFrame::Publish(publish()),
        ClientFrame::Publish(Publish {
            acknowledge: false,
            socket_id: None,
            ..publish()
        }),
        ClientFrame::Publish(Publish {
            sequence: u64::MAX,
            event: "",
            data: "",
            channels: Vec::new(),
            ..publish()
        }),
        ClientFrame::Call {
            method: "GET",
            target: "/apps/1/channels?info=user_count",
        },
    ]
}

fn server_frames() -> Vec<ServerFrame<'static>> {
    vec![
        ServerFrame::Challenge { nonce: NONCE },
        welcome(),
        ServerFrame::Closing,
        ServerFrame::Answer {
            status: 200,
            is_complete: true,
            body: "{}",
        },
        ServerFrame::Answer {
            status: 404,
            is_complete: false,
            body: "",
        },
        ServerFrame::Refused {
            reason: Reason::WRONG_SECRET,
            message: "no",
        },
        ServerFrame::Ack { sequence: 1 },
        ServerFrame::Failed {
            sequence: 2,
            reason: Reason(999),
            message: "",
        },
    ]
}

#[test]
fn frames_have_these_bytes() {
    let mut bytes = Vec::new();
    welcome().encode(&mut bytes);
    assert_eq!(bytes, [&[49, 0, 0, 0, 2][..], &[4; 16], &[8; 32]].concat());

    let mut failed = Vec::new();
    ServerFrame::Failed {
        sequence: 1,
        reason: Reason::TOO_LARGE,
        message: "x",
    }
    .encode(&mut failed);
    assert_eq!(
        failed,
        [
            16, 0, 0, 0, 5, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 0, 0, 0, b'x'
        ]
    );

    let expected = [
        &[51, 0, 0, 0, 66][..],
        &[2, 1, 0, 0, 0, 0, 0, 0, 3],
        b"\x03\0\0\x001.2",
        b"\x01\0\0\0E",
        b"\x02\0\0\0{}",
        b"\x02\0\0\0",
        b"\x01\0\0\0a",
        b"\x0a\0\0\0private-\xc3\xa9",
    ];
    assert_eq!(
        bytes_of(&ClientFrame::Publish(publish())),
        expected.concat()
    );
}

#[test]
fn hello_says_version_publisher_answer_and_application() {
    let expected = [
        &[59, 0, 0, 0, 65, 4][..],
        &PUBLISHER,
        &[3; 32],
        b"\x05\0\0\0app-1",
    ];
    assert_eq!(bytes_of(&hello()), expected.concat());
}

/// The expected value comes from Python's `hmac`.
#[test]
fn answer_is_an_hmac_over_context_nonce_and_publisher() {
    let answer = challenge_answer("secret", &NONCE, &PUBLISHER);
    let hex: String = answer.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "572d80ad6ef5ff22ac1b59713b74367075e95bedea46cdcbb1c2ea078c43e8bf"
    );
}

#[test]
fn only_the_secret_and_the_nonce_of_this_connection_prove() {
    let hello = Hello {
        app_id: "1",
        publisher: PUBLISHER,
        answer: challenge_answer("secret", &NONCE, &PUBLISHER),
    };
    assert!(hello.proves("secret", &NONCE));
    assert!(!hello.proves("Secret", &NONCE));
    assert!(!hello.proves("secret", &[8; 32]));
    assert!(
        !Hello {
            publisher: [0; 16],
            ..hello
        }
        .proves("secret", &NONCE)
    );
}

/// The expected value comes from Python's `hmac`.
#[test]
fn a_welcome_is_proved_by_an_hmac_over_context_nonce_publisher_and_server() {
    let Welcome { proof, .. } = Welcome::new("secret", &NONCE, &PUBLISHER, [4; 16]);
    let hex: String = proof.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "167716f58670fd688b434c697fe5c54d09d761da73f321c4e7f5b56874976112"
    );
}

#[test]
fn only_who_knows_the_secret_welcomes_this_publisher_over_this_connection() {
    let welcome = Welcome::new("secret", &NONCE, &PUBLISHER, [4; 16]);
    assert!(welcome.proves("secret", &NONCE, &PUBLISHER));
    assert!(!welcome.proves("Secret", &NONCE, &PUBLISHER));
    assert!(!welcome.proves("secret", &[8; 32], &PUBLISHER));
    assert!(!welcome.proves("secret", &NONCE, &[0; 16]));
    let answer = challenge_answer("secret", &NONCE, &PUBLISHER);
    for (server, proof) in [([5; 16], welcome.proof), ([4; 16], answer)] {
        assert!(!Welcome { server, proof }.proves("secret", &NONCE, &PUBLISHER));
    }
}

#[test]
fn frames_of_the_client_survive_every_split() {
    for frame in client_frames() {
        let bytes = bytes_of(&frame);
        for end in 0..bytes.len() {
            assert_eq!(
                ClientFrame::decode(&bytes[..end]),
                Ok(None),
                "{frame:?} cut at {end}"
            );
        }
        let followed = [&bytes[..], b"rest"].concat();
        assert_eq!(
            ClientFrame::decode(&followed),
            Ok(Some((frame, bytes.len())))
        );
    }
}

#[test]
fn frames_of_the_server_survive_every_split() {
    for frame in server_frames() {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        for end in 0..bytes.len() {
            assert_eq!(
                ServerFrame::decode(&bytes[..end]),
                Ok(None),
                "{frame:?} cut at {end}"
            );
        }
        let followed = [&bytes[..], b"rest"].concat();
        assert_eq!(
            ServerFrame::decode(&followed),
            Ok(Some((frame.clone(), bytes.len())))
        );
    }
}

#[test]
fn rubbish_from_a_client_is_named() {
    let cases: &[(&[u8], LocalError)] = &[
        (&[0, 0, 0, 0], LocalError::Empty),
        (&[255, 255, 255, 255], LocalError::TooLarge(0xffff_ffff)),
        (&[1, 0, 0, 1], LocalError::TooLarge(MAX_FRAME + 1)),
        (&[1, 16, 0, 0, 65], LocalError::TooLarge(MAX_HELLO + 1)),
        (&[1, 0, 0, 0, 2], LocalError::UnknownKind(2)),
        (b"GET / HTTP/1.1\r\n\r\n", LocalError::TooLarge(0x2054_4547)),
        (&[2, 0, 0, 0, 65, 9], LocalError::Version(9)),
        (&[2, 0, 0, 0, 65, 4], LocalError::WrongLength(65)),
        (&[1, 0, 0, 0, 66], LocalError::WrongLength(66)),
        (
            &[10, 0, 0, 0, 66, 1, 0, 0, 0, 0, 0, 0, 0, 4],
            LocalError::UnknownFlags(4),
        ),
        // One channel is announced that is not there.
        (
            &[
                22, 0, 0, 0, 66, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255,
                255,
            ],
            LocalError::WrongLength(66),
        ),
        // A byte is left over.
        (
            &[
                23, 0, 0, 0, 66, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
            ],
            LocalError::WrongLength(66),
        ),
        // The event's name is not UTF-8.
        (
            &[
                23, 0, 0, 0, 66, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0,
            ],
            LocalError::NotText(66),
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(ClientFrame::decode(bytes), Err(*error), "{bytes:?}");
    }
}

#[test]
fn rubbish_from_a_server_is_named() {
    let cases: &[(&[u8], LocalError)] = &[
        (&[0, 0, 0, 0], LocalError::Empty),
        (&[1, 0, 0, 0, 66], LocalError::UnknownKind(66)),
        (&[2, 0, 0, 0, 1, 1], LocalError::Version(1)),
        (&[2, 0, 0, 0, 2, 0], LocalError::WrongLength(2)),
        (&[0, 16, 0, 0, 3], LocalError::TooLarge(4096)),
        (&[4, 0, 0, 0, 7, 200, 0, 2], LocalError::UnknownFlags(2)),
    ];
    for (bytes, error) in cases {
        assert_eq!(ServerFrame::decode(bytes), Err(*error), "{bytes:?}");
    }
}

/// Every single-byte change of every frame decodes to something or to an error, and never past its end.
#[test]
fn no_change_of_a_byte_makes_it_panic() {
    for frame in client_frames() {
        let original = bytes_of(&frame);
        for position in 0..original.len() {
            for value in 0..=u8::MAX {
                let mut bytes = original.clone();
                bytes[position] = value;
                if let Ok(Some((_, consumed))) = ClientFrame::decode(&bytes) {
                    assert!(consumed <= bytes.len());
                }
                let _ = ServerFrame::decode(&bytes);
            }
        }
    }
}

#[test]
fn what_is_too_large_is_not_written() {
    let data = "x".repeat(MAX_FRAME);
    let mut output = b"before".to_vec();
    let result = ClientFrame::Publish(Publish {
        data: &data,
        ..publish()
    })
    .encode(&mut output);
    assert_eq!(result, Err(LocalError::TooLarge(MAX_FRAME + 49)));
    assert_eq!(output, b"before");

    let app_id = "x".repeat(MAX_HELLO);
    let hello = ClientFrame::Hello(Hello {
        app_id: &app_id,
        publisher: PUBLISHER,
        answer: [0; 32],
    });
    assert_eq!(
        hello.encode(&mut output),
        Err(LocalError::TooLarge(MAX_HELLO + 54))
    );
    assert_eq!(output, b"before");
}

#[test]
fn long_messages_are_cut_between_characters() {
    let message = format!("x{}", "é".repeat(MAX_MESSAGE));
    let mut output = Vec::new();
    ServerFrame::Refused {
        reason: Reason::MALFORMED,
        message: &message,
    }
    .encode(&mut output);

    let Ok(Some((ServerFrame::Refused { message, .. }, _))) = ServerFrame::decode(&output) else {
        panic!("not a refusal: {output:?}");
    };
    assert_eq!(message, format!("x{}", "é".repeat(MAX_MESSAGE / 2 - 1)));
}
