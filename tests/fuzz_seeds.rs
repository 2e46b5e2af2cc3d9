//! The fuzz targets over their committed seeds, and over random variations of them.
//!
//! So a plain test run looks at everything that the fuzzer ever found; `fuzz/src/lib.rs` says how
//! to look for more.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{fs, path::Path};

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "there it is a crate")]
mod targets;

/// Variations of each seed; the fuzzer itself makes millions.
const VARIATIONS: u64 = 50;

#[allow(clippy::print_stdout, reason = "only of a test that fails is it shown")]
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 10, "{target} has its seeds");
    for path in paths {
        println!("{}", path.display());
        let seed = fs::read(path).unwrap();
        run(&seed);
        for number in 1..=VARIATIONS {
            let variation = vary(&seed, number);
            println!("{number}: {:?}", variation.escape_ascii().to_string());
            run(&variation);
        }
    }
}

/// A few bytes changed, left out or doubled; the same for the same number.
fn vary(seed: &[u8], number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % below.max(1)
    };
    let mut varied = seed.to_vec();
    for _ in 0..=random(4) {
        let place = random(varied.len());
        match random(4) {
            0 if !varied.is_empty() => varied[place] = random(256) as u8,
            1 if !varied.is_empty() => varied[place] ^= 1 << random(8),
            2 => varied.truncate(place),
            _ => varied.extend_from_within(place..),
        }
    }
    varied
}

#[test]
fn frames() {
    replay("frames", targets::frames::run);
}

#[test]
fn messages() {
    replay("messages", targets::messages::run);
}

#[test]
fn http() {
    replay("http", targets::http::run);
}

#[test]
fn channels() {
    replay("channels", targets::channels::run);
}
