//! Messages as bytes: what is written is read, and nothing else is.

use std::time::Duration;

use bytes::Bytes;

use super::{application, engine, member};
use crate::{
    cluster::{
        coordinator::Message,
        envelope::{Back, Envelope, Head, Said, Unusable, encode},
        seal::Seal,
        settings::Dialect,
    },
    engine::{
        ApplicationIndex,
        cluster::{Change, Kept, NodeId, Part, Version},
    },
    protocol::{ChannelName, SocketId, UserId},
};

const CHANNEL: &[u8] = b"{reverb}:s:x";
const VERSION: Version = Version {
    generation: 3,
    number: u64::MAX,
};

fn index() -> ApplicationIndex {
    engine("s").applications().by_id("1").expect("it is there")
}

fn seal() -> Seal {
    Seal::new(&application("1", "s"))
}

fn head(seal: &Seal) -> Head {
    Head {
        node: NodeId::from_random(0x0102_0304_0506_0708),
        sequence: 9,
        tag: seal.tag(),
    }
}

/// One message of each kind, with and without what may be left out.
fn messages() -> Vec<Said> {
    let event = |except: Option<&str>, kept: Option<Kept>| Message::Event {
        message: Bytes::from_static(br#"{"event":"e","data":"{}","channel":"c"}"#),
        except: except.and_then(SocketId::parse),
        ticket: 7,
        kept,
    };
    let kept = Kept {
        message: Bytes::from_static(br#"{"event":"e","data":"{}","channel":"c"}"#),
        version: 0,
        remaining: Duration::from_millis(1500),
    };
    let messages = [
        Message::Attached(
            VERSION,
            Part {
                subscriptions: 3,
                members: vec![member("1"), member("ü")],
            },
        ),
        Message::Attached(VERSION, Part::default()),
        Message::Changed(
            VERSION,
            Change {
                subscriptions: 1,
                joined: vec![member("1")],
                left: vec![UserId::from_text("2").expect("an id")],
            },
        ),
        Message::Detached(VERSION),
        Message::Shared,
        event(None, None),
        event(Some("12.34"), None),
        event(Some("12.34"), Some(kept.clone())),
        Message::Terminate {
            application: index(),
            user_id: "7".into(),
        },
    ];
    let name = || ChannelName::parse("cache-a").expect("a name");
    let back = Back {
        deaf: Duration::from_millis(1234),
        ticket: 3,
        sequence: 4,
    };
    let mut said: Vec<Said> = messages.into_iter().map(Said::Message).collect();
    said.extend([
        Said::Back(back),
        Said::Again(name(), event(None, None)),
        Said::Again(name(), event(Some("12.34"), Some(kept))),
        Said::Told(17),
    ]);
    said
}

fn written(said: Said) -> Vec<u8> {
    let seal = seal();
    let dialect = Dialect::default();
    encode(dialect, head(&seal), CHANNEL, (&said, Some(&seal)))
}

fn read(bytes: &[u8], channel: &[u8], seal: &Seal) -> Result<Said, Unusable> {
    Envelope::open(&Bytes::copy_from_slice(bytes))?.read(channel, (index(), seal))
}

#[test]
fn every_kind_reads_back_as_written() {
    for said in messages() {
        let mut expected = said.clone();
        let mut bytes = written(said);
        // Redis numbers what it keeps.
        if let Said::Message(Message::Event {
            kept: Some(kept), ..
        }) = &mut expected
        {
            bytes.extend_from_slice(b"42");
            kept.version = 42;
        }
        let envelope = Envelope::open(&Bytes::from(bytes.clone())).expect("an envelope");
        assert_eq!(envelope.head, head(&seal()));
        let message = read(&bytes, CHANNEL, &seal()).expect("a message");
        assert_eq!(format!("{message:?}"), format!("{expected:?}"));
    }
}

#[test]
fn whatever_is_changed_on_the_way_is_noticed() {
    for message in messages() {
        let bytes = written(message);
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            assert!(read(&changed, CHANNEL, &seal()).is_err(), "byte {place}");
        }
        for length in 0..bytes.len() {
            assert!(
                read(&bytes[..length], CHANNEL, &seal()).is_err(),
                "{length} bytes"
            );
        }
    }
}

#[test]
fn a_message_belongs_to_its_channel_and_its_application() {
    let bytes = written(Said::Message(Message::Shared));
    let elsewhere = read(&bytes, b"{reverb}:s:y", &seal());
    assert_eq!(elsewhere.err(), Some(Unusable::Forged));
    for (id, secret) in [("1", "t"), ("2", "s")] {
        let other = Seal::new(&application(id, secret));
        assert_eq!(read(&bytes, CHANNEL, &other).err(), Some(Unusable::Forged));
    }
}

#[test]
fn rubbish_is_refused_whatever_it_is() {
    for (bytes, expected) in [
        (&b""[..], Unusable::Foreign),
        (b"{\"type\":\"message\",\"payload\":{}}", Unusable::Foreign),
        (b"reverb", Unusable::Damaged),
        (b"reverb\x03anything", Unusable::Version(3)),
        (b"reverb\x01\xff", Unusable::Damaged),
        (b"reverb\x01\x00\x05", Unusable::Damaged),
    ] {
        assert_eq!(
            read(bytes, CHANNEL, &seal()).err(),
            Some(expected),
            "{bytes:?}"
        );
    }
    // Random bytes behind a good beginning, from a fixed seed.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for length in 0..2000 {
        let mut bytes = b"reverb\x01".to_vec();
        for _ in 0..length % 97 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.push(state as u8);
        }
        assert!(read(&bytes, CHANNEL, &seal()).is_err());
    }
}

#[test]
fn what_a_later_version_appends_is_skipped() {
    let bytes = written(Said::Message(Message::Detached(VERSION)));
    let (head, rest) = bytes.split_at(37);
    let (payload, _) = rest.split_at(16);
    let mut later = head.to_vec();
    later[7] += 3;
    later.extend_from_slice(b"new");
    // The length of the payload.
    later[36] += 4;
    later.extend_from_slice(payload);
    later.extend_from_slice(b"more");
    let mark = seal().seal(&[CHANNEL, &later]);
    later.extend_from_slice(&mark);
    let message = read(&later, CHANNEL, &seal()).expect("a message");
    assert_eq!(
        format!("{message:?}"),
        format!("{:?}", Said::Message(Message::Detached(VERSION)))
    );
}

#[test]
fn a_kind_of_a_later_version_is_named() {
    let mut later = written(Said::Message(Message::Shared));
    later.truncate(37);
    later[8] = 99;
    let mark = seal().seal(&[CHANNEL, &later]);
    later.extend_from_slice(&mark);
    assert_eq!(
        read(&later, CHANNEL, &seal()).err(),
        Some(Unusable::Kind(99))
    );
}

#[test]
fn neither_secret_nor_key_is_in_what_is_sent() {
    let seal = Seal::new(&application("1", "the-secret"));
    for said in messages() {
        let said = (&said, Some(&seal));
        let bytes = encode(Dialect::default(), head(&seal), CHANNEL, said);
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(!holds(b"the-secret") && !holds(b"key"));
    }
}
