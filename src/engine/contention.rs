//! Where the threads of a server have met: figures for whoever asks what more cores would bring.

use super::inbox::Inbox;

/// How often threads waited for each other since the start, and what was waiting for a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contention {
    /// Shards of the directory of channels that were found locked.
    pub directory_waits: u64,
    /// Shards of the directory of users that were found locked.
    pub user_waits: u64,
    /// Inboxes of workers that were found locked.
    pub inbox_waits: u64,
    /// The most tasks that an inbox held.
    pub longest_inbox: usize,
    /// Sleeping workers that were woken, each with a system call.
    pub wakes: u64,
}

impl Contention {
    /// Adds an inbox's figures.
    pub(super) fn with(self, inbox: &Inbox) -> Self {
        Self {
            inbox_waits: self.inbox_waits + inbox.waits(),
            longest_inbox: self.longest_inbox.max(inbox.longest()),
            wakes: self.wakes + inbox.wakes(),
            ..self
        }
    }
}
