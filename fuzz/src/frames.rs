//! The frame layer: how the bytes are cut must not matter, and no more is held than is allowed.

use reverb::websocket::{
    Decoder, Deflater, Inflater, Input, MESSAGE_CEILING, Message, Terms, Violation, Window,
    payload, text_frame,
};

const LIMITS: [usize; 4] = [0, 1, 100, 10_000];

/// More than a header and a control frame take.
const OVERHEAD: usize = 256;

/// What a stream says, and how it ends.
type Said = (Vec<Message<'static>>, Option<Violation>);

/// The first byte chooses the terms, the next the cuts; the others are what a client sends.
pub fn run(data: &[u8]) {
    let [terms, cuts, stream @ ..] = data else {
        return;
    };
    let limit = LIMITS[usize::from(terms % 4)];
    let may_deflate = terms & 4 != 0;
    let whole = read(&[stream], limit, may_deflate, Keep::Nothing);
    let pieces = cut(stream, *cuts);
    for keep in [Keep::Nothing, Keep::AfterEachMessage] {
        assert_eq!(read(&pieces, limit, may_deflate, keep), whole);
    }
    whole.0.iter().for_each(survives_compression);
}

/// Whether what was read is given back to the decoder after each message, as under load.
#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Nothing,
    AfterEachMessage,
}

fn cut(stream: &[u8], cuts: u8) -> Vec<&[u8]> {
    let (mut rest, mut state) = (stream, u32::from(cuts) + 1);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = 1 + (state >> 24) as usize % (1 + usize::from(cuts));
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

fn read(pieces: &[&[u8]], limit: usize, may_deflate: bool, keep: Keep) -> Said {
    let (mut decoder, mut inflater) = (Decoder::default(), Inflater::default());
    let (mut messages, mut most_kept) = (Vec::new(), 0);
    for piece in pieces {
        let mut bytes = piece.to_vec();
        let mut input = Input::new(&mut bytes);
        if keep == Keep::AfterEachMessage {
            most_kept += piece.len();
            decoder.keep(std::mem::replace(&mut input, Input::new(&mut [])));
        }
        loop {
            let mut terms = if may_deflate {
                Terms::deflate(limit, &mut inflater)
            } else {
                Terms::plain(limit)
            };
            match decoder.next(&mut input, &mut terms) {
                Ok(Some(message)) => messages.push(owned(message, limit)),
                Ok(None) => break,
                Err(violation) => return (messages, Some(violation)),
            }
        }
        assert!(input.is_empty(), "no message is there, so all was taken");
        let ceiling = if limit == 0 { MESSAGE_CEILING } else { limit };
        assert!(decoder.buffered() <= 2 * ceiling + OVERHEAD + most_kept);
    }
    (messages, None)
}

fn owned(message: Message<'_>, limit: usize) -> Message<'static> {
    let ceiling = if limit == 0 { MESSAGE_CEILING } else { limit };
    match message {
        Message::Text(text) => {
            assert!(text.len() <= ceiling);
            Message::Text(text.into_owned().into())
        }
        Message::Binary(bytes) => {
            assert!(bytes.len() <= ceiling);
            Message::Binary(bytes.into_owned().into())
        }
        Message::Ping(bytes) => Message::Ping(bytes.into_owned().into()),
        Message::Pong(bytes) => Message::Pong(bytes.into_owned().into()),
        Message::Close(None) => Message::Close(None),
        Message::Close(Some(closing)) => {
            let answer = Message::Close(Some(closing.clone())).closing_answer();
            assert!(answer.is_some_and(|frame| frame.len() <= 127));
            Message::Close(Some(reverb::websocket::Closing {
                code: closing.code,
                reason: closing.reason.into_owned().into(),
            }))
        }
    }
}

/// A text that the server compresses is the same for a client.
fn survives_compression(message: &Message<'_>) {
    let Message::Text(text) = message else {
        return;
    };
    let frame = text_frame(text);
    assert_eq!(payload(&frame), text.as_bytes());
    for window in [Window::Bits9, Window::Bits15] {
        let Some(deflated) = Deflater::default().frame(&frame, window) else {
            continue;
        };
        let mut stream = masked(deflated[0], &payload(&deflated));
        let mut inflater = Inflater::default();
        let read = Decoder::default().next(
            &mut Input::new(&mut stream),
            &mut Terms::deflate(text.len(), &mut inflater),
        );
        assert_eq!(read.as_ref(), Ok(&Some(message.clone())));
    }
}

/// A frame of a client, whose mask changes nothing.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = match payload.len() {
        length @ 0..=125 => vec![0x80 | length as u8],
        length @ 126..=0xffff => [&[0xfe], &(length as u16).to_be_bytes()[..]].concat(),
        length => [&[0xff], &(length as u64).to_be_bytes()[..]].concat(),
    };
    [&[first], &length[..], &[0; 4], payload].concat()
}
