//! Compressed messages, from outside: the examples of RFC 7692, every cut, faults and bombs.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::borrow::Cow;

use reverb::websocket::{
    Decoder, Deflater, Inflater, Input, MESSAGE_CEILING, Message, SHORTEST_DEFLATED, Terms,
    Violation, Window, binary_frame, payload, ping, text_frame,
};

const TEXT: u8 = 0x81;
const DEFLATED_TEXT: u8 = 0xc1;
const DEFLATED_BINARY: u8 = 0xc2;
const DEFLATED_TEXT_BEGINS: u8 = 0x41;
const CONTINUES: u8 = 0x00;
const ENDS: u8 = 0x80;

/// The text `Hello` (RFC 7692, section 7.2.3.1).
const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

/// A client's frame with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn text(text: &str) -> Message<'static> {
    Message::Text(Cow::Owned(text.to_owned()))
}

fn feed(pieces: &[&[u8]], limit: usize) -> Result<Vec<Message<'static>>, Violation> {
    let mut inflater = Inflater::default();
    let mut decoder = Decoder::default();
    let mut messages = Vec::new();
    for piece in pieces {
        let mut bytes = piece.to_vec();
        let mut input = Input::new(&mut bytes);
        let mut terms = Terms::deflate(limit, &mut inflater);
        while let Some(message) = decoder.next(&mut input, &mut terms)? {
            messages.push(match message {
                Message::Text(text) => Message::Text(Cow::Owned(text.into_owned())),
                Message::Binary(bytes) => Message::Binary(Cow::Owned(bytes.into_owned())),
                Message::Ping(bytes) => Message::Ping(Cow::Owned(bytes.into_owned())),
                other => panic!("{other:?}"),
            });
        }
    }
    assert_eq!(decoder.buffered(), 0);
    Ok(messages)
}

fn deflate(message: &str) -> Vec<u8> {
    let frame = Deflater::default().frame(&text_frame(message), Window::Bits15);
    payload(&frame.unwrap()).to_vec()
}

/// The examples of RFC 7692, section 7.2.3.
fn examples() -> Vec<(&'static str, Vec<u8>)> {
    let stored = [
        0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
    ];
    let final_block = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    let two_blocks = [
        0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
    ];
    vec![
        ("one frame", frame(DEFLATED_TEXT, HELLO)),
        (
            "two frames",
            [
                frame(DEFLATED_TEXT_BEGINS, &HELLO[..3]),
                frame(ENDS, &HELLO[3..]),
            ]
            .concat(),
        ),
        (
            "a block that is not compressed",
            frame(DEFLATED_TEXT, &stored),
        ),
        ("a final block", frame(DEFLATED_TEXT, &final_block)),
        ("two blocks", frame(DEFLATED_TEXT, &two_blocks)),
        ("a plain message among them", frame(TEXT, b"Hello")),
    ]
}

