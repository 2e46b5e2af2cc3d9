//! Renewed certificates: looks at their files now and then, and takes new ones for new connections.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::{sync::watch, time::sleep};

use super::{
    TlsSettings,
    identity::Validity,
    settings::{Loaded, Stamp},
};
use crate::{engine::Notices, server::running::Shared};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(2);

/// Looks after the files of a server.
pub(in crate::server) struct Renewal {
    settings: TlsSettings,
    /// How the files looked when they were last read.
    read: Vec<Stamp>,
    /// How they looked the last time: files that still change are left alone.
    seen: Vec<Stamp>,
    /// When the certificates are valid; those that were warned about are not in it any more.
    validities: Vec<Validity>,
}

impl Renewal {
    pub(super) fn new(settings: TlsSettings, seen: Vec<Stamp>, validities: Vec<Validity>) -> Self {
        Self {
            settings,
            read: seen.clone(),
            seen,
            validities,
        }
    }

    /// Looks at the files until the server stops.
    pub(in crate::server) async fn run(
        mut self,
        shared: Arc<Shared>,
        mut stop: watch::Receiver<Option<Instant>>,
    ) -> io::Result<()> {
        loop {
            tokio::select! {
                () = sleep(INTERVAL) => self.look(&shared),
                _changed = stop.changed() => return Ok(()),
            }
        }
    }

    /// Warns of certificates that are not valid at the moment, once.
    pub(in crate::server) fn warn_of_dates(&mut self, notices: &Notices) {
        let now = SystemTime::now();
        self.validities.retain(|validity| {
            let name = &validity.name;
            if now > validity.until {
                notices.warn(format!(
                    "The certificate {name} has expired, and clients will refuse it: renew it; no restart is needed."
                ));
            } else if now < validity.from {
                notices.warn(format!(
                    "The certificate {name} is not valid yet, and clients will refuse it: check the clock of this machine."
                ));
            }
            (validity.from..=validity.until).contains(&now)
        });
    }

    fn look(&mut self, shared: &Shared) {
        let notices = shared.engine.notices();
        self.warn_of_dates(notices);
        let stamps = self.settings.stamps();
        let is_quiet = stamps == self.seen;
        self.seen = stamps;
        if !is_quiet || self.seen == self.read {
            return;
        }
        self.read.clone_from(&self.seen);
        match (self.settings.load(), &shared.tls) {
            (Ok(Loaded { config, validities }), Some(tls)) => {
                tls.replace(config);
                self.validities = validities;
                self.warn_of_dates(notices);
                shared
                    .engine
                    .note("Certificate Renewed", || self.settings.own.certificate_name());
            }
            (Ok(_), None) => {}
            (Err(error), _) => notices.warn(format!(
                "The certificates on disk have changed, but cannot be used; the old ones stay: {error}."
            )),
        }
    }
}
