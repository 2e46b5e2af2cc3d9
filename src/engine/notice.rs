//! What the engine tells PHP: a bounded queue that PHP polls.
//!
//! Lines of `--debug` and events are made only if somebody wants them, and of the former only so
//! many a second, so that turning them on under load leaves PHP time for all else.

use std::{
    borrow::Cow,
    collections::VecDeque,
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::fd::{AsFd, BorrowedFd},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::{
    application::ApplicationIndex,
    event::{Event, EventKind, EventKinds, Subject},
};

/// Something that PHP writes down or dispatches.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A line of `--debug`: a title, and mostly the socket id or channel it is about.
    Info {
        /// One of Reverb's titles, such as `Connection Established`, or the text of an error.
        title: Cow<'static, str>,
        /// What it is about.
        message: String,
    },
    /// The text of a client's message, for `--debug`.
    Message(String),
    /// What went wrong with one connection or request, for `--debug`.
    Error(String),
    /// What the operator should know, always shown.
    Warning(String),
    /// What somebody in PHP listens to.
    Event(Event),
}

/// The queue of notices. When it is full, further ones are counted and dropped.
#[derive(Debug)]
pub struct Notices {
    debug: bool,
    events: EventKinds,
    /// Lines of `--debug` of this second, those that were not shown included.
    debugged: AtomicU64,
    /// Guards the notices that PHP has not polled yet. Rank 3: taken under the lock of a directory
    /// shard, so that events are told in the order in which they happened; nothing is taken under it.
    queue: Mutex<Queue>,
    reader: PipeReader,
    writer: PipeWriter,
}

#[derive(Debug, Default)]
struct Queue {
    notices: VecDeque<Notice>,
    dropped: u64,
    /// How many were dropped when it was last told, and when that was.
    told: (u64, Option<Instant>),
    /// Whether there is a byte in the pipe, never more than one: `!notices.is_empty() ⇒ is_rung`.
    is_rung: bool,
}

impl Notices {
    /// How many notices wait for PHP at the most.
    pub const CAPACITY: usize = 10_000;

    /// Warnings find room when nothing else does: so many more.
    const RESERVE: usize = 100;

    /// How many lines of `--debug` are shown of a second. PHP writes one in some 20 µs.
    pub const DEBUG_PER_SECOND: u64 = 1_000;

    /// How often it is told that notices were dropped.
    const REPORT_INTERVAL: Duration = Duration::from_secs(60);

