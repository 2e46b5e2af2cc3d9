//! Why a server does not start, or cannot do what it is asked.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use super::tls::TlsError;
use crate::cluster::UnusableRedis;

/// What a server cannot do; the text says what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Another program listens there.
    #[error(
        "cannot listen on {0}: the address is already in use; stop the other server or choose another port"
    )]
    AddressInUse(SocketAddr),
    /// The address is not one of this machine's.
    #[error("cannot listen on {0}: this machine does not have that address")]
    AddressNotAvailable(SocketAddr),
    /// Ports below 1024 mostly need root.
    #[error("cannot listen on {0}: permission denied; ports below 1024 need special rights")]
    PermissionDenied(SocketAddr),
    /// Any other failure to listen.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The unix socket for publishers of this machine could not be made.
    #[error("cannot make the socket {0}: {1}; its directory must exist, be writable and have room")]
    Socket(PathBuf, io::Error),
    /// Whatever is at the path of the unix socket belongs to somebody else.
    #[error(
        "cannot make the socket {0}: there is a file that is no socket; move it away, or choose another path (REVERB_SERVER_SOCKET)"
    )]
    NoSocket(PathBuf),
    /// A certificate or a key will not do.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// One server per process.
    #[error("a server is already running in this process; stop it first")]
    AlreadyRunning,
    /// The system refused a thread, a pipe or an event queue.
    #[error("the system refused a resource: {0}; check the limits of processes and open files")]
    Resource(#[from] io::Error),
    /// Redis does not let this server in.
    #[error("{0}; check scaling.server, or the Redis connection of the application")]
    Redis(#[from] UnusableRedis),
    /// The workers have more to deliver than they should, for too long.
    #[error("the server was too busy for {} s; publish less, or give it more workers", .0.as_secs())]
    Busy(Duration),
}

impl ServerError {
    pub(super) fn listen(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse(address),
            io::ErrorKind::AddrNotAvailable => Self::AddressNotAvailable(address),
            io::ErrorKind::PermissionDenied => Self::PermissionDenied(address),
            _ => Self::Listen(address, error),
        }
    }
}
