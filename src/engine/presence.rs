//! The members of a presence channel, whichever worker or node holds their connections.

mod list;

pub(super) use list::MemberList;

use std::sync::Arc;

use indexmap::{IndexMap, map::Entry};

use super::cluster::NodeId;
use crate::protocol::{Member, UserId};

/// One entry per user, however many connections the user has.
///
/// Joining and leaving cost the same with two members and with two thousand. Most channels have no
/// members, and nothing but a pointer then, so that an event finds many channels close together.
#[derive(Debug, Default)]
pub(super) struct Members(Option<Box<Crowd>>);

#[derive(Debug, Default)]
struct Crowd {
    users: IndexMap<UserId, Presence>,
    /// Who they are, in the same order.
    list: MemberList,
}

/// `connections > 0`, or a node is there.
#[derive(Debug)]
struct Presence {
    /// As the user's first connection described itself.
    member: Arc<Member>,
    /// The user's connections to this node.
    connections: usize,
    /// Other nodes that have connections of the user.
    nodes: Vec<NodeId>,
}

/// What a connection more or less means to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The user came with its first connection, or left with its last.
    User,
    /// The user has further connections, so nobody else notices.
    ConnectionOnly,
}

impl Change {
    fn user_if(is_user: bool) -> Self {
        if is_user {
            Self::User
        } else {
            Self::ConnectionOnly
        }
    }
}

impl Members {
    pub(super) fn add(&mut self, member: &Arc<Member>) -> Change {
        let user = self.crowd().entry(member);
        user.connections += 1;
        Change::user_if(user.connections == 1 && user.nodes.is_empty())
    }

    pub(super) fn remove(&mut self, user_id: &UserId) -> Change {
        let Some(user) = self.user_mut(user_id) else {
            return Change::User;
        };
        user.connections = user.connections.saturating_sub(1);
        self.crowd().remove_if_gone(user_id)
    }

    /// Another node has the user.
    pub(super) fn add_remote(&mut self, node: NodeId, member: &Arc<Member>) -> Change {
        let user = self.crowd().entry(member);
        let is_new = user.connections == 0 && user.nodes.is_empty();
        if !user.nodes.contains(&node) {
            user.nodes.push(node);
        }
        Change::user_if(is_new)
    }

    /// Another node does not have the user any more.
    pub(super) fn remove_remote(&mut self, node: NodeId, user_id: &UserId) -> Change {
        let Some(user) = self.user_mut(user_id) else {
            return Change::ConnectionOnly;
        };
        user.nodes.retain(|other| *other != node);
        self.crowd().remove_if_gone(user_id)
    }

    /// Forgets who is only on other nodes.
    pub(super) fn keep_own(&mut self) {
        if let Some(crowd) = &mut self.0 {
            crowd.users.retain(|_, user| {
                user.nodes = Vec::new();
                user.connections > 0
            });
            let users = crowd.users.values();
            crowd.list = users.map(|user| Arc::clone(&user.member)).collect();
        }
    }

    pub(super) fn contains(&self, user_id: &UserId) -> bool {
        self.user(user_id).is_some()
    }

    pub(super) fn get(&self, user_id: &UserId) -> Option<&Arc<Member>> {
        self.user(user_id).map(|user| &user.member)
    }

    pub(super) fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |crowd| crowd.users.len())
    }

    pub(super) fn list(&self) -> MemberList {
        let crowd = self.0.as_ref();
        crowd.map_or_else(MemberList::default, |crowd| crowd.list.clone())
    }

    /// Those who have connections to this node.
    pub(super) fn own(&self) -> Vec<Arc<Member>> {
        self.list_if(|user| user.connections > 0)
    }

    /// The user, if it has a connection to this node.
    pub(super) fn own_member(&self, user_id: &UserId) -> Option<&Arc<Member>> {
        let user = self.user(user_id)?;
        (user.connections > 0).then_some(&user.member)
    }

    /// Those whom another node has.
    pub(super) fn of(&self, node: NodeId) -> Vec<Arc<Member>> {
        self.list_if(|user| user.nodes.contains(&node))
    }

    fn list_if(&self, is_meant: impl Fn(&Presence) -> bool) -> Vec<Arc<Member>> {
        let users = self.0.iter().flat_map(|crowd| crowd.users.values());
        let users = users.filter(|user| is_meant(user));
        users.map(|user| Arc::clone(&user.member)).collect()
    }

    fn crowd(&mut self) -> &mut Crowd {
        self.0.get_or_insert_default()
    }

    fn user(&self, user_id: &UserId) -> Option<&Presence> {
        self.0.as_ref()?.users.get(user_id)
    }

    fn user_mut(&mut self, user_id: &UserId) -> Option<&mut Presence> {
        self.0.as_mut()?.users.get_mut(user_id)
    }
}

impl Crowd {
    fn entry(&mut self, member: &Arc<Member>) -> &mut Presence {
        match self.users.entry(member.user_id().clone()) {
            Entry::Occupied(user) => user.into_mut(),
            Entry::Vacant(user) => {
                self.list.push(Arc::clone(member));
                user.insert(Presence {
                    member: Arc::clone(member),
                    connections: 0,
                    nodes: Vec::new(),
                })
            }
        }
    }

    fn remove_if_gone(&mut self, user_id: &UserId) -> Change {
        let users = &mut self.users;
        let is_gone = users
            .get(user_id)
            .is_some_and(|user| user.connections == 0 && user.nodes.is_empty());
        if is_gone && let Some((position, ..)) = users.swap_remove_full(user_id) {
            self.list.swap_remove(position);
        }
        Change::user_if(is_gone)
    }
}