    /// Makes a queue for these events; with `debug` also for the lines of `--debug`. Warnings are
    /// always told.
    ///
    /// # Errors
    /// If the system has no pipe left.
    pub fn new(debug: bool, events: EventKinds) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self {
            debug,
            events,
            debugged: AtomicU64::new(0),
            queue: Mutex::default(),
            reader,
            writer,
        })
    }

    /// Takes all notices, oldest first.
    pub fn drain(&self) -> Vec<Notice> {
        let mut queue = self.queue.lock();
        if std::mem::take(&mut queue.is_rung) {
            // The one byte that was written when it was not.
            let _one = (&self.reader).read(&mut [0]);
        }
        let notices = std::mem::take(&mut queue.notices);
        drop(queue);
        notices.into()
    }

    /// Readable while there is something to drain, and from a [`Notices::ring`] to the next drain.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// Makes PHP look after what it is asked apart from the notices.
    pub fn ring(&self) {
        self.ring_for(&mut self.queue.lock());
    }

    /// How many notices found the queue full.
    pub fn dropped(&self) -> u64 {
        self.queue.lock().dropped
    }

    /// Tells the operator.
    pub fn warn(&self, warning: String) {
        self.push(Notice::Warning(warning), Self::CAPACITY + Self::RESERVE);
    }

    /// Whether anybody reads the lines of `--debug`.
    pub fn wants_debug(&self) -> bool {
        self.debug
    }

    /// Tells a line of `--debug`; the notice is made only if somebody reads it, and not too many
    /// came before it.
    pub fn debug(&self, notice: impl FnOnce() -> Notice) {
        if self.debug && self.debugged.fetch_add(1, Relaxed) < Self::DEBUG_PER_SECOND {
            self.push(notice(), Self::CAPACITY);
        }
    }

    /// Says how many lines of `--debug` were not shown, and begins another second of them.
    pub fn report_hidden(&self) {
        let hidden = self
            .debugged
            .swap(0, Relaxed)
            .saturating_sub(Self::DEBUG_PER_SECOND);
        if hidden > 0 {
            let title = "Further Messages Not Shown".into();
            let message = hidden.to_string();
            self.push(Notice::Info { title, message }, Self::CAPACITY);
        }
    }

    /// The kinds of events that somebody listens to.
    pub fn events(&self) -> EventKinds {
        self.events
    }

    /// Tells that something happened; the subject is made only if somebody listens.
    pub(super) fn event(
        &self,
        application: ApplicationIndex,
        kind: EventKind,
        subject: impl FnOnce() -> Subject,
    ) {
        if self.events.contains(kind) {
            let event = Event {
                application,
                kind,
                subject: subject(),
            };
            self.push(Notice::Event(event), Self::CAPACITY);
        }
    }

    /// To be called once a second: says what was not shown, and warns of notices that were
    /// dropped, once a minute at the most.
    pub(super) fn tick(&self, now: Instant) {
        self.report_hidden();
        self.report_drops(now);
    }

    fn report_drops(&self, now: Instant) {
        let mut queue = self.queue.lock();
        let (told, at) = queue.told;
        let is_early = at.is_some_and(|at| now.duration_since(at) < Self::REPORT_INTERVAL);
        if queue.dropped == told || is_early {
            return;
        }
        let lost = queue.dropped - told;
        queue.told = (queue.dropped, Some(now));
        drop(queue);
        self.warn(format!(
            "{lost} notices for listeners and --debug were dropped: PHP takes longer over them than \
             they take to come. Let listeners be quick, or queue them."
        ));
    }

    fn push(&self, notice: Notice, capacity: usize) {
        let mut queue = self.queue.lock();
        if queue.notices.len() >= capacity {
            queue.dropped += 1;
            return;
        }
        queue.notices.push_back(notice);
        self.ring_for(&mut queue);
    }

    fn ring_for(&self, queue: &mut Queue) {
        if !std::mem::replace(&mut queue.is_rung, true) {
            // One byte at a time is in the pipe, so this neither blocks nor fails.
            let _one = (&self.writer).write(&[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{EventKind, EventKinds, Notice, Notices, Subject};
    use crate::{engine::application::ApplicationIndex, protocol::ChannelName};

    fn notices(debug: bool) -> Notices {
        Notices::new(debug, EventKinds::default()).expect("a pipe")
    }

    fn everything() -> EventKinds {
        EventKind::ALL.into_iter().map(|(kind, _)| kind).collect()
    }

    fn fill(notices: &Notices) {
        for _ in 0..Notices::CAPACITY + 3 {
            let name = ChannelName::parse("news").expect("a name");
            let kind = EventKind::ChannelCreated;
            notices.event(ApplicationIndex(0), kind, || Subject::Channel(name));
        }
    }

    fn last_warning(notices: &Notices) -> Option<String> {
        match notices.drain().pop() {
            Some(Notice::Warning(warning)) => Some(warning),
            _ => None,
        }
    }

    #[test]
    fn warnings_come_always_and_the_rest_with_debug_only() {
        for (debug, expected) in [(false, 1), (true, 2)] {
            let notices = notices(debug);
            notices.warn("careful".to_owned());
            notices.debug(|| Notice::Message("{}".to_owned()));
            assert_eq!(notices.drain().len(), expected);
            assert!(notices.drain().is_empty());
        }
    }

    #[test]
    fn events_come_if_somebody_listens_to_their_kind() {
        let kinds = [EventKind::ChannelCreated].into_iter().collect();
        let notices = Notices::new(false, kinds).expect("a pipe");
        for (kind, _) in EventKind::ALL {
            let name = ChannelName::parse("news").expect("a name");
            notices.event(ApplicationIndex(0), kind, || Subject::Channel(name));
        }
        let told = notices.drain();
        let [Notice::Event(event)] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(event.kind, EventKind::ChannelCreated);
    }

    #[test]
    fn what_finds_the_queue_full_is_counted_and_warnings_find_room() {
        let notices = Notices::new(false, everything()).expect("a pipe");
        fill(&notices);
        notices.warn("careful".to_owned());
        assert_eq!(notices.dropped(), 3);
        let told = notices.drain();
        assert_eq!(told.len(), Notices::CAPACITY + 1);
        assert!(matches!(told.last(), Some(Notice::Warning(_))));
    }

    #[test]
    fn of_each_second_so_many_lines_are_shown_and_the_rest_is_counted() {
        let notices = notices(true);
        for (lines, hidden) in [(1_000, None), (1_234, Some("234")), (5, None)] {
            for _ in 0..lines {
                notices.debug(|| Notice::Message(String::new()));
            }
            notices.tick(Instant::now());
            let told = notices.drain();
            let shown = told
                .iter()
                .filter(|told| matches!(told, Notice::Message(_)));
            assert_eq!(shown.count(), lines.min(1_000));
            let count = told.iter().find_map(|told| match told {
                Notice::Info { title, message } => Some((&**title, message.as_str())),
                _ => None,
            });
            assert_eq!(
                count,
                hidden.map(|hidden| ("Further Messages Not Shown", hidden))
            );
        }
        assert_eq!(notices.dropped(), 0);
    }

    #[test]
    fn drops_are_warned_about_once_a_minute() {
        let notices = Notices::new(false, everything()).expect("a pipe");
        let start = Instant::now();
        notices.report_drops(start);
        assert_eq!(last_warning(&notices), None);
        fill(&notices);
        notices.report_drops(start);
        let warning = last_warning(&notices).expect("a warning");
        assert!(warning.starts_with("3 notices"), "{warning}");
        fill(&notices);
        notices.report_drops(start + Duration::from_secs(59));
        assert_eq!(last_warning(&notices), None);
        notices.report_drops(start + Duration::from_secs(60));
        assert!(last_warning(&notices).is_some());
    }
}
