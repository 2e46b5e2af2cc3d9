//! What other threads have for a worker.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
};

use bytes::Bytes;

use super::{
    application::ApplicationIndex,
    cluster::{Outbox, Verdict},
    copies::Copies,
    reach::Subscriber,
    shards::Watched,
    worker::ConnectionKey,
};
use crate::protocol::{ChannelName, SocketId, UserId};

/// A frame for the subscribers that a worker has in a channel.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) application: ApplicationIndex,
    pub(super) channel: ChannelName,
    /// Where the worker has the channel; if it was left meanwhile, there may be another.
    pub(super) place: u32,
    /// Grows with each delivery of a shard of the directory. Who subscribed at a later number has
    /// seen the effect of this one already.
    pub(super) sequence: u64,
    pub(super) copies: Copies,
    /// The connection that does not get it.
    pub(super) except: Option<SocketId>,
}

/// What a worker finds in its inbox.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// Bring a frame to subscribers.
    Deliver(Delivery),
    /// Close the connections of a user.
    Terminate {
        application: ApplicationIndex,
        user_id: Arc<str>,
    },
    /// Tell those who have the user in their watchlist.
    TellWatchers {
        application: ApplicationIndex,
        user: UserId,
        frame: Bytes,
    },
    /// Send a frame to one connection.
    Send {
        key: ConnectionKey,
        socket_id: SocketId,
        frame: Bytes,
    },
    /// Close one connection.
    Close {
        key: ConnectionKey,
        socket_id: SocketId,
    },
    /// Subscribe those who wait for the channel: it is known who subscribes on other nodes.
    Attached {
        application: ApplicationIndex,
        channel: ChannelName,
    },
    /// Greet a connection that waits, or tell it that there is no room for it.
    Admission {
        application: ApplicationIndex,
        key: ConnectionKey,
        socket_id: SocketId,
        verdict: Verdict,
    },
    /// Tell which connections subscribe to a channel.
    List {
        application: ApplicationIndex,
        channel: ChannelName,
        answer: mpsc::Sender<Vec<Subscriber>>,
    },
}

/// Wakes the thread of a worker that waits for something to do.
pub trait Wake: Send + Sync {
    /// Wakes it; waking twice is the same as once.
    fn wake(&self);
}

/// The bounded queue of a worker.
///
/// The bound is kept by those who push: publishers wait, and workers stop reading from their
/// clients, while any inbox holds [`Inbox::CONGESTED`] tasks. So it holds that many, and at
/// most one more for each thread that pushes at that moment.
///
/// Aligned, so that workers that look at their own do not fetch each other's cache lines.
#[repr(align(128))]
pub(super) struct Inbox {
    /// Guards the order of tasks. Rank 2: taken under the lock of a directory shard (rank 1),
    /// nothing is taken under it.
    queue: Watched<Queue>,
    length: AtomicUsize,
    /// True while the worker waits, so that only then somebody pays for waking it.
    asleep: AtomicBool,
    waker: Box<dyn Wake>,
    wakes: AtomicU64,
    congested: Arc<Congestion>,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Task>,
    /// The most there were.
    longest: usize,
}

/// How many inboxes of a server are congested: one number for everybody to look at before each
/// message, written only when an inbox fills up or has caught up.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Congestion(AtomicUsize);

impl Congestion {
    pub(super) fn is_there(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }
}

impl Inbox {
    /// From here on nobody takes in more work until the worker has caught up.
    pub(super) const CONGESTED: usize = 4096;

    pub(super) fn new(waker: Box<dyn Wake>, congested: Arc<Congestion>) -> Self {
        Self {
            queue: Watched::default(),
            length: AtomicUsize::new(0),
            asleep: AtomicBool::new(false),
            waker,
            wakes: AtomicU64::new(0),
            congested,
        }
    }

    pub(super) fn push(&self, task: Task) {
        if self.push_silently(task) {
            self.wake();
        }
    }

    /// As [`Inbox::push`], but leaves it to the caller to wake the worker; whether it waits.
    ///
    /// For callers that hold a lock: a system call under it would have others wait.
    pub(super) fn push_silently(&self, task: Task) -> bool {
        let mut queue = self.queue.lock();
        queue.tasks.push_back(task);
        let length = queue.tasks.len();
        queue.longest = queue.longest.max(length);
        self.length.store(length, Ordering::Release);
        if length == Self::CONGESTED {
            self.congested.0.fetch_add(1, Ordering::AcqRel);
        }
        // A worker that falls asleep after this look finds the task: it looks under the lock, too.
        self.asleep.load(Ordering::SeqCst)
    }

    /// Takes up to `most` tasks, oldest first.
    pub(super) fn take(&self, most: usize, taken: &mut Vec<Task>) {
        if self.is_empty() {
            return;
        }
        let mut queue = self.queue.lock();
        let before = queue.tasks.len();
        taken.extend(queue.tasks.drain(..most.min(before)));
        let length = queue.tasks.len();
        self.length.store(length, Ordering::Release);
        if before >= Self::CONGESTED && length < Self::CONGESTED {
            self.congested.0.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Wakes the worker if it waits.
    pub(super) fn wake(&self) {
        // Mostly it does not: looking first leaves the flag's cache line where it is.
        if self.asleep.load(Ordering::SeqCst) && self.asleep.swap(false, Ordering::AcqRel) {
            self.wakes.fetch_add(1, Ordering::Relaxed);
            self.waker.wake();
        }
    }

    /// Announces that the worker is about to wait; false if there is work after all.
    pub(super) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        // Looked at after the flag is up: a push in between sees the flag and wakes.
        let empty = self.queue.lock().tasks.is_empty();
        if !empty {
            self.asleep.store(false, Ordering::Release);
        }
        empty
    }

    /// The worker is awake, perhaps because of something else: nobody has to wake it.
    pub(super) fn wake_up(&self) {
        self.asleep.store(false, Ordering::Release);
    }

    /// Whether the worker waits, for this inbox or for its sockets.
    pub(super) fn is_asleep(&self) -> bool {
        self.asleep.load(Ordering::Acquire)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length.load(Ordering::Acquire) == 0
    }

    /// How often somebody had to wait for it.
    pub(super) fn waits(&self) -> u64 {
        self.queue.waits()
    }

    /// The most tasks it held.
    pub(super) fn longest(&self) -> usize {
        self.queue.lock().longest
    }

    /// How often its worker was woken.
    pub(super) fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::Relaxed)
    }
}

/// Workers to be woken, and the thread of the cluster, which happens when this is dropped. Declared before the guard of a lock, it
/// outlives it.
pub(super) struct Wakes<'i> {
    inboxes: &'i [Inbox],
    outbox: Option<&'i Outbox>,
    asleep: Vec<usize>,
}

impl<'i> Wakes<'i> {
    pub(super) fn new(inboxes: &'i [Inbox], outbox: Option<&'i Outbox>) -> Self {
        Self {
            inboxes,
            outbox,
            asleep: Vec::new(),
        }
    }

    /// Gives a task to a worker.
    pub(super) fn push(&mut self, worker: usize, task: Task) {
        if self.inboxes[worker].push_silently(task) {
            self.asleep.push(worker);
        }
    }
}

impl Drop for Wakes<'_> {
    fn drop(&mut self) {
        for worker in &self.asleep {
            self.inboxes[*worker].wake();
        }
        if let Some(outbox) = self.outbox {
            outbox.wake();
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Inbox")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
