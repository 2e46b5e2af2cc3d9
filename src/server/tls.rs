//! TLS by rustls: certificates that are renewed while the server runs, and sessions made with them.
//!
//! It knows files and records, but neither sockets' readiness nor what is said through them.

mod error;
mod identity;
mod io;
mod key;
mod pem;
mod renewal;
mod session;
mod settings;

use std::sync::Arc;

use parking_lot::RwLock;
use rustls::ServerConfig;

pub use self::error::{TlsError, TlsFault};
use self::settings::Loaded;
pub(super) use self::{
    io::TlsStream,
    renewal::Renewal,
    session::Session,
    settings::{Authorities, Files, TlsSettings},
};

/// What new connections are secured with.
pub(super) struct Tls {
    /// Guards the certificates and rules for the next connection. Nothing else is locked under it.
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files, and returns what looks after them from now on.
    ///
    /// # Errors
    /// For the first file that will not do.
    pub(super) fn load(settings: TlsSettings) -> Result<(Self, Renewal), TlsError> {
        let seen = settings.stamps();
        let Loaded { config, validities } = settings.load()?;
        let tls = Self {
            current: RwLock::new(config),
        };
        Ok((tls, Renewal::new(settings, seen, validities)))
    }

    /// The session of a new connection.
    ///
    /// # Errors
    /// If the rules contradict each other; [`TlsSettings`] makes none that do.
    pub(super) fn session(&self) -> Result<Box<Session>, rustls::Error> {
        let config = Arc::clone(&self.current.read());
        Session::new(config).map(Box::new)
    }

    fn replace(&self, config: Arc<ServerConfig>) {
        *self.current.write() = config;
    }
}
