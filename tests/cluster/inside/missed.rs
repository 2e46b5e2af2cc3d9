//! What a node that was cut off is told again, and in which order it hands it out.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{engine, node::name};
use crate::{
    cluster::{
        coordinator::{Input, Message},
        envelope::{Back, Unusable},
        memory::Memory,
        recall::Recall,
    },
    engine::{
        ApplicationIndex,
        cluster::{NodeId, Relayed, Topic},
    },
};

fn index() -> ApplicationIndex {
    engine("s").applications().by_id("1").expect("it is there")
}

fn relayed(ticket: u64) -> Relayed {
    Relayed {
        message: Bytes::from_static(b"{}"),
        except: None,
        kept_for: None,
        ticket,
    }
}

/// A message that says where it was heard.
fn message(ticket: u64, origin: &'static str) -> Message {
    Message::Event {
        message: Bytes::from_static(origin.as_bytes()),
        except: None,
        ticket,
        kept: None,
    }
}

/// The node that speaks, the one that hears, what it remembers, and the time.
struct Hearing {
    speaker: NodeId,
    topic: Topic,
    memory: Memory,
    sequence: u64,
    now: Instant,
}

impl Hearing {
    fn new() -> Self {
        Self {
            speaker: NodeId::from_random(7),
            topic: Topic::channel(index(), &name("a")),
            memory: Memory::new(NodeId::from_random(1)),
            sequence: 0,
            now: Instant::now(),
        }
    }

    fn pass(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }

    /// An event comes on its channel; whether it is handed out at once.
    fn hear(&mut self, ticket: u64) -> bool {
        self.hear_message(ticket, message(ticket, "heard"))
    }

    fn hear_message(&mut self, ticket: u64, message: Message) -> bool {
        self.sequence += 1;
        self.memory.note(self.now);
        let from = (self.speaker, index());
        let heard = self.memory.remember(from, self.sequence, self.now);
        assert_eq!(heard, Ok(()));
        let what = (Some(self.topic.clone()), message);
        self.memory.event(self.speaker, ticket, what).is_some()
    }

    fn hear_again(&mut self, ticket: u64) {
        let what = (self.topic.clone(), message(ticket, "again"));
        self.memory
            .event_again(self.speaker, ticket, what, self.now);
    }

    /// How long it was deaf.
    fn come_back(&mut self) -> Option<Duration> {
        self.memory.come_back(self.now)
    }

    /// What the speaker is asked.
    fn asked(&mut self) -> Option<Back> {
        let mut questions = self.memory.questions(self.now).into_iter();
        let question = questions.next()?;
        assert_eq!(question.node, self.speaker);
        assert!(questions.next().is_none());
        Some(question.back)
    }

    fn release(&mut self) {
        self.memory.release(self.speaker);
    }

    /// How many were not waited for.
    fn end_patience(&mut self) -> usize {
        self.memory.end_patience(self.now)
    }

