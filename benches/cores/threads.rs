//! The real engine with as many threads as asked for, on the cores that there are.
//!
//! With more threads than cores it is not faster, but it shows what the locks are like when their
//! holders lose their core, and that nothing is lost or left asleep.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use reverb::engine::Contention;

use super::stage::{Player, Stage, join, name};
use crate::{failure::Failure, machine};

/// What the threads do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Play {
    /// All publish to one channel, in which each has so many subscribers.
    Hot(usize),
    /// Each publishes to channels of others, of which it knows this many.
    Many(usize),
    /// All publish to channels without subscribers.
    Nobody,
    /// Each connects, subscribes to one channel and goes.
    Cycles,
    /// This many members in all join one presence channel.
    Joins(usize),
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) rate: f64,
    pub(super) done: u64,
    pub(super) contention: Contention,
}

const CHANNELS: usize = 1000;

/// Plays for this long, or until it is over.
pub(super) fn play(
    (play, threads): (Play, usize),
    cores: &[usize],
    length: Duration,
) -> Result<Outcome, Failure> {
    let mut stage = Stage::new(threads)?;
    prepare(&mut stage, play);
    let before = stage.engine.contention();
    let (done, barrier, left) = (
        AtomicU64::new(0),
        Barrier::new(threads),
        AtomicUsize::new(threads),
    );
    let players = std::mem::take(&mut stage.workers);
    let begin = thread::scope(|scope| {
        let running: Vec<_> = players
            .into_iter()
            .enumerate()
            .map(|(index, player)| {
                let (done, barrier, left) = (&done, &barrier, &left);
                scope.spawn(move || {
                    machine::pin(&cores[index % cores.len()..][..1]);
                    player.bell.hang();
                    barrier.wait();
                    let begin = Instant::now();
                    let mut turn = Turn {
                        player,
                        index,
                        threads,
                        count: 0,
                    };
                    let outcome = turn.run(play, begin + length);
                    done.fetch_add(turn.count, Ordering::Relaxed);
                    left.fetch_sub(1, Ordering::AcqRel);
                    // What others still publish must not fill an inbox that nobody empties.
                    while left.load(Ordering::Acquire) > 0 {
                        turn.player.settle();
                        thread::yield_now();
                    }
                    outcome.map(|()| begin)
                })
            })
            .collect();
        let begins = running.into_iter().map(|thread| match thread.join() {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Server("a thread panicked".to_owned())),
        });
        begins.collect::<Result<Vec<_>, _>>()
    })?;
    let elapsed = begin.iter().min().map_or(length, Instant::elapsed);
    let done = done.into_inner();
    let after = stage.engine.contention();
    Ok(Outcome {
        rate: done as f64 / elapsed.as_secs_f64(),
        done,
        contention: Contention {
            directory_waits: after.directory_waits - before.directory_waits,
            inbox_waits: after.inbox_waits - before.inbox_waits,
            user_waits: after.user_waits - before.user_waits,
            wakes: after.wakes - before.wakes,
            ..after
        },
    })
}

fn prepare(stage: &mut Stage, play: Play) {
    match play {
        Play::Hot(subscribers) => stage.subscribe(subscribers, "hot"),
        Play::Many(channels) => {
            for (index, player) in stage.workers.iter_mut().enumerate() {
                for number in 0..channels {
                    player.subscribe(&own(index, number));
                }
            }
            stage.settle();
        }
        Play::Nobody | Play::Cycles | Play::Joins(_) => {}
    }
}

/// The name of a channel that a worker has a subscriber of.
fn own(worker: usize, number: usize) -> String {
    format!("bench-{worker}-{number}")
}

struct Turn {
    player: Player,
    index: usize,
    threads: usize,
    count: u64,
}

impl Turn {
    fn run(&mut self, play: Play, end: Instant) -> Result<(), Failure> {
        match play {
            Play::Hot(_) => self.publish(&[name("hot")?], end),
            Play::Nobody => {
                let names = (0..CHANNELS).map(|number| name(&format!("nobody-{number}")));
                self.publish(&names.collect::<Result<Vec<_>, _>>()?, end);
            }
            Play::Many(channels) => {
                let others = (0..channels).map(|number| {
                    let other = (self.index + 1 + number) % self.threads;
                    name(&own(other, number))
                });
                self.publish(&others.collect::<Result<Vec<_>, _>>()?, end);
            }
            Play::Cycles => self.cycle(end),
            Play::Joins(members) => self.join(members),
        }
        Ok(())
    }

    fn publish(&mut self, channels: &[reverb::protocol::ChannelName], end: Instant) {
        /// Events between two looks at the inbox and the clock.
        const BURST: usize = 16;
        let mut next = self.index;
        while Instant::now() < end {
            self.player.settle();
            if self.player.is_congested() {
                thread::yield_now();
                continue;
            }
            for _ in 0..BURST {
                next = (next + 1) % channels.len();
                self.player.publish(&channels[next], super::service::DATA);
            }
            self.count += BURST as u64;
        }
    }

    fn cycle(&mut self, end: Instant) {
        while Instant::now() < end {
            let key = self.player.subscribe("hot");
            self.player.worker.remove(key);
            self.player.settle();
            self.count += 1;
        }
    }

    fn join(&mut self, members: usize) {
        for member in (self.index..members).step_by(self.threads) {
            let (key, socket_id) = self.player.connect();
            let request = join(socket_id, "presence-bench", member as u64);
            self.player.say(key, &request);
            self.player.settle();
            self.count += 1;
        }
    }
}
