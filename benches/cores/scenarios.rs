//! What the workers do in the simulation, each as fast as it can.

use std::collections::VecDeque;

use super::{
    service::Service,
    simulation::{Scenario, Step, Time, World},
};

/// From here on publishers wait: `Inbox::CONGESTED`.
const CONGESTED: u64 = 4096;

/// The server's shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) workers: usize,
    pub(super) shards: usize,
}

impl Shape {
    /// Four shards per worker, as `Shards::new` makes them.
    pub(super) fn of(workers: usize) -> Self {
        Self {
            workers,
            shards: (4 * workers).max(64).next_power_of_two(),
        }
    }

    /// Inboxes come first, then the shards, then what there is once.
    pub(super) fn locks(self) -> usize {
        self.workers + self.shards + 1
    }

    fn inbox(worker: usize) -> usize {
        worker
    }

    fn shard(self, number: u64) -> usize {
        self.workers + (number % self.shards as u64) as usize
    }

    /// The number of an application's connections.
    fn counter(self) -> usize {
        self.workers + self.shards
    }

    pub(super) fn name(self, lock: usize) -> &'static str {
        if lock < self.workers {
            "an inbox"
        } else if lock == self.counter() {
            "the connection counter"
        } else {
            "a shard"
        }
    }
}

/// Pseudo-random numbers, the same in each run (xorshift).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }
}

/// Publishes over HTTP to channels with some subscribers on each worker, or on one.
pub(super) struct Publishes {
    pub(super) shape: Shape,
    pub(super) service: Service,
    pub(super) spread: Spread,
    pub(super) chance: Chance,
}

/// Which channels there are, and who subscribes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// One channel, with so many subscribers on each worker; events are counted.
    Hot(u64),
    /// Many channels with one subscriber each.
    Many,
    /// Many channels, nobody there.
    Nobody,
}

impl Scenario for Publishes {
    fn next(&mut self, worker: usize, world: &mut World, script: &mut VecDeque<Step>) {
        let tasks = std::mem::take(&mut world.inboxes[worker]);
        if tasks > 0 {
            self.deliver(worker, tasks, script);
        }
        if world.inboxes.iter().all(|tasks| *tasks < CONGESTED) {
            script.push_back(Step::Work(self.service.request));
            self.publish(script);
            script.push_back(Step::Done(1));
        }
    }
}

impl Publishes {
    fn deliver(&self, worker: usize, tasks: u64, script: &mut VecDeque<Step>) {
        let each = match self.spread {
            Spread::Hot(subscribers) => subscribers,
            Spread::Many => 1,
            Spread::Nobody => 0,
        };
        script.extend([
            Step::Acquire(Shape::inbox(worker)),
            Step::Work(self.service.take * tasks / 2),
            Step::Release(Shape::inbox(worker)),
            // The tasks' own lines come from whoever wrote them.
            Step::Work((self.service.take / 2 + self.service.transfer) * tasks),
            Step::Work(self.service.delivery * each * tasks),
        ]);
    }

    fn publish(&mut self, script: &mut VecDeque<Step>) {
        let service = self.service;
        let shard = match self.spread {
            Spread::Hot(_) => self.shape.shard(0),
            Spread::Many | Spread::Nobody => self.shape.shard(self.chance.next()),
        };
        // The look before anything is encoded.
        script.extend(held(shard, service.look_up));
        let workers = self.shape.workers as u64;
        let recipients = match self.spread {
            Spread::Hot(_) => 0..workers,
            Spread::Many => {
                let one = self.chance.next() % workers;
                one..one + 1
            }
            Spread::Nobody => return,
        };
        script.extend([
            Step::Work(service.encode),
            Step::Acquire(shard),
            Step::Work(service.look_up),
        ]);
        for recipient in recipients {
            let inbox = Shape::inbox(recipient as usize);
            script.extend([
                Step::Acquire(inbox),
                // The place in the queue was last read by the worker.
                Step::Work(service.push + service.transfer),
                Step::Push(recipient as usize),
                Step::Release(inbox),
            ]);
        }
        script.extend([Step::Release(shard), Step::Wake]);
    }
}

