//! Connections that wait until it is known whether their application has room for them on all nodes.

use std::{
    collections::{HashMap, VecDeque},
    fmt, mem,
};

use parking_lot::Mutex;

use super::outbox::Outbox;
use crate::{
    engine::{
        application::ApplicationIndex,
        directory::WorkerIndex,
        inbox::{Inbox, Task},
        publish::Engine,
        worker::ConnectionKey,
    },
    protocol::SocketId,
};

/// What has been found out about a connection that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Verdict {
    /// There is room, and it is counted in.
    Admitted,
    /// There is none.
    Refused,
    /// It cannot be found out: this node's own count decides.
    Unknown,
}

/// A connection that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    worker: WorkerIndex,
    key: ConnectionKey,
    socket_id: SocketId,
}

/// How many connections of an application there are, and how many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// On this node, admitted.
    pub here: usize,
    /// On this node, waiting.
    pub asking: usize,
    /// How many there may be, over all nodes.
    pub most: Option<usize>,
}

#[derive(Default)]
pub(in crate::engine) struct Admissions {
    /// Guards who waits. Rank 1: the outbox (rank 2) is pushed to under it.
    applications: Mutex<HashMap<ApplicationIndex, Asking>>,
}

#[derive(Default)]
struct Asking {
    waiting: VecDeque<Waiting>,
    /// The application is in the outbox.
    is_marked: bool,
}

impl Admissions {
    fn mark(&self, outbox: &Outbox, application: ApplicationIndex) {
        let mut applications = self.applications.lock();
        let asking = applications.entry(application).or_default();
        if !mem::replace(&mut asking.is_marked, true) {
            outbox.push_connections(application);
        }
        drop(applications);
        outbox.wake();
    }
}

impl Engine {
    /// Counts a connection in, unless the application has as many as it may on this node.
    pub(in crate::engine) fn admit_here(&self, application: ApplicationIndex) -> bool {
        let is_admitted = self.applications().admit(application);
        if is_admitted && let Some(outbox) = self.outbox() {
            self.admissions().mark(outbox, application);
        }
        is_admitted
    }

    /// Counts a connection out.
    pub(in crate::engine) fn release(&self, application: ApplicationIndex) {
        self.applications().release(application);
        if let Some(outbox) = self.outbox() {
            self.admissions().mark(outbox, application);
        }
    }

    /// Has a connection wait until it is known how many the other nodes have. False if nobody needs
    /// to know, or nobody can: then this node's own count decides.
    pub(in crate::engine) fn ask_admission(
        &self,
        application: ApplicationIndex,
        worker: WorkerIndex,
        (key, socket_id): (ConnectionKey, SocketId),
    ) -> bool {
        let Some(outbox) = self.outbox() else {
            return false;
        };
        let mut applications = self.admissions().applications.lock();
        if !outbox.is_reachable() {
            return false;
        }
        let asking = applications.entry(application).or_default();
        asking.waiting.push_back(Waiting {
            worker,
            key,
            socket_id,
        });
        if !mem::replace(&mut asking.is_marked, true) {
            outbox.push_connections(application);
        }
        drop(applications);
        outbox.wake();
        true
    }

    /// How many connections of an application there are here, and how many wait. From now on the
    /// application is queued again.
    #[must_use]
    pub fn take_connections(&self, application: ApplicationIndex) -> Connections {
        let mut applications = self.admissions().applications.lock();
        let asking = applications.entry(application).or_default();
        asking.is_marked = false;
        Connections {
            here: self.applications().connections(application),
            asking: asking.waiting.len(),
            most: self.applications().application(application).max_connections,
        }
    }

    /// Has the connections of all applications told to the broker again.
    pub fn recount(&self) {
        let Some(outbox) = self.outbox() else {
            return;
        };
        let applications = self.admissions().applications.lock();
        let known: Vec<_> = applications.keys().copied().collect();
        drop(applications);
        for application in known {
            self.admissions().mark(outbox, application);
        }
    }

    /// Of those who waited first, so many asked, and so many of them are admitted.
    pub fn admit(&self, application: ApplicationIndex, asked: usize, admitted: usize) {
        let mut applications = self.admissions().applications.lock();
        let Some(asking) = applications.get_mut(&application) else {
            return;
        };
        let asked = asked.min(asking.waiting.len());
        let decided: Vec<_> = asking.waiting.drain(..asked).collect();
        drop(applications);
        for (number, waiting) in decided.into_iter().enumerate() {
            let verdict = if number < admitted {
                self.applications().count_in(application);
                Verdict::Admitted
            } else {
                Verdict::Refused
            };
            decide(self.inboxes(), (application, waiting), verdict);
        }
    }

    /// Nobody can be asked any more: whoever waits is told so.
    pub(super) fn stop_asking(&self) {
        let mut applications = self.admissions().applications.lock();
        let mut undecided = Vec::new();
        for (application, asking) in applications.iter_mut() {
            let waiting = asking.waiting.drain(..);
            undecided.extend(waiting.map(|waiting| (*application, waiting)));
        }
        drop(applications);
        for waiting in undecided {
            decide(self.inboxes(), waiting, Verdict::Unknown);
        }
    }
}

fn decide(
    inboxes: &[Inbox],
    (application, waiting): (ApplicationIndex, Waiting),
    verdict: Verdict,
) {
    inboxes[waiting.worker].push(Task::Admission {
        application,
        key: waiting.key,
        socket_id: waiting.socket_id,
        verdict,
    });
}

impl fmt::Debug for Admissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Admissions").finish_non_exhaustive()
    }
}
