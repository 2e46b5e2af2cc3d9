//! Several nodes without Redis: real engines, workers and coordinators around a model of the broker,
//! driven in random order.
//!
//! A run is a seed: `CLUSTER_SEED=7 cargo test --no-default-features --test engine cluster` repeats
//! the one that failed.

mod broker;
mod chance;
mod client;
mod node;
mod pieces;
mod runs;
mod world;
