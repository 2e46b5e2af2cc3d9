//! Events on their way: some publishers, many subscribers, and the ledger between them.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::{
    context::{Clock, Host, Sample},
    failure::Failure,
    load::{Channel, Crowd, Incoming, Ledger, Links, PATIENCE, Publisher, Text, Way, ended, said},
};

/// How long to run before figures count.
const WARM_UP: Duration = Duration::from_millis(200);

/// A channel full of subscribers and those who publish to it.
pub(super) struct Flight {
    crowd: Crowd,
    pub(super) subscribers: Vec<usize>,
    traffic: Traffic,
}

/// What changes with each event.
struct Traffic {
    ledger: Ledger,
    publishers: Vec<Publisher>,
    /// What the event of each publisher still waits for: deliveries, and the answer.
    pending: Vec<Pending>,
    text: Text,
    recipients: usize,
    /// Whether a publisher whose event has arrived everywhere publishes the next.
    goes_on: bool,
    now: Instant,
    last_link: usize,
}

#[derive(Clone, Copy, Default)]
struct Pending {
    deliveries: bool,
    answers: usize,
}

/// How a flight is set up.
#[derive(Clone, Copy)]
pub(super) struct Plan<'p> {
    pub(super) channel: &'p str,
    pub(super) subscribers: usize,
    pub(super) publishers: usize,
    pub(super) way: Way,
    pub(super) size: usize,
}

impl Flight {
    pub(super) fn prepare(host: &Host, plan: Plan<'_>) -> Result<Self, Failure> {
        Self::prepare_across((host, host.address), plan)
    }

    /// Subscribers at one server, and those who publish over HTTP at another.
    pub(super) fn prepare_across(
        (host, entrance): (&Host, SocketAddr),
        plan: Plan<'_>,
    ) -> Result<Self, Failure> {
        let mut crowd = host.crowd()?;
        let channel = Channel::new(plan.channel, &host.credentials);
        let subscribers = crowd.subscribe(plan.subscribers, &channel)?;
        let links = match plan.way {
            Way::Client => subscribers[..plan.publishers].to_vec(),
            Way::Plain => crowd.open(plan.publishers)?,
            Way::Http => (0..plan.publishers)
                .map(|_| crowd.links.dial_http_at(entrance))
                .collect::<Result<_, _>>()?,
        };
        let server = (entrance, &host.credentials);
        let publishers: Vec<_> = links
            .into_iter()
            .map(|link| Publisher::new(plan.way, link, plan.channel, server))
            .collect();
        let is_excepted = plan.way == Way::Client;
        Ok(Self {
            traffic: Traffic {
                ledger: Ledger::new(publishers.len()),
                pending: vec![Pending::default(); publishers.len()],
                publishers,
                text: Text { size: plan.size },
                recipients: plan.subscribers - usize::from(is_excepted),
                goes_on: false,
                now: Instant::now(),
                last_link: usize::MAX,
            },
            crowd,
            subscribers,
        })
    }

    /// How many events were published so far.
    pub(super) fn published(&self) -> usize {
        self.traffic.ledger.published()
    }

    /// Some subscribers stop reading; they are no recipients any more.
    pub(super) fn neglect(&mut self, count: usize) -> Result<(), Failure> {
        for key in self.subscribers.drain(..count) {
            self.crowd.links.neglect(key)?;
        }
        self.traffic.recipients -= count;
        Ok(())
    }

    /// Full speed: each publisher has one event on its way, all the time.
    pub(super) fn at_full_speed(
        &mut self,
        host: &Host,
        length: Duration,
    ) -> Result<Sample, Failure> {
        self.traffic.goes_on = true;
        for publisher in 0..self.traffic.publishers.len() {
            self.traffic.publish(&mut self.crowd.links, publisher)?;
        }
        self.turns(WARM_UP)?;
        self.traffic.ledger.begin();
        let clock = Clock::start(host);
        self.turns(length)?;
        let sample = self.sample(&clock, host);
        self.traffic.goes_on = false;
        self.settle()?;
        Ok(sample)
    }

    /// An event every `interval`, whatever becomes of the earlier ones.
    pub(super) fn at_intervals(
        &mut self,
        host: &Host,
        interval: Duration,
        length: Duration,
    ) -> Result<Sample, Failure> {
        self.publish_every(interval, WARM_UP)?;
        self.settle()?;
        self.traffic.ledger.begin();
        let clock = Clock::start(host);
        self.publish_every(interval, length)?;
        self.settle()?;
        Ok(self.sample(&clock, host))
    }

    fn publish_every(&mut self, interval: Duration, length: Duration) -> Result<(), Failure> {
        let begin = Instant::now();
        let mut due = begin;
        while due < begin + length {
            self.traffic.publish(&mut self.crowd.links, 0)?;
            due += interval;
            while let Some(rest) = due.checked_duration_since(Instant::now()) {
                self.turn(rest)?;
            }
        }
        Ok(())
    }

    fn sample(&self, clock: &Clock, host: &Host) -> Sample {
        let ledger = &self.traffic.ledger;
        clock
            .sample(host, ledger.deliveries)
            .with("p50", ledger.latency(0.5).as_secs_f64() * 1e3)
            .with("p99", ledger.latency(0.99).as_secs_f64() * 1e3)
    }

    fn turns(&mut self, length: Duration) -> Result<(), Failure> {
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.turn(Duration::from_millis(20))?;
        }
        Ok(())
    }

    /// Waits until everything that was published has arrived.
    fn settle(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        while !self.traffic.is_settled() {
            if Instant::now() > deadline {
                return Err(Failure::Frame("some never came".to_owned()));
            }
            self.turn(Duration::from_millis(20))?;
        }
        Ok(())
    }

    fn turn(&mut self, timeout: Duration) -> Result<(), Failure> {
        let traffic = &mut self.traffic;
        traffic.last_link = usize::MAX;
        self.crowd.turn(timeout, &mut |links, key, incoming| {
            traffic.take(links, key, &incoming)
        })
    }
}

impl Traffic {
    fn publish(&mut self, links: &mut Links, index: usize) -> Result<(), Failure> {
        let publisher = &self.publishers[index];
        let pending = &mut self.pending[index];
        pending.deliveries = true;
        pending.answers += usize::from(publisher.is_answered());
        let sequence = self.ledger.publish(index, self.recipients, Instant::now());
        publisher.publish(links, &self.text.data(index, sequence))
    }

    fn take(
        &mut self,
        links: &mut Links,
        key: usize,
        incoming: &Incoming<'_>,
    ) -> Result<(), Failure> {
        let index = match incoming {
            Incoming::Text(text) => {
                if key != self.last_link {
                    self.last_link = key;
                    self.now = Instant::now();
                }
                let Some(index) = self.ledger.deliver(key, text, self.now)? else {
                    return Ok(());
                };
                self.pending[index].deliveries = false;
                index
            }
            Incoming::Answer(200) => {
                let is_own = |publisher: &Publisher| publisher.link == key;
                let Some(index) = self.publishers.iter().position(is_own) else {
                    return Ok(());
                };
                self.pending[index].answers -= 1;
                index
            }
            Incoming::Answer(status) => return Err(said(format!("HTTP {status}").as_bytes())),
            Incoming::End => return Err(ended()),
            Incoming::Greeting => return Ok(()),
        };
        if self.goes_on && !self.pending[index].deliveries && self.pending[index].answers == 0 {
            self.publish(links, index)?;
        }
        Ok(())
    }

    fn is_settled(&self) -> bool {
        self.ledger.is_settled() && self.pending.iter().all(|pending| pending.answers == 0)
    }
}
