//! The frame layer, from outside: the RFC's examples, every cut of every stream, every violation.

use reverb::websocket::{
    Closing, Decoder, Input, MESSAGE_CEILING, Message, Terms, Violation, close_frame,
};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const UNLIMITED: usize = 0;

fn unlimited() -> Terms<'static> {
    Terms::plain(UNLIMITED)
}

/// A client's frame; `first` is the whole first byte.
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
    frame.extend(MASK);
    frame.extend(
        payload
            .iter()
            .enumerate()
            .map(|(index, byte)| byte ^ MASK[index % 4]),
    );
    frame
}

fn owned(message: Message<'_>) -> Message<'static> {
    match message {
        Message::Text(text) => Message::Text(text.into_owned().into()),
        Message::Binary(bytes) => Message::Binary(bytes.into_owned().into()),
        Message::Ping(bytes) => Message::Ping(bytes.into_owned().into()),
        Message::Pong(bytes) => Message::Pong(bytes.into_owned().into()),
        Message::Close(closing) => {
            Message::Close(closing.map(|Closing { code, reason }| Closing {
                code,
                reason: reason.into_owned().into(),
            }))
        }
    }
}

/// Feeds the pieces one after the other; all messages, and the violation that ended it, if any.
fn feed(pieces: &[&[u8]], limit: usize) -> (Vec<Message<'static>>, Option<Violation>) {
    let mut decoder = Decoder::default();
    let mut messages = Vec::new();
    for piece in pieces {
        let mut bytes = piece.to_vec();
        let mut input = Input::new(&mut bytes);
        loop {
            match decoder.next(&mut input, &mut Terms::plain(limit)) {
                Ok(Some(message)) => messages.push(owned(message)),
                Ok(None) => break,
                Err(violation) => return (messages, Some(violation)),
            }
        }
        assert!(input.is_empty(), "None means that all was taken");
    }
    (messages, None)
}

fn text(text: &str) -> Message<'static> {
    Message::Text(text.to_owned().into())
}

fn close(code: u16, reason: &str) -> Message<'static> {
    Message::Close(Some(Closing {
        code,
        reason: reason.to_owned().into(),
    }))
}

