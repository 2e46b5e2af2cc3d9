//! What the engine tells PHP: a bounded queue that PHP polls.

use std::{
    collections::VecDeque,
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::fd::{AsFd, BorrowedFd},
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A line of `--debug`: a title, and mostly the socket id or channel it is about.
    Info {
        /// One of Reverb's titles, such as `Connection Established`.
        title: &'static str,
        /// What it is about.
        message: String,
    },
    /// The text of a client's message, for `--debug`.
    Message(String),
    /// What went wrong with one connection or request, for `--debug`.
    Error(String),
    /// What the operator should know, always shown.
    Warning(String),
}

/// The queue of notices. When it is full, further ones are counted and dropped.
#[derive(Debug)]
pub struct Notices {
    debug: bool,
    /// Guards the notices that PHP has not polled yet. Nothing else is locked under it.
    queue: Mutex<VecDeque<Notice>>,
    dropped: AtomicU64,
    reader: PipeReader,
    writer: PipeWriter,
}

impl Notices {
    /// How many notices wait for PHP at the most.
    pub const CAPACITY: usize = 10_000;

    /// Makes a queue; with `debug` everything is told, without it only warnings.
    ///
    /// # Errors
    /// If the system has no pipe left.
    pub fn new(debug: bool) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self {
            debug,
            queue: Mutex::default(),
            dropped: AtomicU64::new(0),
            reader,
            writer,
        })
    }

    /// Takes all notices, oldest first.
    pub fn drain(&self) -> Vec<Notice> {
        let mut queue = self.queue.lock();
        if !queue.is_empty() {
            // The one byte that `push` wrote when the queue was empty.
            let _one = (&self.reader).read(&mut [0]);
        }
        queue.drain(..).collect()
    }

    /// Readable while there is something to drain.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// How many notices found the queue full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Tells the operator.
    pub fn warn(&self, warning: String) {
        self.push(Notice::Warning(warning));
    }

    /// Whether anybody reads the lines of `--debug`.
    pub fn wants_debug(&self) -> bool {
        self.debug
    }

    /// Tells a line of `--debug`; the notice is made only if somebody reads it.
    pub fn debug(&self, notice: impl FnOnce() -> Notice) {
        if self.debug {
            self.push(notice());
        }
    }

    fn push(&self, notice: Notice) {
        let mut queue = self.queue.lock();
        if queue.len() == Self::CAPACITY {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if queue.is_empty() {
            // One byte at a time is in the pipe, so this neither blocks nor fails.
            let _one = (&self.writer).write(&[1]);
        }
        queue.push_back(notice);
    }
}

#[cfg(test)]
mod tests {
    use super::{Notice, Notices};

    #[test]
    fn warnings_come_always_and_the_rest_with_debug_only() {
        for (debug, expected) in [(false, 1), (true, 2)] {
            let notices = Notices::new(debug).expect("a pipe");
            notices.warn("careful".to_owned());
            notices.debug(|| Notice::Message("{}".to_owned()));
            assert_eq!(notices.drain().len(), expected);
            assert_eq!(notices.drain(), Vec::new());
        }
    }

    #[test]
    fn what_finds_the_queue_full_is_counted() {
        let notices = Notices::new(false).expect("a pipe");
        for _ in 0..Notices::CAPACITY + 3 {
            notices.warn(String::new());
        }
        assert_eq!(
            (notices.drain().len(), notices.dropped()),
            (Notices::CAPACITY, 3)
        );
    }
}
