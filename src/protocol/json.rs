//! JSON text of our own values.

use serde::Serialize;

/// The JSON text of a value.
///
/// # Panics
/// If the value is a map with keys that are no strings; no type of ours is.
#[must_use]
#[allow(
    clippy::expect_used,
    reason = "memory takes all bytes and our maps have string keys"
)]
pub fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a value of ours is JSON")
}
