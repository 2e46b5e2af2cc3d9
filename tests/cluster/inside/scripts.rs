//! Each script on a real Redis.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::timeout;

use super::{
    ids,
    node::{LEASE, Node, PATIENCE, name, node, parts, settings},
    redis::Redis,
};
use crate::{
    cluster::{
        broker::Outcome,
        coordinator::{Command, Input, Message},
        ears::News,
    },
    engine::cluster::{Answer, Kept, NodeId, Part, Question, Relayed, Version},
    protocol::ChannelName,
};

#[test]
fn who_attaches_learns_what_the_others_have() {
    let redis = Redis::start();
    let (mut one, mut two, mut three) = (
        Node::new(&redis, 1),
        Node::new(&redis, 2),
        Node::new(&redis, 3),
    );
    let (snapshot, holder) = one.attach("presence-a", 2, &["ada", "bob"]);
    assert_eq!((parts(&snapshot), holder), (vec![], node(1)), "alone");
    let (snapshot, holder) = two.attach("presence-a", 1, &["eve"]);
    assert_eq!(parts(&snapshot), [(1, 2, vec!["ada", "bob"])]);
    assert_eq!(holder, node(1), "the holder must be waited for");
    let (snapshot, _) = one.attach("presence-b", 1, &[]);
    assert_eq!(parts(&snapshot), [], "another channel");
    one.change("presence-a", 1, &["zoe"], &["ada"]);
    two.tell(Command::Detach {
        topic: two.topic("presence-a"),
        version: Version::default(),
    });
    // Both have been carried out once their nodes have asked for something behind them.
    assert_eq!(one.admit(0, 1, 9) + two.admit(0, 1, 9), 2);
    let (snapshot, _) = three.attach("presence-a", 1, &[]);
    assert_eq!(parts(&snapshot), [(1, 1, vec!["bob", "zoe"])]);
}

