//! A presence channel that everybody joins at once: how long until all know all?

use std::time::Instant;

use memchr::memmem;

use crate::{
    context::{Clock, Context, Host, Sample, Subject},
    failure::Failure,
    load::{Channel, Incoming, ended, said},
    report::{Goal, Row},
};

/// Begins a user id; five digits follow.
const MARK: &[u8] = b"m-";

pub(super) fn run(context: &Context) -> Result<Vec<Row>, Failure> {
    let mut rows = measure(context, 1000, 1.0)?;
    if !context.quick {
        rows.extend(measure(context, 2000, 4.0)?);
    }
    Ok(rows)
}

fn measure(context: &Context, members: usize, most: f64) -> Result<Vec<Row>, Failure> {
    let samples = context.interleave(&[Subject::Tested], |subject| {
        join(&context.host(*subject)?, members)
    })?;
    let goals = [
        ("time", "s", Goal::AtMost(most)),
        ("cpu", "CPU µs per joint", Goal::None),
    ];
    Ok(goals
        .map(|(figure, unit, goal)| Row {
            measure: format!("presence, until {members} know all"),
            unit,
            value: samples[0].get(figure),
            plain: None,
            goal,
        })
        .into())
}

fn join(host: &Host, members: usize) -> Result<Sample, Failure> {
    let mut crowd = host.crowd()?;
    let keys = crowd.open(members)?;
    let channel = Channel::new("presence-bench", &host.credentials);
    let requests = keys.iter().enumerate().map(|(number, key)| {
        let member = format!(r#"{{"user_id":"m-{number:05}","user_info":{{"name":"Ada"}}}}"#);
        channel.subscribe(crowd.links.socket_id(*key), Some(&member))
    });
    let requests: Vec<_> = requests.collect();
    let mut known = Known::new(members);
    let clock = Clock::start(host);
    let begin = Instant::now();
    for (key, request) in keys.iter().zip(&requests) {
        crowd.links.send(*key, request)?;
    }
    crowd.until("joining", |_, key, incoming| match incoming {
        Incoming::Text(text) => known.learn(key, text),
        Incoming::End => Err(ended()),
        Incoming::Greeting | Incoming::Answer(_) => Ok(false),
    })?;
    let time = begin.elapsed().as_secs_f64();
    Ok(clock.sample(host, members as u64).with("time", time))
}

/// Who knows whom.
struct Known {
    members: usize,
    /// By key of the link, a bit per member.
    bits: Vec<Vec<bool>>,
    counts: Vec<usize>,
    complete: usize,
}

impl Known {
    fn new(members: usize) -> Self {
        Self {
            members,
            bits: vec![vec![false; members]; members],
            counts: vec![0; members],
            complete: 0,
        }
    }

    /// Takes a message; whether everybody knows everybody with it.
    fn learn(&mut self, key: usize, text: &[u8]) -> Result<bool, Failure> {
        let event = &text[..text.len().min(64)];
        if memmem::find(event, b"member_added").is_some() {
            let member = ids(text).next().ok_or_else(|| said(text))?;
            if !self.note(key, member) {
                return Err(Failure::Frame(format!("{key} heard of {member} twice")));
            }
        } else if memmem::find(event, b"subscription_succeeded").is_some() {
            for member in ids(text) {
                self.note(key, member);
            }
        } else {
            return Err(said(text));
        }
        Ok(self.complete == self.members)
    }

    /// Whether that was news.
    fn note(&mut self, key: usize, member: usize) -> bool {
        let is_news = !std::mem::replace(&mut self.bits[key][member], true);
        if is_news {
            self.counts[key] += 1;
            self.complete += usize::from(self.counts[key] == self.members);
        }
        is_news
    }
}

fn ids(text: &[u8]) -> impl Iterator<Item = usize> {
    memmem::find_iter(text, MARK).filter_map(|start| {
        let digits = text.get(start + MARK.len()..start + MARK.len() + 5)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    })
}
