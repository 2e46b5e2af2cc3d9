//! Where Redis is, and how a server speaks to it.

use std::{fmt, path::PathBuf, time::Duration};

use super::Pace;

/// Everything that is configurable about scaling.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Servers with the same one work together (`scaling.channel`).
    pub channel: String,
    /// What all keys and channels in Redis begin with.
    pub prefix: String,
    /// Where to ask for the server that is written to.
    pub topology: Topology,
    /// How a server introduces itself to Redis.
    pub credentials: Credentials,
    /// Selected after connecting; a cluster has only 0.
    pub database: u32,
    /// None speaks in the clear.
    pub tls: Option<TlsSettings>,
    /// How long what may take.
    pub times: Times,
    /// How it is spoken to the other servers.
    pub dialect: Dialect,
}

/// What kind of Redis it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One server, or an address behind which somebody else cares for its failover.
    Single(Address),
    /// Sentinels, which know who is the master now.
    Sentinel {
        /// Asked one after the other.
        addresses: Vec<Address>,
        /// The name by which the sentinels know it.
        master: String,
        /// How a server introduces itself to the sentinels.
        credentials: Credentials,
    },
    /// Some nodes of a cluster, which know who has which keys.
    Cluster(Vec<Address>),
}

/// Where something listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A name or an IP address, and a port.
    Tcp(String, u16),
    /// The path of a socket.
    Unix(PathBuf),
}

/// A user of Redis' ACL, or the one password of all.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// None is the user `default`.
    pub username: Option<String>,
    /// None introduces nobody.
    pub password: Option<String>,
}

/// How Redis is known to be the right one.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// A file of certificates to trust, in place of the well-known authorities.
    pub authorities: Option<PathBuf>,
    /// Whether the certificate of Redis is checked at all.
    pub verify: bool,
    /// The name in the certificate, where it is not the host's.
    pub name: Option<String>,
    /// A certificate and its key, for a Redis that asks for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// The times of the conversation with Redis; not configurable, but shorter in tests.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// To connect, or to answer while connecting.
    pub connect: Duration,
    /// Between two looks at whether Redis still answers.
    pub check: Duration,
    /// For an answer to that look.
    pub answer: Duration,
    /// How fast others are found out about.
    pub pace: Pace,
    /// After which a server that does not renew it counts as dead.
    pub lease: Duration,
    /// Before the first new attempt to connect; doubled with each.
    pub first_pause: Duration,
    /// The longest pause between two attempts.
    pub longest_pause: Duration,
}

/// What tells the version of a server to the others; not configurable, but a later one in tests.
///
/// A version may append to what the version before says, and say more besides; it leaves out only
/// what the version before needs no more. So each understands its neighbours, and the servers of an
/// installation can be replaced one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The version that stands in each message.
    pub version: u8,
    /// How many bytes that this version does not know stand behind each of its structures.
    pub appended: u8,
}

impl Dialect {
    /// Raised with each release that says something else than the one before.
    pub(super) const VERSION: u8 = 1;

    /// Whether a server of this version understands one of another.
    pub(super) fn is_understood(version: u8) -> bool {
        version.abs_diff(Self::VERSION) <= 1
    }

    /// Appends what this version does not know.
    pub(super) fn append(self, bytes: &mut Vec<u8>) {
        bytes.extend((0..self.appended).map(|_| 0xa5));
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            version: Self::VERSION,
            appended: 0,
        }
    }
}

impl Default for Times {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            check: Duration::from_millis(500),
            answer: Duration::from_millis(1500),
            pace: Pace::default(),
            lease: Duration::from_secs(10),
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(1),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(formatter, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(formatter),
        }
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(address) => address.fmt(formatter),
            Self::Sentinel { master, .. } => write!(formatter, "the sentinels of {master}"),
            Self::Cluster(addresses) => match addresses.first() {
                Some(address) => write!(formatter, "the cluster of {address}"),
                None => formatter.write_str("a cluster"),
            },
        }
    }
}
