//! The one server of this process.
//!
//! The lock is only ever tried: PHP may end a request in the middle of anything, and a fork may copy a locked one.

use std::{mem, process, sync::Arc, time::Duration};

use ext_php_rs::exception::PhpResult;
use parking_lot::Mutex;

use super::exceptions;
use crate::server::Server;

/// How long connections may take to close when PHP ends without having stopped the server.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Guards the server that runs, with the id of the process it runs in. Never locked while PHP code may run.
static RUNNING: Mutex<Option<(u32, Arc<Server>)>> = Mutex::new(None);

/// Starts a server and remembers it.
pub(super) fn start(start: impl FnOnce() -> PhpResult<Server>) -> PhpResult<Arc<Server>> {
    let already = || {
        exceptions::server("a Reverb server runs in this process already; stop it first".to_owned())
    };
    let mut running = RUNNING.try_lock().ok_or_else(already)?;
    match running.take() {
        Some((pid, server)) if pid == process::id() => {
            *running = Some((pid, server));
            return Err(already());
        }
        // The threads of the parent process do not exist here: nothing can be joined.
        Some((_, server)) => mem::forget(server),
        None => {}
    }
    let server = Arc::new(start()?);
    *running = Some((process::id(), Arc::clone(&server)));
    Ok(server)
}

/// Forgets the server, if it is the remembered one: it has been stopped.
pub(super) fn forget(server: &Arc<Server>) {
    if let Some(mut running) = RUNNING.try_lock()
        && running
            .as_ref()
            .is_some_and(|(_, other)| Arc::ptr_eq(server, other))
    {
        *running = None;
    }
}

/// Whether a server runs in this process.
pub(super) fn is_running() -> bool {
    let running = RUNNING.try_lock();
    running.is_some_and(|running| {
        running
            .as_ref()
            .is_some_and(|(pid, _)| *pid == process::id())
    })
}

/// Stops what still runs; a forked child leaves its parent's server alone.
pub(super) fn shut_down() {
    match RUNNING.try_lock().and_then(|mut running| running.take()) {
        Some((pid, server)) if pid == process::id() => server.stop(SHUTDOWN_GRACE),
        Some((_, server)) => mem::forget(server),
        None => {}
    }
}
