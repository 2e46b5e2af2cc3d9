//! Addresses of a server's host.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::mpsc,
    thread,
};

use nix::sys::signal::{SigSet, SigmaskHow};

use super::HttpError;
use crate::client::deadline::Deadline;

/// The addresses of a host, at least one.
///
/// An address is taken as it is. A name needs a thread, because the system's resolver knows no time limit.
pub(super) fn addresses(
    host: &str,
    port: u16,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, HttpError> {
    if let Ok(address) = bare(host).parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let remaining = deadline.remaining().ok_or(HttpError::TimedOut)?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = (host.to_owned(), port);
    start_quietly(move || {
        let found = name.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // An answer that comes too late is nobody's.
        drop(sender.send(found));
    })?;
    match receiver.recv_timeout(remaining) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(HttpError::Unreachable("the host has no address".to_owned())),
        Err(_) => Err(HttpError::TimedOut),
    }
}

/// A host without the brackets of an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

/// Starts a thread with all signals blocked: they are for the thread that runs PHP.
fn start_quietly(run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK);
    let started = thread::Builder::new()
        .name("reverb-resolver".to_owned())
        .spawn(run);
    if let Ok(before) = before {
        let _restored = before.thread_set_mask();
    }
    started.map(drop)
}
