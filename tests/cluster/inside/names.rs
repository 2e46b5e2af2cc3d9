//! What applications are called in Redis.

use super::{application, engine};
use crate::cluster::{names::Names, seal::Seal};

#[test]
fn an_application_whose_secret_changes_is_called_otherwise_and_that_is_told_once() {
    let engine = engine("old");
    let mut names = Names::new("{reverb}:".to_owned());
    let index = engine.applications().by_id("1").expect("an application");
    let old = names.seal(&engine, index).tag();
    assert_eq!(names.application(&engine, old), Some(index));
    assert!(!names.have_changed());
    let renewed = application("1", "new");
    let new = Seal::new(&renewed).tag();
    engine.applications().put(renewed).expect("room");
    assert!(names.seal(&engine, index).tag() == new && new != old);
    assert_eq!(names.application(&engine, new), Some(index));
    assert_eq!(names.application(&engine, old), None);
    assert!(names.have_changed());
    assert!(!names.have_changed());
    // Other settings change nothing of it.
    let mut widened = application("1", "new");
    widened.max_message_size += 1;
    engine.applications().put(widened).expect("room");
    assert!(names.seal(&engine, index).tag() == new);
    assert!(!names.have_changed());
}
