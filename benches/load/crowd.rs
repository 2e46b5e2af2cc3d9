//! Many clients in one event loop.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use memchr::memmem;
use mio::{Events, Poll};
use reverb::protocol::auth;
use serde_json::json;

use super::{
    link::{Incoming, Links, is_interrupted, said},
    wire::client_frame,
};
use crate::{failure::Failure, servers::Credentials};

/// Connections that are being opened at a time.
pub(crate) const OPENING: usize = 256;

/// How long anything may take that is not being measured.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A channel, and how to subscribe to it.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    credentials: Credentials,
}

pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    buffer: Box<[u8]>,
    pub(crate) links: Links,
}

impl Channel {
    pub(crate) fn new(name: impl Into<String>, credentials: &Credentials) -> Self {
        Self {
            name: name.into(),
            credentials: credentials.clone(),
        }
    }

    /// The frame that asks for a subscription, as a member if there is data about one.
    pub(crate) fn subscribe(&self, socket_id: &str, member: Option<&str>) -> Vec<u8> {
        let name = &self.name;
        if !name.starts_with("private-") && !name.starts_with("presence-") {
            let text = format!(r#"{{"event":"pusher:subscribe","data":{{"channel":"{name}"}}}}"#);
            return client_frame(text.as_bytes());
        }
        let Credentials { key, secret, .. } = &self.credentials;
        let signature = auth::sign_channel(secret, socket_id, name, member);
        let mut data = json!({ "channel": name, "auth": format!("{key}:{signature}") });
        if let Some(member) = member {
            data["channel_data"] = member.into();
        }
        // The event comes first, as in pusher-js.
        let text = format!(r#"{{"event":"pusher:subscribe","data":{data}}}"#);
        client_frame(text.as_bytes())
    }
}

impl Crowd {
    pub(crate) fn new(server: SocketAddr, key: &str) -> Result<Self, Failure> {
        let poll = Poll::new()?;
        let links = Links::new(poll.registry().try_clone()?, server, key);
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 * 1024].into_boxed_slice(),
            links,
        })
    }

    /// Waits for input at most so long, and shows all there is.
    pub(crate) fn turn(
        &mut self,
        timeout: Duration,
        show: &mut impl FnMut(&mut Links, usize, Incoming<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if !is_interrupted(&error) => return Err(error.into()),
            _ => {}
        }
        for event in &self.events {
            self.links
                .receive(event.token().0, &mut self.buffer, show)?;
        }
        Ok(())
    }

    /// Takes turns until something is so.
    pub(crate) fn until(
        &mut self,
        what: &'static str,
        mut show: impl FnMut(&mut Links, usize, Incoming<'_>) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut is_so = false;
        while !is_so {
            if Instant::now() > deadline {
                return Err(Failure::Late(what, PATIENCE));
            }
            self.turn(Duration::from_millis(100), &mut |links, key, incoming| {
                is_so |= show(links, key, incoming)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Opens connections that subscribe to nothing.
    pub(crate) fn open(&mut self, count: usize) -> Result<Vec<usize>, Failure> {
        self.gather(count, |_, _, incoming| {
            Ok(matches!(incoming, Incoming::Greeting))
        })
    }

    /// Opens connections and subscribes each of them.
    pub(crate) fn subscribe(
        &mut self,
        count: usize,
        channel: &Channel,
    ) -> Result<Vec<usize>, Failure> {
        self.gather(count, |links, key, incoming| match incoming {
            Incoming::Greeting => {
                let request = channel.subscribe(links.socket_id(key), None);
                links.send(key, &request).map(|()| false)
            }
            Incoming::Text(text) => is_confirmation(text),
            Incoming::Answer(_) | Incoming::End => Err(ended()),
        })
    }

    /// Opens connections, some at a time, until `is_ready` said so for each of them.
    fn gather(
        &mut self,
        count: usize,
        mut is_ready: impl FnMut(&mut Links, usize, Incoming<'_>) -> Result<bool, Failure>,
    ) -> Result<Vec<usize>, Failure> {
        let mut dialled = 0;
        let mut ready = Vec::with_capacity(count);
        let deadline = Instant::now() + PATIENCE;
        while ready.len() < count {
            while dialled < count && dialled - ready.len() < OPENING {
                self.links.dial()?;
                dialled += 1;
            }
            if Instant::now() > deadline {
                return Err(Failure::Late("connecting", PATIENCE));
            }
            self.turn(Duration::from_millis(100), &mut |links, key, incoming| {
                if is_ready(links, key, incoming)? {
                    ready.push(key);
                }
                Ok(())
            })?;
        }
        Ok(ready)
    }
}

/// Whether a message confirms a subscription; one that refuses it is a failure.
pub(crate) fn is_confirmation(text: &[u8]) -> Result<bool, Failure> {
    if memmem::find(text, b"pusher:error").is_some() {
        return Err(said(text));
    }
    Ok(memmem::find(text, b"subscription_succeeded").is_some())
}

pub(crate) fn ended() -> Failure {
    Failure::Server("it closed a connection".to_owned())
}
