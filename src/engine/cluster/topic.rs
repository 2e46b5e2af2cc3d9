//! The names of what nodes share.

use std::fmt;

use crate::{
    engine::application::ApplicationIndex,
    protocol::{ChannelName, UserId},
};

/// A node for as long as its process lives: a random number, made anew at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u64);

impl NodeId {
    /// Makes an id out of random bits.
    #[must_use]
    pub fn from_random(bits: u64) -> Self {
        Self(bits)
    }

    /// Reads an id as it is displayed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok();
        number.filter(|_| is_hex).map(Self)
    }

    /// The id as one number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Which state of a node's parts something is about. A later state is greater, over all topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// Grows whenever the node begins anew with the broker; from 1.
    pub generation: u64,
    /// Grows with each change of any of the node's parts; from 1.
    pub number: u64,
}

/// What a node may have a part of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic {
    /// Of which application.
    pub application: ApplicationIndex,
    /// Which of its channels or users.
    pub name: Name,
}

/// A channel, or a user that is signed in or watched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// A channel.
    Channel(ChannelName),
    /// A user.
    User(UserId),
}

impl Topic {
    /// A channel of an application.
    #[must_use]
    pub fn channel(application: ApplicationIndex, channel: &ChannelName) -> Self {
        Self {
            application,
            name: Name::Channel(channel.clone()),
        }
    }

    /// A user of an application.
    #[must_use]
    pub fn user(application: ApplicationIndex, user: &UserId) -> Self {
        Self {
            application,
            name: Name::User(user.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NodeId;

    #[test]
    fn an_id_reads_back_as_displayed() {
        for number in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            let id = NodeId::from_random(number);
            assert_eq!(NodeId::parse(&id.to_string()), Some(id));
        }
        for text in [
            "",
            "1",
            "+000000000000001",
            "00000000000000001",
            "000000000000000g",
        ] {
            assert_eq!(NodeId::parse(text), None, "{text}");
        }
    }
}
