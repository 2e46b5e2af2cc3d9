//! Plays `tests/transcripts/*.txt` against a running server: who says what, and what is heard.
//!
//! A transcript is the wire, literally: whoever wants to know what a client or a caller of the HTTP
//! API sees, finds its text there. `tests/README.md` explains the lines; `transcripts/play.rs` plays
//! them, `transcripts/catalogue.rs` checks that no error is missing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may panic and say where, in its helpers too"
)]

#[path = "support/mod.rs"]
#[allow(dead_code, reason = "the tests of the server use the rest")]
mod support;

#[path = "transcripts/catalogue.rs"]
mod catalogue;
#[path = "transcripts/play.rs"]
mod play;
#[path = "transcripts/script.rs"]
mod script;

use std::{fs, path::Path};

use script::Script;

/// All transcripts, by their file names.
fn scripts() -> Vec<(String, Script)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut scripts: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "txt"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let script = Script::parse(&fs::read_to_string(&path).unwrap());
            (name, script)
        })
        .collect();
    scripts.sort_by(|(one, _), (other, _)| one.cmp(other));
    scripts
}

#[test]
fn every_transcript_is_played() {
    for (name, script) in scripts() {
        play::play(&name, &script);
    }
}
