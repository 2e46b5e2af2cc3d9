//! What the parts of the engine cost, measured one by one: the figures that the simulation works with.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use mio::{Poll, Token, Waker};

use super::{
    simulation::Time,
    stage::{Stage, join, name},
};
use crate::{
    context::{Context, Subject},
    failure::Failure,
    machine,
    measures::{come_and_go, publish_over_http, reach_a_thousand},
    report,
};

/// Nanoseconds each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Service {
    /// A cache line from another core of a large machine.
    pub(super) transfer: Time,
    /// The same between the two cores here, which are often two threads of one.
    pub(super) near: Time,
    /// `write(2)` to the `eventfd` of a worker that sleeps.
    pub(super) wake: Time,
    /// Looking a channel up, as a publish without subscribers does: all of it counts as the time
    /// for which its shard is locked, although hashing the name comes before.
    pub(super) look_up: Time,
    /// Encoding an event.
    pub(super) encode: Time,
    /// Pushing it into one more inbox.
    pub(super) push: Time,
    /// Taking it out, and finding the channel.
    pub(super) take: Time,
    /// A reference to one more member; under the shard's lock, to one more part of the list.
    pub(super) list: Time,
    /// Joining a presence channel, and more for each member that is there.
    pub(super) join: Time,
    pub(super) join_each: Time,
    /// A signed HTTP request, kernel and all.
    pub(super) request: Time,
    /// An event at one subscriber, kernel and all, while events share sends.
    pub(super) delivery: Time,
    /// A connection that comes, subscribes and goes.
    pub(super) cycle: Time,
}

/// Between chiplets of today's servers it takes 100 to 200 ns, within one a quarter of that.
const FAR: Time = 150;

/// How often each is done for a figure; the best of several rounds counts, as whatever disturbs
/// makes it longer.
const TIMES: u32 = 2000;
const ROUNDS: usize = 15;

impl Service {
    pub(super) fn measure(context: &Context) -> Result<Self, Failure> {
        let (encode, push, take) = pushes()?;
        let (join, join_each) = joins()?;
        let cpu = |sample: crate::context::Sample| {
            sample.get("cpu").map_or(0, |micros| (micros * 1e3) as Time)
        };
        let host = || context.host(Subject::Tested);
        Ok(Self {
            transfer: FAR,
            near: transfer(&context.machine.cores),
            wake: wake()?,
            look_up: look_up()?,
            encode,
            push,
            take,
            list: list()?,
            join,
            join_each,
            request: cpu(publish_over_http(&host()?, context.window())?),
            delivery: cpu(reach_a_thousand(context, &host()?)?),
            cycle: cpu(come_and_go(&host()?, context.window())?),
        })
    }

    pub(super) fn tell(&self) -> Result<(), Failure> {
        report::say(&format!(
            "service times, ns: cache line of another core here {} (simulated: {}), wake {}; publish: look up {}, encode {}, push {}, take {}; \
             presence: list {} a member, join {} and {} a member",
            self.near,
            self.transfer,
            self.wake,
            self.look_up,
            self.encode,
            self.push,
            self.take,
            self.list,
            self.join,
            self.join_each
        ))?;
        report::say(&format!(
            "with the kernel, ns of CPU: signed HTTP publish {}, delivery {}, connect and subscribe and close {}",
            self.request, self.delivery, self.cycle
        ))
    }
}

/// Nanoseconds for each of so many, in the best round.
fn best(times: u32, mut round: impl FnMut()) -> Time {
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        round();
        least = least.min(begin.elapsed());
    }
    (least.as_nanos() / u128::from(times)) as Time
}

/// Two cores take a line from each other in turn. With one core there is nobody to take it from.
fn transfer(cores: &[usize]) -> Time {
    const TURNS: usize = 10_000;
    let [one, other, ..] = cores else {
        return 0;
    };
    let cores = [*one, *other];
    (0..ROUNDS)
        .map(|_| ping_pong(cores, TURNS))
        .min()
        .unwrap_or(0)
}

