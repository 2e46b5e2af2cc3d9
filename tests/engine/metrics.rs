//! The figures of each application.

use std::{sync::Arc, time::Duration};

use reverb::engine::ApplicationStats;

use crate::stage::{Stage, application};

impl Stage {
    fn figures(&mut self) -> Vec<(String, ApplicationStats)> {
        self.settle();
        self.wait(Duration::from_secs(1));
        self.engine.applications().stats().collect()
    }
}

fn figures(connections: usize, messages_received: u64, messages_sent: u64) -> ApplicationStats {
    ApplicationStats {
        connections,
        messages_received,
        messages_sent,
    }
}

#[test]
fn connections_are_those_of_now_and_messages_those_since_the_start() {
    let mut stage = Stage::new(2, application());
    let (ada, bob) = (stage.connect(0), stage.connect(1));
    // The greetings.
    assert_eq!(stage.figures(), [("1".to_owned(), figures(2, 0, 2))]);

    stage.send(&ada, &ada.subscribe("news"));
    stage.send(&bob, &bob.subscribe("news"));
    assert_eq!(stage.figures()[0].1, figures(2, 2, 4));

    stage.publish(&["news"], "posted", None);
    assert_eq!(stage.figures()[0].1, figures(2, 2, 6));

    stage.publish(&["news"], "posted", Some(ada.socket_id));
    stage.hang_up(&ada);
    assert_eq!(stage.figures()[0].1, figures(1, 2, 7));
}

#[test]
fn an_application_that_is_gone_is_told_of_while_somebody_is_connected() {
    let mut stage = Stage::new(1, application());
    let ada = stage.connect(0);
    stage.engine.applications().remove("1");
    assert_eq!(stage.figures(), [("1".to_owned(), figures(1, 0, 1))]);

    stage.hang_up(&ada);
    assert_eq!(stage.figures(), []);
}

#[test]
fn a_worker_tells_what_it_counted_before_it_waits_and_when_it_ends() {
    let mut stage = Stage::new(1, application());
    stage.connect(0);
    let engine = Arc::clone(&stage.engine);
    let sent = || {
        engine
            .applications()
            .stats()
            .map(|(_, stats)| stats.messages_sent)
            .sum::<u64>()
    };

    assert_eq!(sent(), 0);
    assert!(stage.fall_asleep(0));
    assert_eq!(sent(), 1);

    stage.connect(0);
    drop(stage);
    assert_eq!(sent(), 2);
}
