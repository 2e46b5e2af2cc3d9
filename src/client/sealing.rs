//! Events for encrypted channels, made unreadable before they leave the process by any way.

use super::{error::PublishError, options::Options, publisher::Event};
use crate::protocol::encryption::{self, EventNonce, MasterKey};

/// The sealed data of those events that need it, in their order; empty if none does.
pub(super) struct Seals(Vec<Option<String>>);

impl Seals {
    /// Seals what has to be sealed.
    ///
    /// # Errors
    /// If there is no key, or an event is for an encrypted channel and for others.
    pub(super) fn of(options: &Options, events: &[Event<'_>]) -> Result<Self, PublishError> {
        if !events.iter().any(is_encrypted) {
            return Ok(Self(Vec::new()));
        }
        let seals = events.iter().map(|event| seal(options, event));
        seals.collect::<Result<_, _>>().map(Self)
    }

    /// The events as they travel; `None` if they travel as they are.
    pub(super) fn apply<'a>(&'a self, events: &[Event<'a>]) -> Option<Vec<Event<'a>>> {
        if self.0.is_empty() {
            return None;
        }
        let mut events = events.to_vec();
        for (event, seal) in events.iter_mut().zip(&self.0) {
            event.data = seal.as_deref().unwrap_or(event.data);
        }
        Some(events)
    }
}

impl Options {
    /// The key for an encrypted channel.
    pub(super) fn master_key(&self, channel: &str) -> Result<&MasterKey, PublishError> {
        self.master_key
            .as_ref()
            .ok_or_else(|| PublishError::NoMasterKey(channel.to_owned()))
    }
}

fn is_encrypted(event: &Event<'_>) -> bool {
    event
        .channels
        .iter()
        .any(|name| encryption::is_encrypted(name))
}

fn seal(options: &Options, event: &Event<'_>) -> Result<Option<String>, PublishError> {
    let encrypted = |name: &&&str| encryption::is_encrypted(name);
    let Some(&channel) = event.channels.iter().find(encrypted) else {
        return Ok(None);
    };
    if event.channels.len() > 1 {
        return Err(PublishError::EncryptedAmongOthers(channel.to_owned()));
    }
    let mut nonce = EventNonce::default();
    let sealed = match getrandom::fill(&mut nonce) {
        Ok(()) => options
            .master_key(channel)?
            .seal(channel, event.data, &nonce),
        Err(_) => None,
    };
    sealed
        .map(Some)
        .ok_or_else(|| PublishError::CannotEncrypt(channel.to_owned()))
}
