//! A discrete-event simulation: workers with a core each, and the locks they share.
//!
//! A worker runs a script of steps. A lock serves in the order of asking; whoever takes it after
//! another one pays for its cache line, and while it is held by one the others wait.

use std::{cmp::Reverse, collections::BinaryHeap, collections::VecDeque};

/// Nanoseconds; whole, so that equal times are equal.
pub(super) type Time = u64;

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Uses the worker's core.
    Work(Time),
    Acquire(usize),
    Release(usize),
    /// Puts a task into the inbox of a worker, and notes whether it must be woken.
    Push(usize),
    /// Pays for those that were noted since the last time.
    Wake,
    /// So many of what is measured are done.
    Done(u64),
}

/// What is simulated.
pub(super) trait Scenario {
    /// What a worker does next; nothing has it sleep until there is a task for it.
    fn next(&mut self, worker: usize, world: &mut World, script: &mut VecDeque<Step>);
}

/// What the workers know of each other.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Tasks in each inbox.
    pub(super) inboxes: Vec<u64>,
}

/// What things cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Costs {
    /// To take a cache line from another core.
    pub(super) transfer: Time,
    /// To wake a sleeping worker.
    pub(super) wake: Time,
}

#[derive(Default)]
struct Lock {
    holder: Option<usize>,
    last: Option<usize>,
    waiting: VecDeque<usize>,
    since: Time,
    held: Time,
}

#[derive(Default)]
struct Actor {
    script: VecDeque<Step>,
    is_asleep: bool,
    /// Workers that it still has to wake.
    wakes: u64,
    worked: Time,
}

/// What came of a simulation.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// Of what is measured, per second.
    pub(super) rate: f64,
    /// The share of the time for which the workers' cores worked.
    pub(super) cores: f64,
    /// The same for the busiest lock, with its number.
    pub(super) lock: f64,
    pub(super) busiest: usize,
}

pub(super) struct Simulation<S> {
    scenario: S,
    costs: Costs,
    world: World,
    locks: Vec<Lock>,
    actors: Vec<Actor>,
    /// Who goes on when.
    agenda: BinaryHeap<Reverse<(Time, usize)>>,
    done: u64,
}

impl<S: Scenario> Simulation<S> {
    pub(super) fn new(scenario: S, costs: Costs, workers: usize, locks: usize) -> Self {
        Self {
            scenario,
            costs,
            world: World {
                inboxes: vec![0; workers],
            },
            locks: (0..locks).map(|_| Lock::default()).collect(),
            actors: (0..workers).map(|_| Actor::default()).collect(),
            // Not all at the same moment, as no two threads start at once.
            agenda: (0..workers)
                .map(|worker| Reverse((worker as Time * 97, worker)))
                .collect(),
            done: 0,
        }
    }

    /// Runs until so much is done, everybody sleeps, or this time is over.
    pub(super) fn run(mut self, most: u64, limit: Time) -> Outcome {
        let mut now = 0;
        while self.done < most
            && let Some(Reverse((time, worker))) = self.agenda.pop()
            && time < limit
        {
            now = time;
            self.go_on(worker, time);
        }
        self.outcome(now.max(1))
    }

    /// Takes the steps of a worker until one takes time.
    fn go_on(&mut self, worker: usize, now: Time) {
        loop {
            let Some(step) = self.actors[worker].script.pop_front() else {
                let script = &mut self.actors[worker].script;
                self.scenario.next(worker, &mut self.world, script);
                if script.is_empty() {
                    self.actors[worker].is_asleep = true;
                    return;
                }
                continue;
            };
            let lasts = match step {
                Step::Work(time) => time,
                Step::Acquire(lock) => match self.acquire(worker, lock, now) {
                    Some(time) => time,
                    None => return,
                },
                Step::Release(lock) => {
                    self.release(lock, now);
                    0
                }
                Step::Push(to) => {
                    self.push(worker, to, now);
                    0
                }
                Step::Wake => std::mem::take(&mut self.actors[worker].wakes) * self.costs.wake,
                Step::Done(count) => {
                    self.done += count;
                    0
                }
            };
            if lasts > 0 {
                self.actors[worker].worked += lasts;
                self.agenda.push(Reverse((now + lasts, worker)));
                return;
            }
        }
    }

    /// What it costs to have the lock now; none if another one has it.
    fn acquire(&mut self, worker: usize, index: usize, now: Time) -> Option<Time> {
        let transfer = self.costs.transfer;
        let lock = &mut self.locks[index];
        if lock.holder.is_some() {
            lock.waiting.push_back(worker);
            return None;
        }
        lock.holder = Some(worker);
        lock.since = now;
        let was_another = lock.last.replace(worker).is_some_and(|last| last != worker);
        Some(if was_another { transfer } else { 0 })
    }

    fn release(&mut self, index: usize, now: Time) {
        let transfer = self.costs.transfer;
        let lock = &mut self.locks[index];
        lock.held += now - lock.since;
        lock.holder = lock.waiting.pop_front();
        if let Some(next) = lock.holder {
            lock.since = now;
            lock.last = Some(next);
            self.agenda.push(Reverse((now + transfer, next)));
        }
    }

    fn push(&mut self, worker: usize, to: usize, now: Time) {
        self.world.inboxes[to] += 1;
        if !std::mem::take(&mut self.actors[to].is_asleep) {
            return;
        }
        self.agenda.push(Reverse((now + self.costs.wake, to)));
        self.actors[worker].wakes += 1;
    }

    fn outcome(&self, time: Time) -> Outcome {
        let share = |part: Time| part as f64 / time as f64;
        let locks = self.locks.iter().enumerate();
        let busiest = locks
            .max_by_key(|(_, lock)| lock.held)
            .map(|(index, _)| index);
        let busiest = busiest.unwrap_or(0);
        let worked: Time = self.actors.iter().map(|actor| actor.worked).sum();
        Outcome {
            rate: self.done as f64 / time as f64 * 1e9,
            cores: share(worked) / self.actors.len() as f64,
            lock: self.locks.get(busiest).map_or(0.0, |lock| share(lock.held)),
            busiest,
        }
    }
}
