//! What a node has for the others, until the thread of the cluster takes it.

use std::{
    collections::VecDeque,
    fmt, mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Asker, NodeId, Outgoing, Question, Relayed, Topic};
use crate::{
    engine::{application::ApplicationIndex, inbox::Wake, notice::Notices},
    protocol::SocketId,
};

/// What makes an engine one of several nodes.
pub struct Scaling {
    /// This node.
    pub node: NodeId,
    /// Wakes the thread that takes what the outbox holds.
    pub waker: Box<dyn Wake>,
}

impl fmt::Debug for Scaling {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Scaling")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

/// The bounded queues for the thread of the cluster: one for events and other news that are owed to the
/// other nodes, one for what has changed and what is asked.
///
/// Topics and applications are queued once each, so their number is bounded by what there is; events
/// and questions have bounds of their own. An event that finds no room is counted and dropped for the
/// other nodes: those who subscribe here have it.
pub(in crate::engine) struct Outbox {
    node: NodeId,
    /// Guards the order. Rank 2, as an inbox: taken under the lock of a shard (rank 1), and nothing
    /// is taken under it.
    queue: Mutex<Queue>,
    /// Whether the broker can be reached, as far as is known.
    reachable: AtomicBool,
    owed: AtomicUsize,
    dropped: AtomicU64,
    /// There is something where nothing was, and nobody has been woken for it yet.
    is_fresh: AtomicBool,
    waker: Box<dyn Wake>,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Outgoing>,
    owed: VecDeque<Outgoing>,
    /// What the events that are owed take.
    bytes: usize,
    questions: usize,
    /// The ticket of the last event that was queued, and of the last that was taken.
    ticket: u64,
    taken: u64,
    /// How many were dropped when it was last told, and when that was.
    told: (u64, Option<Instant>),
}

impl Outbox {
    /// Events that wait for the broker at the most.
    pub(super) const MOST_EVENTS: usize = 10_000;

    /// What they may take together, in bytes.
    pub(super) const MOST_BYTES: usize = 64 << 20;

    /// Questions that wait at the most; further ones are not answered.
    const MOST_QUESTIONS: usize = 1000;

    /// How often it is told that events were dropped.
    const REPORT_INTERVAL: Duration = Duration::from_secs(60);

    pub(in crate::engine) fn new(scaling: Scaling) -> Self {
        Self {
            node: scaling.node,
            queue: Mutex::default(),
            reachable: AtomicBool::new(false),
            owed: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            is_fresh: AtomicBool::new(false),
            waker: scaling.waker,
        }
    }

    pub(in crate::engine) fn node(&self) -> NodeId {
        self.node
    }

    pub(in crate::engine) fn is_reachable(&self) -> bool {
        self.reachable.load(Ordering::Acquire)
    }

    pub(in crate::engine) fn push_topic(&self, topic: Topic) {
        self.push(|queue| queue.items.push_back(Outgoing::Topic(topic)));
    }

    pub(in crate::engine) fn push_connections(&self, application: ApplicationIndex) {
        self.push(|queue| queue.items.push_back(Outgoing::Connections(application)));
    }

    /// Queues an event and tells its ticket; `None` if there is no room.
    pub(in crate::engine) fn push_event(
        &self,
        topic: Topic,
        message: Bytes,
        except: Option<SocketId>,
        kept_for: Option<Duration>,
    ) -> Option<u64> {
        self.push(|queue| {
            if !queue.make_room(message.len()) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            queue.ticket += 1;
            let event = Relayed {
                message,
                except,
                kept_for,
                ticket: queue.ticket,
            };
            queue.owed.push_back(Outgoing::Event(topic, event));
            Some(queue.ticket)
        })
    }

