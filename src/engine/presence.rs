//! The members of a presence channel, whichever worker holds their connections.

use std::sync::Arc;

use indexmap::{IndexMap, map::Entry};

use crate::protocol::{Member, UserId};

/// One entry per user, however many connections the user has.
///
/// Joining and leaving cost the same with two members and with two thousand.
#[derive(Debug, Default)]
pub(super) struct Members {
    users: IndexMap<UserId, Presence>,
}

#[derive(Debug)]
struct Presence {
    /// As the user's first connection described itself.
    member: Arc<Member>,
    /// `1 <= connections`: an entry goes with its last connection.
    connections: usize,
}

/// What a connection more or less means to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The user came with its first connection, or left with its last.
    User,
    /// The user has further connections, so nobody else notices.
    ConnectionOnly,
}

impl Members {
    pub(super) fn add(&mut self, member: &Arc<Member>) -> Change {
        match self.users.entry(member.user_id().clone()) {
            Entry::Occupied(mut user) => {
                user.get_mut().connections += 1;
                Change::ConnectionOnly
            }
            Entry::Vacant(user) => {
                user.insert(Presence {
                    member: Arc::clone(member),
                    connections: 1,
                });
                Change::User
            }
        }
    }

    pub(super) fn remove(&mut self, user_id: &UserId) -> Change {
        match self.users.get_mut(user_id) {
            Some(user) if user.connections > 1 => {
                user.connections -= 1;
                Change::ConnectionOnly
            }
            _ => {
                self.users.swap_remove(user_id);
                Change::User
            }
        }
    }

    pub(super) fn contains(&self, user_id: &UserId) -> bool {
        self.users.contains_key(user_id)
    }

    pub(super) fn count(&self) -> usize {
        self.users.len()
    }

    pub(super) fn list(&self) -> Vec<Arc<Member>> {
        self.users
            .values()
            .map(|user| Arc::clone(&user.member))
            .collect()
    }
}
