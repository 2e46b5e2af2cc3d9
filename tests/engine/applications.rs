//! Applications that come, change and go while the server runs.

use std::time::Duration;

use reverb::engine::{Application, ApplicationIndex, Applications};
use serde_json::json;

use crate::stage::{Stage, application};

fn named(id: &str, key: &str) -> Application {
    Application::new(id, key, "secret")
}

#[test]
fn one_that_comes_later_is_found_by_its_names_and_leaves_the_others_their_indices() {
    let known = Applications::new(vec![named("1", "one")]);
    let first = known.by_id("1").expect("the first");
    let second = known.put(named("2", "two")).expect("room");
    assert_ne!(first, second);
    assert_eq!(
        (known.by_key("two"), known.by_id("2")),
        (Some(second), Some(second))
    );
    assert_eq!(
        (known.by_key("one"), known.by_id("1")),
        (Some(first), Some(first))
    );
    assert_eq!(known.application(second).key, "two");
    assert_eq!(
        known.indices().collect::<Vec<ApplicationIndex>>(),
        [first, second]
    );
}

#[test]
fn new_settings_take_the_place_of_the_old_ones() {
    let known = Applications::new(vec![named("1", "old")]);
    let index = known.by_id("1").expect("it");
    let mut renewed = named("1", "new");
    renewed.secret = "another".to_owned();
    assert_eq!(known.put(renewed), Ok(index));
    assert_eq!(
        (known.by_key("old"), known.by_key("new")),
        (None, Some(index))
    );
    assert_eq!(known.application(index).secret, "another");
}

#[test]
fn one_that_goes_is_not_found_and_gets_its_index_back_when_it_returns() {
    let known = Applications::new(vec![named("1", "one"), named("2", "two")]);
    let index = known.by_id("1").expect("it");
    known.remove("1");
    known.remove("nobody");
    assert_eq!((known.by_key("one"), known.by_id("1")), (None, None));
    assert_eq!(
        known.application(index).id,
        "1",
        "its connections are still there"
    );
    assert!(known.by_id("2").is_some());
    assert_eq!(known.put(named("1", "one")), Ok(index));
    assert_eq!(
        (known.by_key("one"), known.by_id("1")),
        (Some(index), Some(index))
    );
}

#[test]
fn a_key_belongs_to_whom_it_was_given_last() {
    let known = Applications::new(vec![named("1", "key")]);
    let heir = known.put(named("2", "key")).expect("room");
    assert_eq!(known.by_key("key"), Some(heir));
    known.remove("1");
    assert_eq!(
        known.by_key("key"),
        Some(heir),
        "the first one's end is not its own"
    );
}

#[test]
fn there_are_only_so_many() {
    let names = (1..Applications::MOST).map(|number| number.to_string());
    let known = Applications::new(names.map(|name| named(&name, &name)).collect());
    assert!(known.put(named("last", "last")).is_ok());
    assert!(known.put(named("more", "more")).is_err());
    assert!(
        known.put(named("7", "renewed")).is_ok(),
        "a known one may change"
    );
}

#[test]
fn who_looks_first_at_an_expired_one_is_told_so() {
    let known = Applications::new(vec![named("1", "one")]);
    let index = known.by_id("1").expect("it");
    assert!(
        !known.is_expired(index, u64::MAX - 1, 0),
        "it never does by itself"
    );
    known.expire_at(index, 100);
    assert!(!known.is_expired(index, 99, 150));
    assert!(known.is_expired(index, 100, 150));
    assert!(!known.is_expired(index, 149, 200));
    assert!(known.is_expired(index, 150, 200));
}

#[test]
fn connections_of_one_that_changes_stay_and_have_the_new_settings() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    let mut changed = application();
    changed.key = "another".to_owned();
    changed.max_message_size = 7;
    changed.max_connections = Some(1);
    changed.ping_interval = Duration::from_secs(1);
    let index = stage.engine.applications().put(changed).expect("it");
    assert_eq!(stage.engine.applications().connections(index), 1);
    assert_eq!(stage.max_message_size(&ada), 7);
    stage
        .connect_as(0, "another", None)
        .expect_error(4004, "Application is over connection quota");
    stage.wait(Duration::from_secs(1));
    ada.expect(json!({"event": "pusher:ping"}));
}

#[test]
fn connections_of_one_that_goes_stay_and_nobody_follows() {
    let mut stage = Stage::new(1, application());
    let mut ada = stage.connect(0);
    stage.send(&ada, &ada.subscribe("news"));
    ada.events();
    let index = stage.engine.applications().by_id("1").expect("it");
    stage.engine.applications().remove("1");
    stage
        .connect_as(0, "key", None)
        .expect_error(4001, "Application does not exist");
    stage.send(&ada, &json!({"event": "pusher:ping"}));
    ada.expect(json!({"event": "pusher:pong"}));
    stage.hang_up(&ada);
    assert_eq!(stage.engine.applications().connections(index), 0);
}
