//! What is published, and the books about who received it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use memchr::memchr;

use super::link::said;
use crate::failure::Failure;

/// Begins and ends what tells one event from another: `~PP:SSSSSSSSSS~`.
const MARK: u8 = b'~';
const MARK_LENGTH: usize = 15;

/// Latencies are counted by the microsecond up to here.
const LONGEST: usize = 2_000_000;

/// The data of events of one size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) size: usize,
}

impl Text {
    /// The data of a publisher's event.
    pub(crate) fn data(self, publisher: usize, sequence: usize) -> String {
        let padding = "x".repeat(self.size - MARK_LENGTH);
        format!("~{publisher:02}:{sequence:010}~{padding}")
    }
}

/// Who has had which event, and when.
///
/// An event that comes twice, too early, not at all or in another shape is a failure.
pub(crate) struct Ledger {
    /// By key of the link, then by publisher: how many events it has had.
    received: Vec<Vec<usize>>,
    publishers: Vec<Flow>,
    /// The message with the mark cut out, by which all others are compared.
    template: Option<(Vec<u8>, Vec<u8>)>,
    /// Deliveries so far.
    pub(crate) deliveries: u64,
    latencies: Vec<u32>,
}

/// The events of one publisher.
#[derive(Default)]
struct Flow {
    published: usize,
    /// How many deliveries each event lacks and when it was published, the oldest first.
    missing: VecDeque<(usize, Instant)>,
    completed: usize,
}

impl Ledger {
    pub(crate) fn new(publishers: usize) -> Self {
        Self {
            received: Vec::new(),
            publishers: (0..publishers).map(|_| Flow::default()).collect(),
            template: None,
            deliveries: 0,
            latencies: vec![0; LONGEST],
        }
    }

    /// Notes that an event is about to be published to so many, and returns its number.
    pub(crate) fn publish(&mut self, publisher: usize, recipients: usize, now: Instant) -> usize {
        let flow = &mut self.publishers[publisher];
        flow.published += 1;
        flow.missing.push_back((recipients, now));
        flow.published - 1
    }

    /// How many events were published.
    pub(crate) fn published(&self) -> usize {
        self.publishers.iter().map(|flow| flow.published).sum()
    }

    /// Notes a delivery; the publisher whose event is complete with it.
    pub(crate) fn deliver(
        &mut self,
        link: usize,
        message: &[u8],
        now: Instant,
    ) -> Result<Option<usize>, Failure> {
        let (publisher, sequence) = self.recognise(message)?;
        if self.received.len() <= link {
            self.received.resize_with(link + 1, Vec::new);
        }
        let received = &mut self.received[link];
        if received.is_empty() {
            received.resize(self.publishers.len(), 0);
        }
        if received[publisher] != sequence {
            let expected = received[publisher];
            return Err(Failure::Frame(format!(
                "connection {link} got event {sequence} of publisher {publisher} in place of {expected}"
            )));
        }
        received[publisher] += 1;
        self.deliveries += 1;
        let flow = &mut self.publishers[publisher];
        let unknown = || Failure::Frame(format!("event {sequence} came more often than published"));
        let place = sequence.checked_sub(flow.completed).ok_or_else(unknown)?;
        let (missing, since) = flow.missing.get_mut(place).ok_or_else(unknown)?;
        *missing = missing.checked_sub(1).ok_or_else(unknown)?;
        let latency = now.duration_since(*since).as_micros() as usize;
        self.latencies[latency.min(LONGEST - 1)] += 1;
        let is_complete = *missing == 0;
        while flow
            .missing
            .front()
            .is_some_and(|(missing, _)| *missing == 0)
        {
            flow.missing.pop_front();
            flow.completed += 1;
        }
        Ok(is_complete.then_some(publisher))
    }

    /// Whether everybody has had everything.
    pub(crate) fn is_settled(&self) -> bool {
        self.publishers.iter().all(|flow| flow.missing.is_empty())
    }

    /// Forgets latencies and deliveries, but not what is on its way.
    pub(crate) fn begin(&mut self) {
        self.latencies.fill(0);
        self.deliveries = 0;
    }

    /// The latency that this share of deliveries does not exceed.
    pub(crate) fn latency(&self, share: f64) -> Duration {
        let all: u64 = self.latencies.iter().map(|count| u64::from(*count)).sum();
        let wanted = (all as f64 * share).ceil() as u64;
        let mut seen = 0;
        let reaches = |count: &u32| {
            seen += u64::from(*count);
            seen >= wanted
        };
        let micros = self.latencies.iter().position(reaches).unwrap_or(0);
        Duration::from_micros(micros as u64)
    }

    /// Publisher and number of an event, if the message is byte by byte what all others are.
    fn recognise(&mut self, message: &[u8]) -> Result<(usize, usize), Failure> {
        let (before, after) = match &self.template {
            Some(template) => template,
            None => self
                .template
                .insert(template(message).ok_or_else(|| said(message))?),
        };
        let rest = message.strip_prefix(before.as_slice());
        rest.and_then(|rest| rest.strip_suffix(after.as_slice()))
            .and_then(mark)
            .filter(|(publisher, _)| *publisher < self.publishers.len())
            .ok_or_else(|| {
                Failure::Frame(format!(
                    "not an event: {}",
                    String::from_utf8_lossy(message)
                ))
            })
    }
}

fn template(message: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let start = memchr(MARK, message)?;
    let end = start + MARK_LENGTH;
    mark(message.get(start..end)?)?;
    Some((message[..start].to_vec(), message[end..].to_vec()))
}

fn mark(mark: &[u8]) -> Option<(usize, usize)> {
    let digits = mark.strip_prefix(b"~")?.strip_suffix(b"~")?;
    let (publisher, sequence) = (digits.get(..2)?, digits.get(3..)?);
    Some((number(publisher)?, number(sequence)?))
}

fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + usize::from(digit - b'0'))
    })
}