    /// What is handed out after it was kept back.
    fn ready(&mut self) -> Vec<(u64, Bytes)> {
        std::iter::from_fn(|| self.memory.next_ready())
            .map(|input| match input {
                Input::Message {
                    message:
                        Message::Event {
                            message, ticket, ..
                        },
                    ..
                } => (ticket, message),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn tickets(&mut self) -> Vec<u64> {
        self.ready().into_iter().map(|(ticket, _)| ticket).collect()
    }
}

const NONE: [u64; 0] = [];

#[test]
fn after_a_break_events_are_handed_out_in_the_order_of_their_tickets() {
    let mut hearing = Hearing::new();
    assert!(hearing.hear(3) && hearing.hear(4));
    hearing.pass(3000);
    hearing.memory.begin_anew();
    // Before it has asked, and after it.
    assert!(!hearing.hear(9));
    assert_eq!(hearing.asked(), None, "not all topics are heard");
    assert_eq!(hearing.come_back(), Some(Duration::from_secs(3)));
    let back = Back {
        deaf: Duration::from_secs(3),
        ticket: 4,
        sequence: 2,
    };
    assert_eq!(hearing.asked(), Some(back));
    assert!(!hearing.hear(11));
    for ticket in [4, 6, 9, 10] {
        hearing.hear_again(ticket);
    }
    assert_eq!(hearing.tickets(), NONE, "there may be more");
    hearing.release();
    let texts = [(6, "again"), (9, "heard"), (10, "again"), (11, "heard")];
    let expected = texts.map(|(ticket, text)| (ticket, Bytes::from_static(text.as_bytes())));
    assert_eq!(hearing.ready(), expected);
    // What is said twice is heard once, and what is said late not at all.
    assert!(!hearing.hear(11));
    hearing.hear_again(7);
    assert!(hearing.hear(12));
    assert_eq!(hearing.tickets(), NONE);
}

#[test]
fn who_does_not_answer_is_asked_again_and_not_waited_for_for_ever() {
    let mut hearing = Hearing::new();
    assert!(hearing.hear(1));
    hearing.memory.begin_anew();
    assert!(!hearing.hear(5));
    hearing.pass(60_000);
    assert_eq!(hearing.end_patience(), 0, "it has not been asked");
    assert!(hearing.come_back().is_some());
    assert!(hearing.asked().is_some());
    hearing.pass(400);
    assert_eq!(hearing.asked(), None);
    hearing.pass(100);
    assert!(
        hearing.asked().is_some(),
        "it may not have been back itself"
    );
    // Its time begins anew with each word.
    hearing.pass(400);
    hearing.hear_again(3);
    hearing.pass(400);
    assert_eq!(hearing.asked(), None, "it answers");
    hearing.pass(9500);
    assert_eq!((hearing.end_patience(), hearing.tickets()), (0, vec![]));
    hearing.pass(100);
    assert_eq!((hearing.end_patience(), hearing.tickets()), (1, vec![3, 5]));
    assert_eq!(hearing.end_patience(), 0);
    assert!(hearing.hear(6));
}

#[test]
fn what_was_kept_back_when_the_connection_breaks_again_is_asked_for_again() {
    let mut hearing = Hearing::new();
    assert!(hearing.hear(1));
    hearing.memory.begin_anew();
    hearing.pass(2000);
    assert!(hearing.come_back().is_some());
    assert!(!hearing.hear(5));
    hearing.memory.begin_anew();
    hearing.pass(2000);
    assert_eq!(hearing.asked(), None, "not all topics are heard");
    // Since the first break.
    assert_eq!(hearing.come_back(), Some(Duration::from_secs(4)));
    let back = hearing.asked().expect("a question");
    assert_eq!((back.ticket, back.sequence), (1, 1));
    hearing.hear_again(3);
    hearing.release();
    assert_eq!(hearing.tickets(), [3, 5]);
    // All is told: the next break is one of its own.
    hearing.memory.see(&[], hearing.now);
    assert_eq!(hearing.end_patience(), 0);
    assert!(hearing.hear(6));
    hearing.memory.begin_anew();
    assert_eq!(hearing.come_back(), Some(Duration::ZERO));
}

#[test]
fn who_is_first_met_after_a_break_is_asked_too_and_who_was_long_gone_is_not() {
    let mut hearing = Hearing::new();
    assert!(hearing.hear(1), "before the first break nobody is asked");
    hearing.pass(16_000);
    let other = NodeId::from_random(8);
    hearing.memory.see(&[other], hearing.now);
    hearing.memory.note(hearing.now);
    hearing.memory.begin_anew();
    hearing.pass(1000);
    assert!(hearing.come_back().is_some());
    let newcomer = NodeId::from_random(9);
    let own = NodeId::from_random(1);
    hearing.memory.see(&[own, other, newcomer], hearing.now);
    let mut asked: Vec<_> = hearing
        .memory
        .questions(hearing.now)
        .iter()
        .map(|question| (question.node, question.back.ticket))
        .collect();
    asked.sort_unstable();
    assert_eq!(asked, [(other, 0), (newcomer, 0)]);
    assert!(hearing.hear(2), "the one that was gone is not waited for");
    for node in [other, newcomer] {
        hearing.memory.release(node);
    }
    assert_eq!(hearing.end_patience(), 0);
    hearing.memory.see(&[NodeId::from_random(10)], hearing.now);
    assert!(
        hearing.memory.questions(hearing.now).is_empty(),
        "it is over"
    );
}

#[test]
fn so_much_is_kept_back_and_no_more() {
    /// Of `memory.rs`.
    const MOST: u64 = 20_000;
    let mut hearing = Hearing::new();
    assert!(hearing.hear(1));
    hearing.memory.begin_anew();
    for ticket in 2..=MOST + 1 {
        assert!(!hearing.hear(ticket));
    }
    assert_eq!(hearing.tickets(), NONE);
    assert!(!hearing.hear(MOST + 2));
    assert_eq!(hearing.tickets(), (2..=MOST + 2).collect::<Vec<_>>());
    assert_eq!(hearing.end_patience(), 1);
    assert!(hearing.hear(MOST + 3));
    // The same of bytes.
    let heavy = Bytes::from(vec![b'x'; 16 << 20]);
    hearing.memory.begin_anew();
    let mut hear = |ticket| {
        let message = Message::Event {
            message: heavy.clone(),
            except: None,
            ticket,
            kept: None,
        };
        assert!(!hearing.hear_message(ticket, message));
        hearing.tickets().len()
    };
    let tickets = MOST + 4..MOST + 9;
    assert_eq!(tickets.map(&mut hear).collect::<Vec<_>>(), [0, 0, 0, 0, 5]);
}

#[test]
fn a_message_that_is_repeated_is_told_apart() {
    let (node, now) = (NodeId::from_random(7), Instant::now());
    let mut memory = Memory::new(NodeId::from_random(1));
    let mut remember = |sequence| memory.remember((node, index()), sequence, now);
    assert_eq!(remember(5), Ok(()));
    assert_eq!(remember(5), Err(Unusable::Repeated));
    assert_eq!(remember(4), Err(Unusable::Repeated));
    assert_eq!(remember(6), Ok(()));
}

fn back(ticket: u64, seconds: u64) -> Back {
    Back {
        deaf: Duration::from_secs(seconds),
        ticket,
        sequence: 0,
    }
}

fn missed(recall: &Recall, last: u64, deaf: u64, now: Instant) -> Vec<u64> {
    let missed = recall.missed(&back(last, deaf), now);
    let events = missed.events.into_iter();
    events.map(|(_, event)| event.ticket).collect()
}

#[test]
fn what_was_said_meanwhile_is_remembered_for_a_minute() {
    let (mut recall, start) = (Recall::default(), Instant::now());
    let topic = Topic::channel(index(), &name("a"));
    let at = |seconds| start + Duration::from_secs(seconds);
    for ticket in 1..=5 {
        recall.note_event(&topic, &relayed(ticket), at(10 * ticket));
    }
    assert_eq!(missed(&recall, 0, 300, at(50)), [1, 2, 3, 4, 5]);
    assert_eq!(
        missed(&recall, 3, 300, at(50)),
        [4, 5],
        "later than the last heard"
    );
    // With two seconds in which it was on its way.
    assert_eq!(
        missed(&recall, 0, 18, at(50)),
        [3, 4, 5],
        "when it was deaf"
    );
    assert_eq!(missed(&recall, 0, 17, at(50)), [4, 5]);
    // What did not reach Redis is said again, and counts from then on.
    recall.note_event(&topic, &relayed(4), at(60));
    assert_eq!(missed(&recall, 0, 0, at(60)), [4]);
    recall.note_event(&topic, &relayed(6), at(81));
    assert_eq!(missed(&recall, 0, 300, at(81)), [3, 4, 5, 6]);
}

#[test]
fn a_termination_is_said_again_to_whom_has_not_heard_it() {
    let (mut recall, start) = (Recall::default(), Instant::now());
    let user: Arc<str> = Arc::from("7");
    for sequence in [3, 5] {
        recall.note_termination((index(), &user), sequence, start);
    }
    let missed = |sequence, deaf, seconds| {
        let back = Back {
            sequence,
            ..back(9, deaf)
        };
        let missed = recall.missed(&back, start + Duration::from_secs(seconds));
        missed.terminations.len()
    };
    assert_eq!([0, 3, 4, 5].map(|last| missed(last, 1, 1)), [2, 1, 1, 0]);
    assert_eq!([3, 4].map(|seconds| missed(0, 1, seconds)), [2, 0]);
    for sequence in 6..=1006 {
        recall.note_termination((index(), &user), sequence, start);
    }
    let missed = recall.missed(&back(0, 0), start);
    assert_eq!((missed.terminations.len(), missed.forgotten), (1000, 3));
}

#[test]
fn what_finds_no_room_is_forgotten_and_counted() {
    /// Of `recall.rs`.
    const MOST: u64 = 10_000;
    let (mut recall, now) = (Recall::default(), Instant::now());
    let topic = Topic::channel(index(), &name("a"));
    for ticket in 1..=MOST {
        recall.note_event(&topic, &relayed(ticket), now);
    }
    assert_eq!(recall.missed(&back(0, 0), now).forgotten, 0);
    for ticket in MOST + 1..=MOST + 7 {
        recall.note_event(&topic, &relayed(ticket), now);
    }
    let missed = recall.missed(&back(2, 0), now);
    assert_eq!((missed.forgotten, missed.events.len() as u64), (7, MOST));
    let later = now + Duration::from_secs(20);
    assert_eq!(recall.missed(&back(2, 1), later).forgotten, 0);
    let mut heavy = Recall::default();
    for ticket in 1..=5 {
        let mut event = relayed(ticket);
        event.message = Bytes::from(vec![b'x'; 6 << 20]);
        heavy.note_event(&topic, &event, now);
    }
    let missed = heavy.missed(&back(0, 0), now);
    assert_eq!((missed.forgotten, missed.events.len()), (3, 2));
}