#[test]
fn a_change_is_told_as_it_is_made() {
    let redis = Redis::start();
    let (mut one, mut two) = (Node::new(&redis, 1), Node::new(&redis, 2));
    let topic = two.topic("presence-a");
    two.listen(&topic);
    one.attach("presence-a", 1, &["ada"]);
    one.change("presence-a", 2, &["bob"], &["ada"]);
    one.tell(Command::Share {
        topic: one.topic("presence-a"),
    });
    one.tell(Command::Detach {
        topic: one.topic("presence-a"),
        version: Version::default(),
    });
    assert_eq!(one.admit(0, 1, 9), 1);
    let heard: Vec<String> = (0..4)
        .map(|_| {
            let (from, message) = two.hear_message();
            assert_eq!(Some(from), node(1));
            match message {
                Message::Attached(_, part) => {
                    format!("{} {:?}", part.subscriptions, ids(&part.members))
                }
                Message::Changed(_, change) => {
                    format!("{} +{:?}", change.subscriptions, ids(&change.joined))
                }
                Message::Shared => "shared".to_owned(),
                Message::Detached(_) => "detached".to_owned(),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert_eq!(heard, ["1 [\"ada\"]", "2 +[\"bob\"]", "shared", "detached"]);
}

#[test]
fn only_one_node_holds_a_channel_and_only_while_it_is_alone() {
    let redis = Redis::start();
    let (mut one, mut two) = (Node::new(&redis, 1), Node::new(&redis, 2));
    one.attach("a", 1, &[]);
    assert!(one.claim("a"), "it holds it already");
    assert!(!two.claim("a"));
    let (_, holder) = two.attach("a", 1, &[]);
    assert_eq!(holder, node(1));
    one.tell(Command::Share {
        topic: one.topic("a"),
    });
    assert!(!one.claim("a"), "not while another one is there");
    two.tell(Command::Detach {
        topic: two.topic("a"),
        version: Version::default(),
    });
    assert_eq!(two.admit(0, 1, 9), 1);
    assert!(one.claim("a"));
    let (_, holder) = two.attach("a", 1, &[]);
    assert_eq!(holder, node(1));
}

#[test]
fn a_large_part_is_told_whole() {
    let redis = Redis::start();
    let (mut one, mut two) = (Node::new(&redis, 1), Node::new(&redis, 2));
    let users: Vec<String> = (0..5000).map(|number| format!("u{number:05}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    one.attach("presence-a", users.len(), &users);
    let (snapshot, _) = two.attach("presence-a", 1, &[]);
    assert_eq!(parts(&snapshot), [(1, 5000, users.clone())]);
    one.change("presence-a", 1, &[], &users[1..]);
    assert_eq!(one.admit(0, 1, 9), 1);
    let (snapshot, _) = two.attach("presence-a", 1, &[]);
    assert_eq!(parts(&snapshot), [(1, 1, vec!["u00000"])]);
}

#[test]
fn an_event_is_numbered_and_kept_for_its_time() {
    let redis = Redis::start();
    let (mut one, mut two) = (Node::new(&redis, 1), Node::new(&redis, 2));
    let topic = two.topic("cache-a");
    two.listen(&topic);
    let mut versions = Vec::new();
    for (ticket, text) in [(1, "first"), (2, "second")] {
        one.tell(Command::Publish {
            topic: one.topic("cache-a"),
            event: Relayed {
                message: Bytes::from_static(text.as_bytes()),
                except: None,
                kept_for: Some(Duration::from_secs(600)),
                ticket,
            },
        });
        assert_eq!(one.admit(0, 1, 9), 1);
        match two.hear_message() {
            (
                _,
                Message::Event {
                    message,
                    kept: Some(kept),
                    ..
                },
            ) => {
                assert_eq!(
                    (&*message, &*kept.message),
                    (text.as_bytes(), text.as_bytes())
                );
                versions.push(kept.version);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(versions[0] < versions[1]);
    let (snapshot, _) = two.attach("cache-a", 1, &[]);
    let kept = snapshot.kept.expect("an event");
    assert_eq!(
        (&*kept.message, kept.version),
        (&b"second"[..], versions[1])
    );
    assert!(
        kept.remaining > Duration::from_secs(500) && kept.remaining <= Duration::from_secs(600)
    );
}

#[test]
fn what_redis_has_forgotten_a_node_brings_back() {
    let redis = Redis::start();
    let (mut one, mut two) = (Node::new(&redis, 1), Node::new(&redis, 2));
    let kept = |text: &'static str, version| Kept {
        message: Bytes::from_static(text.as_bytes()),
        version,
        remaining: Duration::from_secs(60),
    };
    let (snapshot, _) = one.attach_keeping("cache-a", 1, &[], Some(kept("mine", 7)));
    assert_eq!(
        snapshot.kept.map(|kept| (kept.message, kept.version)),
        Some(("mine".into(), 7))
    );
    for (text, version, expected) in [("earlier", 6, "mine"), ("later", 8, "later")] {
        let (snapshot, _) =
            two.attach_keeping("cache-a", version, &[], Some(kept(text, version as u64)));
        assert_eq!(
            snapshot.kept.map(|kept| kept.message),
            Some(expected.into())
        );
    }
}

#[test]
fn events_and_terminations_reach_whom_they_concern() {
    let redis = Redis::start();
    let (mut one, mut two) = (Node::new(&redis, 1), Node::new(&redis, 2));
    let topic = two.topic("a");
    two.listen(&topic);
    for (ticket, channel, text) in [(1, "b", "elsewhere"), (2, "a", "here"), (2, "a", "again")] {
        one.tell(Command::Publish {
            topic: one.topic(channel),
            event: Relayed {
                message: Bytes::from_static(text.as_bytes()),
                except: None,
                kept_for: None,
                ticket,
            },
        });
    }
    let application = one.index();
    one.tell(Command::Terminate {
        application,
        user_id: "7".into(),
    });
    assert_eq!(one.admit(0, 1, 9), 1);
    assert!(matches!(two.hear_message().1, Message::Event { message, .. } if message == "here"));
    assert!(matches!(two.hear_message().1, Message::Terminate { user_id, .. } if &*user_id == "7"));
}

#[test]
fn connections_are_admitted_up_to_the_limit_of_all_nodes() {
    let redis = Redis::start();
    let (mut one, mut two) = (Node::new(&redis, 1), Node::new(&redis, 2));
    assert_eq!(one.admit(0, 3, 4), 3);
    assert_eq!(two.admit(0, 3, 4), 1);
    assert_eq!(one.admit(2, 3, 4), 1, "one has gone");
    assert_eq!(two.admit(1, 1, 4), 0);
    let application = one.index();
    let answer = one.question(Question::Connections(application));
    assert!(matches!(answer, Answer::Connections(1)));
}

#[test]
fn questions_are_answered_with_what_the_others_have() {
    let redis = Redis::start();
    let (mut one, mut two, mut three) = (
        Node::new(&redis, 1),
        Node::new(&redis, 2),
        Node::new(&redis, 3),
    );
    one.attach("presence-a", 2, &["ada", "bob"]);
    two.attach("presence-a", 3, &["bob", "eve"]);
    three.attach("presence-a", 1, &["own"]);
    one.attach("b", 5, &[]);
    let application = three.index();
    let wanted = vec![name("presence-a"), name("none"), name("b")];
    let Answer::Channels(mut found) = three.question(Question::Channels(application, wanted))
    else {
        panic!("no channels");
    };
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let figures =
        |found: &[(ChannelName, crate::engine::Occupancy)]| -> Vec<(String, usize, usize)> {
            let figures = found
                .iter()
                .map(|(name, found)| (name.to_string(), found.subscriptions, found.users));
            figures.collect()
        };
    let expected = [("b".to_owned(), 5, 0), ("presence-a".to_owned(), 5, 3)];
    assert_eq!(figures(&found), expected);
    let Answer::Members(members) =
        three.question(Question::Members(application, name("presence-a")))
    else {
        panic!("no members");
    };
    assert_eq!(ids(&members), ["ada", "bob", "eve"]);
    for number in 0..1000 {
        one.attach(&format!("many-{number}"), 1, &[]);
    }
    let like = |prefix: &str| Question::ChannelsLike(application, prefix.to_owned());
    let Answer::Channels(found) = three.question(like("many-")) else {
        panic!("no channels");
    };
    assert_eq!(found.len(), 1000);
    let Answer::Channels(found) = three.question(like("presence-")) else {
        panic!("no channels");
    };
    assert_eq!(figures(&found), [("presence-a".to_owned(), 5, 3)]);
}

#[test]
fn a_node_whose_lease_ran_out_begins_anew_and_leaves_nothing_behind() {
    let redis = Redis::start();
    // Long enough for what is done at once, also on a busy machine.
    let short = settings(&redis, "reverb", Duration::from_secs(2));
    let mut two = Node::new(&redis, 2);
    let mut one = Node::with(&short, "s", 1);
    one.attach("presence-a", 1, &["ada"]);
    let began = Instant::now();
    loop {
        let Input::Beaten { alive } = two.ask(Command::Beat) else {
            panic!("no beat");
        };
        if alive == [NodeId::from_random(2)] {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the lease has not run out");
    }
    let (snapshot, holder) = two.attach("presence-a", 1, &[]);
    assert_eq!((parts(&snapshot), holder), (vec![], node(2)));
    let keys = redis.say(&["KEYS", "*:m:*"]);
    assert_eq!(keys, "", "the members of the dead node are gone");
    assert!(matches!(one.ask(Command::Beat), Input::Expired));
    let topic = one.topic("presence-a");
    let attach = Command::Attach {
        topic,
        version: Version::default(),
        part: Part::default(),
        kept: None,
    };
    assert!(matches!(one.ask(attach), Input::Expired));
    one.register(2);
    let (snapshot, holder) = one.attach("presence-a", 1, &[]);
    assert_eq!((parts(&snapshot), holder), (vec![(2, 1, vec![])], node(2)));
}

#[test]
fn who_leaves_is_gone_at_once_and_says_so() {
    let redis = Redis::start();
    let (mut one, mut two) = (Node::new(&redis, 1), Node::new(&redis, 2));
    for number in 0..2500 {
        one.attach(&format!("c-{number}"), 1, &[]);
    }
    one.broker.leave(&mut one.identity, Instant::now());
    let left = async {
        loop {
            while let Some(outcome) = one
                .broker
                .next(&mut one.identity, Instant::now())
                .expect("a reply")
            {
                if matches!(outcome, Outcome::Left) {
                    return;
                }
            }
            one.broker.progress().await.expect("a connection");
        }
    };
    one.runtime
        .block_on(async { timeout(PATIENCE, left).await })
        .expect("an end");
    assert!(matches!(two.hear(), News::Farewell));
    let Input::Beaten { alive } = two.ask(Command::Beat) else {
        panic!("no beat");
    };
    assert_eq!(alive, [NodeId::from_random(2)]);
    let keys = redis.say(&["KEYS", "*"]);
    let mut keys: Vec<&str> = keys.lines().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["{reverb}:generations", "{reverb}:nodes"]);
}

#[test]
fn installations_on_one_redis_do_not_hear_each_other() {
    let redis = Redis::start();
    let mut one = Node::new(&redis, 1);
    let mut elsewhere = Node::with(&settings(&redis, "other", LEASE), "s", 2);
    let mut stranger = Node::with(&settings(&redis, "reverb", LEASE), "another secret", 3);
    let mut companion = Node::new(&redis, 4);
    for node in [&mut elsewhere, &mut stranger, &mut companion] {
        let topic = node.topic("a");
        node.listen(&topic);
    }
    one.attach("a", 1, &["ada"]);
    for (node, id) in [(&mut elsewhere, 2), (&mut stranger, 3)] {
        let (snapshot, holder) = node.attach("a", 1, &[]);
        assert_eq!(
            (parts(&snapshot), holder),
            (vec![], Some(NodeId::from_random(id)))
        );
        // The first that it hears is what it has said itself.
        assert_eq!(node.hear_message().0, NodeId::from_random(id));
    }
    assert_eq!(companion.hear_message().0, NodeId::from_random(1));
    let (snapshot, _) = companion.attach("a", 1, &[]);
    assert_eq!(parts(&snapshot), [(1, 1, vec!["ada"])]);
}
