//! Events that wait for company, where the operator wants them to.

use std::time::Duration;

use crate::stage::{Client, Stage, application};

const COALESCE: Duration = Duration::from_micros(500);
const ALMOST: Duration = Duration::from_micros(499);
const REST: Duration = Duration::from_micros(1);

fn subscribed(stage: &mut Stage, channels: &[&str]) -> Client {
    let mut client = stage.connect(0);
    for channel in channels {
        stage.send(&client, &client.subscribe(channel));
    }
    client.events();
    client
}

#[test]
fn events_of_a_channel_wait_for_company_and_share_a_send() {
    let mut stage = Stage::coalescing(1, COALESCE);
    let mut ada = subscribed(&mut stage, &["news"]);
    let (start, before) = (stage.now, ada.sends());
    stage.publish(&["news"], "first", None);
    stage.settle();
    assert_eq!(stage.next_sweep(0), Some(start + COALESCE));
    stage.wait(ALMOST);
    stage.publish(&["news"], "second", None);
    stage.settle();
    ada.expect_nothing();
    stage.wait(REST);
    assert_eq!(ada.events(), ["first", "second"]);
    assert_eq!(ada.sends(), before + 1);
    assert_eq!(stage.next_sweep(0), None);
}

#[test]
fn without_the_setting_nothing_waits() {
    let mut stage = Stage::new(1, application());
    let mut ada = subscribed(&mut stage, &["news"]);
    stage.publish(&["news"], "E", None);
    stage.settle();
    assert_eq!(ada.events(), ["E"]);
    assert_eq!(stage.next_sweep(0), None);
}

#[test]
fn an_event_amid_a_sweep_goes_with_the_sockets_ahead_and_waits_for_the_others() {
    let mut stage = Stage::coalescing(1, COALESCE);
    let mut ada = subscribed(&mut stage, &["news"]);
    let mut bob = subscribed(&mut stage, &["news"]);
    stage.publish(&["news"], "first", None);
    stage.settle();
    stage.pass(COALESCE);
    assert!(stage.sweep_one(0), "bob is still to come");
    stage.publish(&["news"], "second", None);
    stage.settle();
    assert_eq!(ada.events(), ["first"]);
    assert_eq!(bob.events(), ["first", "second"]);
    stage.wait(COALESCE);
    assert_eq!(ada.events(), ["second"]);
    bob.expect_nothing();
}

#[test]
fn events_of_several_channels_keep_their_order_and_none_is_lost() {
    let mut stage = Stage::coalescing(2, COALESCE);
    let mut ada = subscribed(&mut stage, &["a", "b", "c"]);
    let mut bob = subscribed(&mut stage, &["c", "a", "b"]);
    let names: Vec<String> = (0..300).map(|number| format!("E{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        stage.publish(&[["a", "b", "c"][number % 3]], name, None);
        if number % 7 == 0 {
            stage.wait(Duration::from_micros(number as u64));
        }
    }
    stage.wait(COALESCE);
    assert_eq!(ada.events(), names);
    assert_eq!(bob.events(), names);
}

#[test]
fn an_answer_does_not_wait() {
    let mut stage = Stage::coalescing(1, COALESCE);
    let mut ada = subscribed(&mut stage, &["news"]);
    stage.publish(&["news"], "E", None);
    stage.settle();
    stage.send(&ada, &ada.subscribe("other"));
    assert!(
        ada.events()
            .contains(&"pusher_internal:subscription_succeeded".to_owned())
    );
    stage.wait(COALESCE);
    assert_eq!(ada.events(), ["E"]);
}

#[test]
fn a_channel_that_loses_its_subscribers_waits_no_more() {
    let mut stage = Stage::coalescing(1, COALESCE);
    let ada = subscribed(&mut stage, &["news"]);
    stage.publish(&["news"], "E", None);
    stage.settle();
    stage.hang_up(&ada);
    assert_eq!(stage.next_sweep(0), None);
    let mut bob = subscribed(&mut stage, &["news"]);
    stage.wait(COALESCE);
    bob.expect_nothing();
}

#[test]
fn a_full_log_waits_for_nobody() {
    const MOST_LOGGED: usize = 4096;
    let mut stage = Stage::coalescing(1, COALESCE);
    let mut ada = subscribed(&mut stage, &["news"]);
    for _ in 0..MOST_LOGGED {
        stage.publish(&["news"], "E", None);
    }
    stage.settle();
    assert_eq!(ada.events().len(), MOST_LOGGED);
}