#[test]
fn examples_of_the_rfc_are_read_in_every_cut() {
    for (name, stream) in examples() {
        let expected = Ok(vec![text("Hello")]);
        assert_eq!(feed(&[&stream], 0), expected, "{name}");
        for cut in 0..stream.len() {
            let (left, right) = stream.split_at(cut);
            assert_eq!(feed(&[left, right], 0), expected, "{name}, cut at {cut}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(feed(&bytes, 0), expected, "{name}, byte by byte");
    }
}

#[test]
fn a_compressed_message_may_be_empty_or_interrupted_or_binary() {
    let stream = [
        frame(DEFLATED_TEXT, &[]),
        frame(DEFLATED_TEXT, &[0x00]),
        frame(DEFLATED_TEXT_BEGINS, &[]),
        frame(0x89, b"now"),
        frame(CONTINUES, &HELLO[..5]),
        frame(ENDS, &HELLO[5..]),
        frame(DEFLATED_BINARY, HELLO),
    ]
    .concat();
    let expected = vec![
        text(""),
        text(""),
        Message::Ping(b"now".into()),
        text("Hello"),
        Message::Binary(b"Hello".into()),
    ];
    assert_eq!(feed(&[&stream], 0), Ok(expected));
}

#[test]
fn the_reserved_bit_is_refused_where_it_means_nothing() {
    let mut plain = frame(DEFLATED_TEXT, HELLO);
    let mut decoder = Decoder::default();
    assert_eq!(
        decoder.next(&mut Input::new(&mut plain), &mut Terms::plain(0)),
        Err(Violation::RESERVED_BIT),
        "nothing was agreed"
    );
    for (name, stream) in [
        ("a ping", frame(0xc9, b"")),
        ("a close", frame(0xc8, b"")),
        (
            "a continuation",
            [frame(DEFLATED_TEXT_BEGINS, HELLO), frame(0xc0, b"")].concat(),
        ),
        ("another bit", frame(0xe1, HELLO)),
        ("the third bit", frame(0x91, HELLO)),
    ] {
        assert_eq!(feed(&[&stream], 0), Err(Violation::RESERVED_BIT), "{name}");
    }
}

#[test]
fn what_no_compressor_writes_is_refused() {
    for payload in [
        &[0xff, 0xff, 0xff][..],
        &[0x06],
        &[0x01, 0x05, 0x00, 0x00, 0x00, 0x00],
        // Refers to bytes before its beginning, as a message with context takeover would.
        &[0x4a, 0x04, 0x11, 0x00],
    ] {
        let stream = frame(DEFLATED_TEXT, payload);
        assert_eq!(
            feed(&[&stream], 0),
            Err(Violation::NOT_DEFLATED),
            "{payload:x?}"
        );
    }
    let not_utf8 = [0x00, 0x01, 0x00, 0xfe, 0xff, 0xe9, 0x00];
    assert_eq!(
        feed(&[&frame(DEFLATED_TEXT, &not_utf8)], 0),
        Err(Violation::TEXT_NOT_UTF8)
    );
}

#[test]
fn the_limit_is_that_of_the_inflated_message() {
    let message = "a".repeat(10_000);
    let stream = frame(DEFLATED_TEXT, &deflate(&message));
    assert!(stream.len() < 100);
    assert_eq!(feed(&[&stream], 10_000), Ok(vec![text(&message)]));
    assert_eq!(feed(&[&stream], 9_999), Err(Violation::MESSAGE_TOO_BIG));

    // What does not shrink grows a little, and may be of the full length all the same.
    let stored = [&[0x00, 0x64, 0x00, 0x9b, 0xff][..], &[b'a'; 100], &[0x00]].concat();
    let stream = frame(DEFLATED_TEXT, &stored);
    assert_eq!(feed(&[&stream], 100), Ok(vec![text(&"a".repeat(100))]));
    assert_eq!(feed(&[&stream], 99), Err(Violation::MESSAGE_TOO_BIG));
    // But no more than that: here the header's word is enough.
    assert_eq!(feed(&[&stream[..6]], 10), Err(Violation::MESSAGE_TOO_BIG));
}

#[test]
fn a_bomb_is_given_up_at_the_limit() {
    let bomb = deflate(&"a".repeat(MESSAGE_CEILING + 1));
    assert!(bomb.len() < 200_000);
    let stream = frame(DEFLATED_TEXT, &bomb);
    assert_eq!(feed(&[&stream], 10_000), Err(Violation::MESSAGE_TOO_BIG));
    assert_eq!(feed(&[&stream], 0), Err(Violation::FRAME_TOO_BIG));
}

#[test]
fn a_repetition_beyond_the_window_is_not_referred_to() {
    let length = |message: &str, window| {
        let deflated = Deflater::default().frame(&text_frame(message), window);
        deflated.unwrap().len()
    };
    for window in Window::ALL {
        let noise = noise((1 << window.bits()) + 300);
        let (once, thrice) = (length(&noise, window), length(&noise.repeat(3), window));
        assert!(
            thrice > 2 * once,
            "{window:?}: {once} bytes, {thrice} bytes"
        );
        if window < Window::Bits14 {
            let referring = length(&noise.repeat(3), Window::Bits15);
            assert!(referring < 3 * once / 2, "{window:?}: {referring} bytes");
        }
    }
}

fn noise(length: usize) -> String {
    let digits = (0..length).scan(1_u32, |state, _| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_digit(*state >> 28, 16)
    });
    digits.collect()
}

#[test]
fn only_frames_that_shrink_are_compressed() {
    let mut deflater = Deflater::default();
    let mut deflate = |frame| deflater.frame(&frame, Window::Bits15);
    assert_eq!(
        deflate(text_frame(&"a".repeat(SHORTEST_DEFLATED - 1))),
        None
    );
    let longer = deflate(text_frame(&"a".repeat(SHORTEST_DEFLATED))).unwrap();
    assert_eq!(longer.first(), Some(&DEFLATED_TEXT));
    let binary = deflate(binary_frame(&[7; SHORTEST_DEFLATED])).unwrap();
    assert_eq!(binary.first(), Some(&DEFLATED_BINARY));
    assert_eq!(deflate(ping()), None);
    assert_eq!(deflate(longer), None, "it is compressed already");
    assert_eq!(deflate("HTTP/1.1 101 ".repeat(100).into()), None);
    let noise: Vec<u8> = (0..1000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8 ^ (index * index) as u8)
        .collect();
    assert_eq!(deflate(binary_frame(&noise)), None);
}

#[test]
fn messages_of_one_compressor_do_not_refer_to_each_other() {
    let mut deflater = Deflater::default();
    let frames = ["one", "two", "one"].map(|word| text_frame(&word.repeat(200)));
    let [first, second, third] =
        frames.map(|frame| deflater.frame(&frame, Window::Bits15).unwrap());
    assert_eq!(first, third);
    for (deflated, word) in [(third, "one"), (second, "two")] {
        let stream = frame(DEFLATED_TEXT, &payload(&deflated));
        assert_eq!(feed(&[&stream], 0), Ok(vec![text(&word.repeat(200))]));
    }
}