    pub(in crate::engine) fn push_terminate(
        &self,
        application: ApplicationIndex,
        user_id: &Arc<str>,
    ) {
        self.push(|queue| {
            if queue.make_room(user_id.len()) {
                queue.owed.push_back(Outgoing::Terminate {
                    application,
                    user_id: Arc::clone(user_id),
                });
            } else {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    /// Wakes the thread that takes, if there is something new for it. Whoever has pushed calls this
    /// when it holds no lock.
    pub(in crate::engine) fn wake(&self) {
        if self.is_fresh.load(Ordering::SeqCst) && self.is_fresh.swap(false, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Wakes the thread that takes, as it has left something.
    pub(super) fn ring(&self) {
        self.waker.wake();
    }

    /// Asks; if nobody can be asked, that is the answer.
    pub(in crate::engine) fn ask(&self, question: Question, asker: Asker) {
        let refused = self.push(|queue| {
            if !self.is_reachable() || queue.questions >= Self::MOST_QUESTIONS {
                return Some(asker);
            }
            queue.questions += 1;
            queue.items.push_back(Outgoing::Question(question, asker));
            None
        });
        match refused {
            Some(asker) => asker.tell(None),
            None => self.wake(),
        }
    }

    /// Takes up to `most` of what has changed and what is asked, oldest first.
    pub(super) fn take(&self, most: usize, taken: &mut Vec<Outgoing>) {
        let mut queue = self.queue.lock();
        let count = most.min(queue.items.len());
        taken.extend(queue.items.drain(..count));
        let questions = taken.iter().rev().take(count);
        let questions = questions.filter(|item| matches!(item, Outgoing::Question(..)));
        queue.questions -= questions.count();
    }

    /// Takes up to `most` of what is owed to the other nodes, oldest first.
    pub(super) fn take_owed(&self, most: usize, taken: &mut Vec<Outgoing>) {
        let mut queue = self.queue.lock();
        for _ in 0..most {
            let Some(item) = queue.owed.pop_front() else {
                break;
            };
            match &item {
                Outgoing::Event(_, event) => {
                    queue.bytes -= event.message.len();
                    queue.taken = event.ticket;
                }
                Outgoing::Terminate { user_id, .. } => queue.bytes -= user_id.len(),
                _ => {}
            }
            taken.push(item);
        }
        self.owed.store(queue.owed.len(), Ordering::Release);
    }

    /// Puts back what was taken and may not have reached the broker, oldest first, before what waits.
    /// Those who have it already know it by its ticket.
    pub(super) fn give_back(&self, items: Vec<Outgoing>) {
        let mut queue = self.queue.lock();
        for item in items.into_iter().rev() {
            let bytes = match &item {
                Outgoing::Event(_, event) => event.message.len(),
                Outgoing::Terminate { user_id, .. } => user_id.len(),
                _ => continue,
            };
            if !queue.make_room(bytes) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            if let Outgoing::Event(_, event) = &item {
                queue.taken = event.ticket.saturating_sub(1);
            }
            queue.owed.push_front(item);
        }
        self.owed.store(queue.owed.len(), Ordering::Release);
    }

    /// The ticket of the last event that was taken: those up to it are not here any more.
    pub(super) fn last_taken(&self) -> u64 {
        self.queue.lock().taken
    }

    /// Notes whether the broker can be reached. If not, questions have their answer.
    pub(super) fn set_reachable(&self, is_reachable: bool) {
        let mut queue = self.queue.lock();
        self.reachable.store(is_reachable, Ordering::Release);
        if is_reachable {
            return;
        }
        queue.questions = 0;
        let (questions, rest) = mem::take(&mut queue.items)
            .into_iter()
            .partition(|item| matches!(item, Outgoing::Question(..)));
        queue.items = rest;
        drop(queue);
        let questions: VecDeque<Outgoing> = questions;
        for item in questions {
            if let Outgoing::Question(_, asker) = item {
                asker.tell(None);
            }
        }
    }

    /// How many events are owed.
    pub(in crate::engine) fn owed(&self) -> usize {
        self.owed.load(Ordering::Acquire)
    }

    pub(in crate::engine) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Warns of events that were dropped since the last warning, once in a while.
    pub(in crate::engine) fn report_drops(&self, notices: &Notices, now: Instant) {
        let dropped = self.dropped();
        let mut queue = self.queue.lock();
        let (told, at) = queue.told;
        let is_due = at.is_none_or(|at| now.duration_since(at) >= Self::REPORT_INTERVAL);
        if dropped == told || !is_due {
            return;
        }
        queue.told = (dropped, Some(now));
        drop(queue);
        notices.warn(format!(
            "{} events did not go to the other nodes: Redis could not be reached, and {} events or {} MiB wait for it.",
            dropped - told,
            Self::MOST_EVENTS,
            Self::MOST_BYTES >> 20
        ));
    }

    fn push<T>(&self, push: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.queue.lock();
        let was_empty = queue.is_empty();
        let pushed = push(&mut queue);
        let is_empty = queue.is_empty();
        self.owed.store(queue.owed.len(), Ordering::Release);
        // Whoever takes goes on until nothing is left: it needs no waking for more.
        if was_empty && !is_empty {
            self.is_fresh.store(true, Ordering::SeqCst);
        }
        pushed
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.items.is_empty() && self.owed.is_empty()
    }

    /// Counts an event in, if there is room.
    fn make_room(&mut self, bytes: usize) -> bool {
        let has_room =
            self.owed.len() < Outbox::MOST_EVENTS && self.bytes + bytes <= Outbox::MOST_BYTES;
        if has_room {
            self.bytes += bytes;
        }
        has_room
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outbox")
            .field("node", &self.node)
            .field("owed", &self.owed)
            .finish_non_exhaustive()
    }
}
