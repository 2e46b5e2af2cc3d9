//! What the fuzzer and `tests/fuzz_seeds.rs` run: each entrance of the server with any bytes.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run frames fuzz/corpus/frames fuzz/seeds/frames -- -max_total_time=600`
//! A fault that is found becomes a seed, so that every later test run looks at it again.

pub mod channels;
pub mod frames;
pub mod http;
pub mod messages;