#[test]
fn examples_of_the_rfc_are_read() {
    // RFC 6455, section 5.7: the masked ones; the fragmented one masked here, as a client must.
    let masked_hello = [
        0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    assert_eq!(
        feed(&[&masked_hello], UNLIMITED),
        (vec![text("Hello")], None)
    );

    let masked_pong = [
        0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    assert_eq!(
        feed(&[&masked_pong], UNLIMITED),
        (vec![Message::Pong(b"Hello".into())], None)
    );

    let fragments = [frame(0x01, b"Hel"), frame(0x80, b"lo")].concat();
    assert_eq!(feed(&[&fragments], UNLIMITED), (vec![text("Hello")], None));

    let ping = frame(0x89, b"Hello");
    assert_eq!(
        feed(&[&ping], UNLIMITED),
        (vec![Message::Ping(b"Hello".into())], None)
    );

    for (length, header) in [
        (256, vec![0x82, 0xfe, 0x01, 0x00]),
        (65_536, vec![0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let payload: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        let bytes = frame(0x82, &payload);
        assert!(bytes.starts_with(&header));
        assert_eq!(
            feed(&[&bytes], UNLIMITED),
            (vec![Message::Binary(payload.into())], None)
        );
    }
}

#[test]
fn examples_of_the_rfc_are_written() {
    use reverb::websocket::{pong, text_frame};
    assert_eq!(
        text_frame("Hello"),
        [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f][..]
    );
    assert_eq!(
        pong(b"Hello"),
        [0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f][..]
    );
}

/// Streams that end well, with what they say.
fn streams() -> Vec<(Vec<u8>, Vec<Message<'static>>)> {
    let long = "äöü€".repeat(40);
    let longer = "x".repeat(70_000);
    vec![
        (vec![], vec![]),
        (frame(0x81, b""), vec![text("")]),
        (
            [frame(0x81, b"one"), frame(0x81, b"two"), frame(0x89, b"")].concat(),
            vec![text("one"), text("two"), Message::Ping(b"".into())],
        ),
        (frame(0x81, long.as_bytes()), vec![text(&long)]),
        // A ping between fragments that cut a character in two.
        (
            [
                frame(0x01, b"caf\xc3"),
                frame(0x89, b"now"),
                frame(0x00, b"\xa9 \xf0\x9f"),
                frame(0x80, b"\x8d\xb5"),
            ]
            .concat(),
            vec![Message::Ping(b"now".into()), text("café 🍵")],
        ),
        (
            [
                frame(0x01, b""),
                frame(0x00, b""),
                frame(0x80, b""),
                frame(0x82, b"\xff\x00"),
            ]
            .concat(),
            vec![text(""), Message::Binary(b"\xff\x00".into())],
        ),
        (
            [
                frame(0x02, b"\xff"),
                frame(0x8a, b""),
                frame(0x80, b"\xfe"),
                frame(0x88, b"\x03\xe8bye"),
            ]
            .concat(),
            vec![
                Message::Pong(b"".into()),
                Message::Binary(b"\xff\xfe".into()),
                close(1000, "bye"),
            ],
        ),
        (frame(0x88, b""), vec![Message::Close(None)]),
        (
            [frame(0x81, longer.as_bytes()), frame(0x81, b"after")].concat(),
            vec![text(&longer), text("after")],
        ),
    ]
}

#[test]
fn every_cut_reads_the_same() {
    for (stream, expected) in streams() {
        let expected = (expected, None);
        assert_eq!(feed(&[&stream], UNLIMITED), expected, "all at once");
        let cuts = (0..stream.len().min(400)).chain(stream.len().saturating_sub(20)..stream.len());
        for cut in cuts {
            let (left, right) = stream.split_at(cut);
            assert_eq!(
                feed(&[left, right], UNLIMITED),
                expected,
                "cut at {cut} of {}",
                stream.len()
            );
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(feed(&bytes, UNLIMITED), expected, "byte by byte");
    }
}

#[test]
fn every_pair_of_cuts_reads_the_same() {
    let stream = [
        frame(0x01, b"a\xc3"),
        frame(0x89, b"p"),
        frame(0x80, b"\xa9"),
        frame(0x88, b"\x0f\xa0"),
    ]
    .concat();
    let expected = (
        vec![Message::Ping(b"p".into()), text("aé"), close(4000, "")],
        None,
    );
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
            assert_eq!(
                feed(&pieces, UNLIMITED),
                expected,
                "cuts at {first} and {second}"
            );
        }
    }
}

#[test]
fn whole_frames_are_borrowed_from_the_read_buffer() {
    let mut bytes = [frame(0x81, b"Hello"), frame(0x89, b"ping")].concat();
    let mut input = Input::new(&mut bytes);
    let mut decoder = Decoder::default();
    let first = decoder.next(&mut input, &mut unlimited()).unwrap();
    let second = decoder.next(&mut input, &mut unlimited()).unwrap();
    assert!(matches!(
        first,
        Some(Message::Text(std::borrow::Cow::Borrowed("Hello")))
    ));
    assert!(matches!(
        second,
        Some(Message::Ping(std::borrow::Cow::Borrowed(b"ping")))
    ));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn what_is_unfinished_is_given_back_when_it_is_done() {
    let mut decoder = Decoder::default();
    let mut bytes = frame(0x81, b"Hello");
    let (left, right) = bytes.split_at_mut(8);
    assert_eq!(
        decoder.next(&mut Input::new(left), &mut unlimited()),
        Ok(None)
    );
    assert_eq!(
        decoder.buffered(),
        2,
        "two bytes of payload, and not the header"
    );
    assert_eq!(
        decoder.next(&mut Input::new(right), &mut unlimited()),
        Ok(Some(text("Hello")))
    );
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn what_is_kept_unread_comes_before_what_is_read_next() {
    let mut stream: Vec<u8> = (0..10)
        .flat_map(|number| frame(0x81, format!("{number}").as_bytes()))
        .collect();
    let cut = stream.len() - 3;
    let (now, later) = stream.split_at_mut(cut);
    let mut decoder = Decoder::default();
    let mut input = Input::new(now);
    assert_eq!(
        decoder.next(&mut input, &mut unlimited()),
        Ok(Some(text("0")))
    );
    decoder.keep(input);
    assert!(decoder.has_unread());
    assert_eq!(decoder.buffered(), cut - 7);

    for number in 1..5 {
        assert_eq!(
            decoder.next(&mut Input::new(&mut []), &mut unlimited()),
            Ok(Some(text(&number.to_string())))
        );
    }
    let mut input = Input::new(later);
    for number in 5..10 {
        assert_eq!(
            decoder.next(&mut input, &mut unlimited()),
            Ok(Some(text(&number.to_string())))
        );
    }
    assert_eq!(decoder.next(&mut input, &mut unlimited()), Ok(None));
    assert!(!decoder.has_unread());
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn keeping_twice_keeps_the_order() {
    let mut decoder = Decoder::default();
    decoder.keep(Input::new(&mut frame(0x81, b"one")));
    decoder.keep(Input::new(&mut frame(0x81, b"two")));
    decoder.keep(Input::new(&mut []));
    let mut empty = Input::new(&mut []);
    assert_eq!(
        decoder.next(&mut empty, &mut unlimited()),
        Ok(Some(text("one")))
    );
    assert_eq!(
        decoder.next(&mut empty, &mut unlimited()),
        Ok(Some(text("two")))
    );
    assert_eq!(decoder.next(&mut empty, &mut unlimited()), Ok(None));
}

/// Streams that break a rule in their last byte, and the rule.
fn violations() -> Vec<(&'static str, Vec<u8>, Violation)> {
    let announced = |header: &[u8]| [header, &MASK].concat();
    let mut violations = vec![
        ("rsv1", vec![0xc1], Violation::RESERVED_BIT),
        ("rsv2", vec![0xa1], Violation::RESERVED_BIT),
        ("rsv3", vec![0x91], Violation::RESERVED_BIT),
        ("no mask", vec![0x81, 0x05], Violation::UNMASKED),
        (
            "control frame of 126 bytes",
            vec![0x89, 0x80 | 126],
            Violation::CONTROL_FRAME,
        ),
        (
            "control frame of 64 bits of length",
            vec![0x88, 0x80 | 127],
            Violation::CONTROL_FRAME,
        ),
        ("fragmented ping", vec![0x09], Violation::CONTROL_FRAME),
        (
            "16 bits for 125",
            announced(&[0x81, 0xfe, 0, 125]),
            Violation::LENGTH,
        ),
        (
            "64 bits for 65535",
            announced(&[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]),
            Violation::LENGTH,
        ),
        (
            "64 bits for 1",
            announced(&[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 1]),
            Violation::LENGTH,
        ),
        (
            "highest bit",
            announced(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0]),
            Violation::LENGTH,
        ),
        (
            "continuation first",
            vec![0x80],
            Violation::CONTINUATION_FIRST,
        ),
        (
            "continuation first, more to come",
            vec![0x00],
            Violation::CONTINUATION_FIRST,
        ),
        (
            "continuation after a whole message",
            [frame(0x81, b"a"), vec![0x80]].concat(),
            Violation::CONTINUATION_FIRST,
        ),
        (
            "text within text",
            [frame(0x01, b"a"), vec![0x81]].concat(),
            Violation::UNFINISHED_MESSAGE,
        ),
        (
            "binary within text",
            [frame(0x01, b""), vec![0x02]].concat(),
            Violation::UNFINISHED_MESSAGE,
        ),
        (
            "half a close code",
            frame(0x88, b"\x03"),
            Violation::CLOSE_CODE,
        ),
        (
            "text that is not UTF-8",
            frame(0x81, b"caf\xe9!"),
            Violation::TEXT_NOT_UTF8,
        ),
        (
            "text that ends within a character",
            frame(0x81, b"caf\xc3"),
            Violation::TEXT_NOT_UTF8,
        ),
        (
            "a surrogate",
            frame(0x81, b"\xed\xa0"),
            Violation::TEXT_NOT_UTF8,
        ),
        (
            "bad byte in the first fragment",
            frame(0x01, b"\xff"),
            Violation::TEXT_NOT_UTF8,
        ),
        (
            "character broken by the next fragment",
            [frame(0x01, b"\xc3"), frame(0x00, b"a")].concat(),
            Violation::TEXT_NOT_UTF8,
        ),
        (
            "close reason",
            frame(0x88, b"\x03\xe8\xff"),
            Violation::REASON_NOT_UTF8,
        ),
        (
            "one byte too many",
            announced(&[0x81, 0x80 | 101]),
            Violation::MESSAGE_TOO_BIG,
        ),
        (
            "one byte too many over fragments",
            [frame(0x01, &[b'a'; 60]), announced(&[0x80, 0x80 | 41])].concat(),
            Violation::MESSAGE_TOO_BIG,
        ),
    ];
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        violations.push((
            "unknown opcode",
            vec![0x80 | opcode],
            Violation::UNKNOWN_OPCODE,
        ));
    }
    for code in [
        0_u16, 1, 999, 1004, 1005, 1006, 1012, 1013, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        violations.push((
            "close code",
            frame(0x88, &code.to_be_bytes()),
            Violation::CLOSE_CODE,
        ));
    }
    violations
}

const LIMIT: usize = 100;

#[test]
fn every_violation_is_found_at_its_first_byte_and_in_any_cut() {
    for (name, stream, violation) in violations() {
        assert_eq!(feed(&[&stream], LIMIT).1, Some(violation), "{name}");
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(
            feed(&bytes, LIMIT).1,
            Some(violation),
            "{name}, byte by byte"
        );
        assert_eq!(
            feed(&bytes[..bytes.len() - 1], LIMIT).1,
            None,
            "{name}, without its last byte"
        );
    }
}

#[test]
fn every_violation_has_a_stream() {
    let found: Vec<Violation> = violations()
        .into_iter()
        .map(|(_, _, violation)| violation)
        .collect();
    for violation in Violation::ALL {
        // Provoked below, as it needs another limit, and in tests/deflate.rs.
        let elsewhere = [Violation::FRAME_TOO_BIG, Violation::NOT_DEFLATED];
        assert!(
            found.contains(&violation) || elsewhere.contains(&violation),
            "{violation}"
        );
    }
}

#[test]
fn unlimited_means_the_ceiling() {
    let announce =
        |length: usize| [&[0x82, 0xff][..], &(length as u64).to_be_bytes(), &MASK].concat();
    assert_eq!(MESSAGE_CEILING, 33_554_432);
    assert_eq!(
        feed(&[&announce(MESSAGE_CEILING)], UNLIMITED),
        (vec![], None)
    );
    assert_eq!(
        feed(&[&announce(MESSAGE_CEILING + 1)], UNLIMITED).1,
        Some(Violation::FRAME_TOO_BIG)
    );
    let fragments = [frame(0x02, b"a"), announce(MESSAGE_CEILING)].concat();
    assert_eq!(
        feed(&[&fragments[..8]], UNLIMITED).1,
        Some(Violation::UNFINISHED_MESSAGE)
    );
    let mut fragments = fragments;
    fragments[7] = 0x80;
    assert_eq!(
        feed(&[&fragments], UNLIMITED).1,
        Some(Violation::FRAME_TOO_BIG)
    );
}

#[test]
fn a_message_of_exactly_the_limit_is_read() {
    let payload = "x".repeat(LIMIT);
    assert_eq!(
        feed(&[&frame(0x81, payload.as_bytes())], LIMIT),
        (vec![text(&payload)], None)
    );
    let fragments = [
        frame(0x01, &payload.as_bytes()[..50]),
        frame(0x80, &payload.as_bytes()[50..]),
    ]
    .concat();
    assert_eq!(feed(&[&fragments], LIMIT), (vec![text(&payload)], None));
    // Control frames have a limit of their own.
    assert_eq!(
        feed(&[&frame(0x89, &[7; 125])], 1),
        (vec![Message::Ping([7; 125].as_slice().into())], None)
    );
}

#[test]
fn codes_and_texts_of_reverb() {
    let known = [
        (1002, Violation::RESERVED_BIT),
        (1002, Violation::UNMASKED),
        (1007, Violation::TEXT_NOT_UTF8),
        (1007, Violation::REASON_NOT_UTF8),
        (1009, Violation::FRAME_TOO_BIG),
    ];
    for (code, violation) in known {
        assert_eq!(violation.code, code, "{violation}");
    }
    assert_eq!(
        Violation::MESSAGE_TOO_BIG,
        Violation {
            code: 1009,
            reason: "Maximum message size exceeded"
        }
    );
    for violation in Violation::ALL {
        assert!(
            violation.reason.len() <= 123,
            "{violation} fits into a close frame"
        );
    }
}

#[test]
fn a_close_is_answered_with_its_own_content() {
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ] {
        let payload = [&u16::to_be_bytes(code)[..], b"why"].concat();
        let (messages, violation) = feed(&[&frame(0x88, &payload)], LIMIT);
        assert_eq!(
            (messages.as_slice(), violation),
            (&[close(code, "why")][..], None)
        );
        assert_eq!(messages[0].closing_answer(), Some(close_frame(code, "why")));
    }
    assert_eq!(
        Message::Close(None).closing_answer().as_deref(),
        Some(&b"\x88\x02\x03\xe8"[..])
    );
    assert_eq!(text("a").closing_answer(), None);
}
