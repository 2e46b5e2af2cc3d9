//! Channel names and what they say about a channel.

use std::{borrow::Borrow, fmt, sync::Arc};

/// The name of a channel: 1 to 255 bytes of any text.
///
/// Reverb sets no rule on characters, so neither do we; the length is a guard against abuse.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelName(Arc<str>);

/// Who may subscribe to a channel, and what its subscribers learn of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever shows a signature of the application.
    Private,
    /// As private, and the members are known to each other.
    Presence,
}

/// Why a text is no channel name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChannelName {
    /// The sender left the name empty.
    #[error("a channel name must not be empty")]
    Empty,
    /// The sender's name is longer than [`ChannelName::MAX_LENGTH`] bytes.
    #[error("a channel name must not be longer than 255 bytes")]
    TooLong,
}

impl ChannelName {
    /// The longest name, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// Reads a channel name.
    ///
    /// # Errors
    /// If the name is empty or longer than [`ChannelName::MAX_LENGTH`].
    pub fn parse(text: &str) -> Result<Self, InvalidChannelName> {
        match text.len() {
            0 => Err(InvalidChannelName::Empty),
            length if length > Self::MAX_LENGTH => Err(InvalidChannelName::TooLong),
            _ => Ok(Self(text.into())),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Who may subscribe, told by the prefix.
    ///
    /// Reverb: `Channels/ChannelBroker.php` asks for `private` and `presence` without a dash.
    #[must_use]
    pub fn access(&self) -> Access {
        if self.0.starts_with("private") {
            Access::Private
        } else if self.0.starts_with("presence") {
            Access::Presence
        } else {
            Access::Public
        }
    }

    /// Whether the channel keeps its last event for those who subscribe later.
    ///
    /// Reverb asks for `cache` without a dash, and leaves `private-encrypted-cache-` out.
    #[must_use]
    pub fn is_cache(&self) -> bool {
        const PREFIXES: [&str; 4] = [
            "cache",
            "private-cache-",
            "presence-cache-",
            "private-encrypted-cache-",
        ];
        PREFIXES.iter().any(|prefix| self.0.starts_with(prefix))
    }

    /// Whether members of this channel are known to each other.
    #[must_use]
    pub fn is_presence(&self) -> bool {
        self.access() == Access::Presence
    }
}

impl Borrow<str> for ChannelName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, ChannelName, InvalidChannelName};

    #[test]
    fn the_prefix_tells_who_may_subscribe() {
        for (name, access) in [
            ("news", Access::Public),
            ("cache-news", Access::Public),
            ("#server-to-user-1", Access::Public),
            ("private-room", Access::Private),
            ("privateroom", Access::Private),
            ("private-encrypted-room", Access::Private),
            ("presence-room", Access::Presence),
            ("presence-cache-room", Access::Presence),
        ] {
            assert_eq!(
                ChannelName::parse(name).map(|name| name.access()),
                Ok(access),
                "{name}"
            );
        }
    }

    #[test]
    fn the_prefix_tells_whether_the_last_event_is_kept() {
        for (name, is_cache) in [
            ("cache-news", true),
            ("cachefoo", true),
            ("private-cache-a", true),
            ("presence-cache-a", true),
            ("private-encrypted-cache-a", true),
            ("news", false),
            ("private-cachefoo", false),
            ("private-encrypted-a", false),
        ] {
            assert_eq!(
                ChannelName::parse(name).map(|name| name.is_cache()),
                Ok(is_cache),
                "{name}"
            );
        }
    }

    #[test]
    fn names_are_neither_empty_nor_longer_than_255_bytes() {
        assert_eq!(ChannelName::parse(""), Err(InvalidChannelName::Empty));
        assert!(ChannelName::parse(&"a".repeat(255)).is_ok());
        assert_eq!(
            ChannelName::parse(&"a".repeat(256)),
            Err(InvalidChannelName::TooLong)
        );
    }
}