/// Few events for many workers: a few publish to one channel, and the others sleep in between.
pub(super) struct Quiet {
    pub(super) shape: Shape,
    pub(super) service: Service,
}

impl Scenario for Quiet {
    fn next(&mut self, worker: usize, world: &mut World, script: &mut VecDeque<Step>) {
        let mut publishes = Publishes {
            shape: self.shape,
            service: Service {
                request: 0,
                delivery: 0,
                ..self.service
            },
            spread: Spread::Hot(1),
            chance: Chance::new(),
        };
        let tasks = std::mem::take(&mut world.inboxes[worker]);
        if tasks > 0 {
            publishes.deliver(worker, tasks, script);
        }
        if worker < PUBLISHERS {
            publishes.publish(script);
            script.push_back(Step::Done(1));
        }
    }
}

/// Workers that publish while the others sleep.
const PUBLISHERS: usize = 4;

/// Connections that come, subscribe to one channel and go.
pub(super) struct Cycles {
    pub(super) shape: Shape,
    pub(super) service: Service,
    /// How many cache lines' time a change of the connection counter takes.
    pub(super) counting: Time,
}

impl Scenario for Cycles {
    fn next(&mut self, _: usize, _: &mut World, script: &mut VecDeque<Step>) {
        let Service {
            cycle,
            look_up,
            transfer,
            ..
        } = self.service;
        for _ in 0..2 {
            script.push_back(Step::Work(cycle / 2));
            script.extend(held(self.shape.counter(), self.counting * transfer));
            script.extend(held(self.shape.shard(0), look_up));
        }
        script.push_back(Step::Done(1));
    }
}

/// Members that join one presence channel, until all know all; joins are counted.
pub(super) struct Joins {
    shape: Shape,
    service: Service,
    joined: u64,
    /// How many members each worker has, and how many are still to join there.
    present: Vec<u64>,
    absent: Vec<u64>,
}

impl Joins {
    pub(super) fn new(shape: Shape, service: Service, members: u64) -> Self {
        let workers = shape.workers as u64;
        let share = |worker| (members + workers - 1 - worker) / workers;
        Self {
            shape,
            service,
            joined: 0,
            present: vec![0; shape.workers],
            absent: (0..workers).map(share).collect(),
        }
    }
}

impl Scenario for Joins {
    fn next(&mut self, worker: usize, world: &mut World, script: &mut VecDeque<Step>) {
        let service = self.service;
        let tasks = std::mem::take(&mut world.inboxes[worker]);
        if tasks > 0 {
            let told = tasks * self.present[worker];
            script.extend(held(Shape::inbox(worker), service.take * tasks));
            script.push_back(Step::Work(ANNOUNCEMENT * told));
        }
        if self.absent[worker] == 0 {
            return;
        }
        self.absent[worker] -= 1;
        self.present[worker] += 1;
        self.joined += 1;
        let shard = self.shape.shard(0);
        // References to the parts of the list, and a copy of the last part, which is half full.
        let references = self.joined / PART + PART / 2;
        script.extend([
            Step::Work(service.join),
            Step::Acquire(shard),
            Step::Work(service.look_up + (service.list + service.transfer) * references),
        ]);
        for other in (0..self.shape.workers).filter(|other| self.present[*other] > 0) {
            script.extend([
                Step::Acquire(Shape::inbox(other)),
                Step::Work(service.push + service.transfer),
                Step::Push(other),
                Step::Release(Shape::inbox(other)),
            ]);
        }
        script.extend([
            Step::Release(shard),
            Step::Wake,
            Step::Work(service.join_each * self.joined + service.delivery),
            Step::Done(1),
        ]);
    }
}

/// Members that a newcomer's list has in one part: `MemberList`.
const PART: u64 = 32;

/// Telling a member of another one, kernel and all: a crowd's announcements share sends, and the
/// measure `presence` comes to a quarter of a microsecond.
const ANNOUNCEMENT: Time = 250;

fn held(lock: usize, time: Time) -> [Step; 3] {
    [Step::Acquire(lock), Step::Work(time), Step::Release(lock)]
}
