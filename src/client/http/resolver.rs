//! Addresses of a server's host.

use nix::sys::signal::{SigSet, SigmaskHow};
use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// Takes an address as it is, where the usual resolver would start a thread to keep the time limit.
///
/// A host name still needs that thread. It starts with all signals blocked: they are for the thread that runs PHP.
#[derive(Debug, Default)]
pub(super) struct LiteralResolver(DefaultResolver);

impl Resolver for LiteralResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let literal = uri
            .authority()
            .and_then(|authority| authority.as_str().parse().ok());
        let Some(address) = literal else {
            let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK);
            let addresses = self.0.resolve(uri, config, timeout);
            if let Ok(before) = before {
                let _restored = before.thread_set_mask();
            }
            return addresses.map_err(without_kind);
        };
        let mut addresses = self.empty();
        addresses.push(address);
        Ok(addresses)
    }
}

/// The system's resolver fails with an error that cannot be told from others by its kind.
fn without_kind(error: Error) -> Error {
    match error {
        Error::Io(_) => Error::HostNotFound,
        error => error,
    }
}
