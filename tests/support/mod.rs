//! A running server and those who talk to it, so that a test reads like the dialogue on the wire.
//!
//! Each wait has a deadline, which only a failing test reaches.

pub(crate) mod client;
pub(crate) mod http;
pub(crate) mod server;

use std::{
    fmt::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use sha2::Sha256;

/// When a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Lower-case hexadecimal HMAC-SHA256, by the crate and not by the code under test.
pub(crate) fn sign(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hexadecimal(&mac.finalize().into_bytes())
}

/// Lower-case hexadecimal MD5.
pub(crate) fn md5(bytes: &[u8]) -> String {
    hexadecimal(&Md5::digest(bytes))
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A message as a value, in which a text of JSON in `data` is a value too, and still marked as text.
pub(crate) fn message(text: &str) -> Value {
    let mut message: Value = serde_json::from_str(text).unwrap();
    if let Some(Value::String(data)) = message.get("data") {
        let data: Value = serde_json::from_str(data).unwrap_or_else(|_| json!(data));
        message["data"] = json!({ "text": data });
    }
    message
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    bytes
        .iter()
        .for_each(|byte| write!(text, "{byte:02x}").unwrap());
    text
}

/// What this process, the server included, has in memory.
pub(crate) fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    resident * 4096
}