/// What a turn takes, of so many.
fn ping_pong(cores: [usize; 2], turns: usize) -> Time {
    let line = AtomicUsize::new(0);
    let play = |own: usize| {
        machine::pin(&cores[own..=own]);
        let begin = Instant::now();
        let mut next = own;
        while next < turns {
            if line.load(Ordering::Acquire) == next {
                line.store(next + 1, Ordering::Release);
                next += 2;
            } else {
                std::hint::spin_loop();
            }
        }
        begin.elapsed()
    };
    let took = thread::scope(|scope| {
        let first = scope.spawn(|| play(0));
        scope.spawn(|| play(1));
        first.join().unwrap_or_default()
    });
    // Each turn moves the line once for the look and once for the write; the two overlap.
    (took.as_nanos() / turns as u128) as Time
}

fn wake() -> Result<Time, Failure> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), Token(0))?;
    Ok(best(TIMES, || {
        for _ in 0..TIMES {
            let _ = waker.wake();
        }
    }))
}

fn look_up() -> Result<Time, Failure> {
    let mut stage = Stage::new(2)?;
    stage.subscribe(1, "another");
    let nobody = name("nobody-is-here")?;
    Ok(best(TIMES, || {
        for _ in 0..TIMES {
            stage.workers[0].publish(&nobody, DATA);
        }
    }))
}

pub(crate) const DATA: &str = "{\"text\":\"about two hundred bytes, as in the other measures: \
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}";

/// Encoding, one more push, and one taking, from publishes to one and to many workers.
fn pushes() -> Result<(Time, Time, Time), Failure> {
    /// Few, so that inboxes stay as short as they mostly are.
    const EVENTS: u32 = 50;
    const MANY: u64 = 32;
    let hot = name("hot")?;
    let cost = |workers: usize| -> Result<(Time, Time), Failure> {
        let mut stage = Stage::new(workers)?;
        stage.subscribe(1, "hot");
        let (mut publish, mut take) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS * 10 {
            let begin = Instant::now();
            for _ in 0..EVENTS {
                stage.workers[0].publish(&hot, DATA);
            }
            publish = publish.min(begin.elapsed());
            let begin = Instant::now();
            stage.settle();
            take = take.min(begin.elapsed());
        }
        let each = |time: Duration| (time.as_nanos() / u128::from(EVENTS)) as Time;
        Ok((each(publish), each(take) / workers as Time))
    };
    let (one, _) = cost(1)?;
    let (many, take) = cost(1 + MANY as usize)?;
    let push = many.saturating_sub(one) / MANY;
    let encode = one.saturating_sub(push + 2 * look_up()?);
    Ok((encode, push, take))
}

const MEMBERS: u64 = 1000;

fn presence(members: u64) -> Result<Stage, Failure> {
    let mut stage = Stage::new(2)?;
    for member in 0..members {
        let player = &mut stage.workers[0];
        let (key, socket_id) = player.connect();
        player.say(key, &join(socket_id, "presence-bench", member));
    }
    stage.settle();
    Ok(stage)
}

fn list() -> Result<Time, Failure> {
    let stage = presence(MEMBERS)?;
    let channel = name("presence-bench")?;
    let application = stage.workers[0].application;
    let times = 20;
    let time = best(times, || {
        for _ in 0..times {
            std::hint::black_box(stage.engine.members(application, &channel));
        }
    });
    Ok(time / MEMBERS)
}

/// A join with nobody there, and more for each member.
fn joins() -> Result<(Time, Time), Failure> {
    let cost = |members: u64| -> Result<Time, Failure> {
        let mut stage = presence(members)?;
        let mut least = Duration::MAX;
        for newcomer in 0..50 {
            let player = &mut stage.workers[1];
            let (key, socket_id) = player.connect();
            let request = join(socket_id, "presence-bench", members + newcomer);
            let begin = Instant::now();
            player.say(key, &request);
            least = least.min(begin.elapsed());
            player.worker.remove(key);
            stage.settle();
        }
        Ok(least.as_nanos() as Time)
    };
    let empty = cost(1)?;
    Ok((empty, cost(MEMBERS)?.saturating_sub(empty) / MEMBERS))
}
