//! The front of this layer: chooses the way, signs what browsers show.

use super::{
    batch::Batch,
    deadline::Deadline,
    error::{Absence, PublishError, Target},
    explain,
    http::{self, HttpError},
    kept::Kept,
    options::Options,
    process,
    sealing::Seals,
    unix::{Patience, UnixError, Way},
};
use crate::{
    engine::EventLimits,
    protocol::{ChannelName, auth, encryption},
};

/// Publishes for one application, and signs for it.
pub struct Publisher {
    pub(super) options: Options,
    patience: Patience,
    pub(super) route: Option<Route>,
    /// Whether the last answer told of all servers.
    pub(super) is_complete: bool,
    /// `Some` while a batch is open.
    batch: Option<Batch>,
}

/// One event for some channels.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The channels' names; at least one.
    pub channels: Vec<&'a str>,
    /// The event's name.
    pub name: &'a str,
    /// The event's data, as the text that subscribers receive.
    pub data: &'a str,
    /// The connection that must not receive the event.
    pub socket_id: Option<&'a str>,
}

/// What a browser shows to subscribe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// `{key}:{signature}`.
    pub auth: String,
    /// What the browser reads the channel's events with, in base64, if they are encrypted. The server never sees it.
    pub shared_secret: Option<String>,
}

/// The way an event took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The engine of this process.
    Process,
    /// The server's unix socket.
    Unix,
    /// The server's HTTP API.
    Http,
}

impl Route {
    /// The way's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Unix => "unix",
            Self::Http => "http",
        }
    }
}

impl Publisher {
    /// Makes a publisher. Nothing is connected yet: that is left to the first publish, after any fork.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            patience: Patience::of(options.acknowledge),
            options,
            route: None,
            is_complete: true,
            batch: None,
        }
    }

    /// Publishes an event and returns when a server has taken it; with `acknowledge` off, when it is written, and
    /// in an open batch when it is written or kept for the next event or the batch's end.
    ///
    /// # Errors
    /// Why no server took it. After `TimedOut` and `Lost` it may have been published all the same.
    /// `Earlier`, if an event that was not waited for failed: this one was not sent then.
    pub fn publish(&mut self, event: &Event<'_>) -> Result<Route, PublishError> {
        match self.batch.take() {
            Some(batch) => self.publish_in(batch, event),
            None => self.publish_all(std::slice::from_ref(event), self.patience),
        }
    }

    /// Checks an event as [`Self::publish`] and a server of these limits would; sends nothing.
    ///
    /// # Errors
    /// What they would say, of no certain server.
    pub fn check(&self, event: &Event<'_>, limits: &EventLimits) -> Result<(), PublishError> {
        event.check()?;
        let events = std::slice::from_ref(event);
        let seals = Seals::of(&self.options, events)?;
        let sealed = seals.apply(events);
        for event in sealed.as_deref().unwrap_or(events) {
            event.fit(limits, Target::Any)?;
        }
        Ok(())
    }

    /// Waits for no event from now on, and sends those that go over HTTP together, until [`Self::settle`].
    pub fn open_batch(&mut self) {
        self.batch.get_or_insert_default();
    }

    /// Publishes events in their order and returns when a server has answered all of them.
    ///
    /// # Errors
    /// The first failure; the events around it may have been published.
    pub fn publish_batch(&mut self, events: &[Event<'_>]) -> Result<(), PublishError> {
        if events.is_empty() {
            return Ok(());
        }
        self.publish_all(events, Patience::Wait).map(drop)
    }

    /// Waits for the server's answers from now on, or not; returns what held before.
    pub fn acknowledge(&mut self, acknowledge: bool) -> bool {
        std::mem::replace(&mut self.patience, Patience::of(acknowledge)) == Patience::Wait
    }

    /// Ends a batch, and waits until the server has answered every event that was not waited for.
    ///
    /// # Errors
    /// The first failure among them that was not told yet.
    pub fn settle(&mut self) -> Result<(), PublishError> {
        let sent = self.batch.take().map(|batch| self.send(&batch));
        let settled = self.settle_link();
        sent.unwrap_or(Ok(())).and(settled)
    }

    fn settle_link(&self) -> Result<(), PublishError> {
        let Some(way) = self.way() else {
            return Ok(());
        };
        Kept::with(|kept| kept.link(way.socket, way.options).settle(way))
            .map_err(|error| explain::unix(way.options, way.socket, error))
    }

    /// The way over the unix socket, if there is one, and the time for it from now on.
    fn way(&self) -> Option<Way<'_>> {
        self.options.socket.as_ref().map(|socket| Way {
            socket,
            options: &self.options,
            deadline: Deadline::after(self.options.timeout),
        })
    }

    /// How many events of this process have failed that nobody waited for.
    #[must_use]
    pub fn failures(&self) -> u64 {
        let socket = self.options.socket.as_ref();
        socket.map_or(0, |socket| {
            Kept::with(|kept| kept.link(socket, &self.options).failures())
        })
    }

    /// The way of the last publish or question that succeeded.
    #[must_use]
    pub fn route(&self) -> Option<Route> {
        self.route
    }

    /// Signs a subscription.
    ///
    /// # Errors
    /// If the socket id or the channel's name is none, or the channel is encrypted and there is no key.
    pub fn authorize_channel(
        &self,
        socket_id: &str,
        channel: &str,
        channel_data: Option<&str>,
    ) -> Result<Authorization, PublishError> {
        check_socket_id(socket_id)?;
        check_channel(channel)?;
        let signature = auth::sign_channel(&self.options.secret, socket_id, channel, channel_data);
        let shared_secret = encryption::is_encrypted(channel)
            .then(|| Ok(self.options.master_key(channel)?.shared_secret(channel)));
        Ok(Authorization {
            auth: format!("{}:{signature}", self.options.key),
            shared_secret: shared_secret.transpose()?,
        })
    }

    /// Signs a user's sign-in: `{key}:{signature}`.
    ///
    /// # Errors
    /// If the socket id is none.
    pub fn authenticate_user(
        &self,
        socket_id: &str,
        user_data: &str,
    ) -> Result<String, PublishError> {
        check_socket_id(socket_id)?;
        let signature = auth::sign_user(&self.options.secret, socket_id, user_data);
        Ok(format!("{}:{signature}", self.options.key))
    }

    /// Publishes an event on the ways that take one without a wait, or else keeps it. The order stays.
    fn publish_in(&mut self, mut batch: Batch, event: &Event<'_>) -> Result<Route, PublishError> {
        let route = self.write_or_hold(&mut batch, event);
        let sent = if batch.is_full() {
            let full = std::mem::take(&mut batch);
            self.send(&full)
        } else {
            Ok(())
        };
        self.batch = Some(batch);
        let route = route?;
        self.route = Some(route);
        sent.map(|()| route)
    }

    fn write_or_hold(&self, batch: &mut Batch, event: &Event<'_>) -> Result<Route, PublishError> {
        event.check()?;
        let event = std::slice::from_ref(event);
        let seals = Seals::of(&self.options, event)?;
        let sealed = seals.apply(event);
        let event = sealed.as_deref().unwrap_or(event);
        if batch.is_empty() {
            let deadline = Deadline::after(self.options.timeout);
            match self.choose_nearby(event, Patience::Gather, deadline)? {
                Nearby::Taken(route) => return Ok(route),
                Nearby::Absent(absences) if self.options.http.is_none() => {
                    return Err(PublishError::absent(absences));
                }
                Nearby::Absent(_) => {}
            }
        }
        event.iter().for_each(|event| batch.hold(event));
        Ok(Route::Http)
    }

    /// Publishes what was kept, and waits for it.
    fn send(&mut self, batch: &Batch) -> Result<(), PublishError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.route = Some(self.choose(&batch.events(), Patience::Wait)?);
        Ok(())
    }

    fn publish_all(
        &mut self,
        events: &[Event<'_>],
        patience: Patience,
    ) -> Result<Route, PublishError> {
        events.iter().try_for_each(Event::check)?;
        let seals = Seals::of(&self.options, events)?;
        let route = match seals.apply(events) {
            Some(sealed) => self.choose(&sealed, patience),
            None => self.choose(events, patience),
        }?;
        self.route = Some(route);
        Ok(route)
    }

    fn choose(&self, events: &[Event<'_>], patience: Patience) -> Result<Route, PublishError> {
        let options = &self.options;
        let deadline = Deadline::after(options.timeout);
        let mut absences = match self.choose_nearby(events, patience, deadline)? {
            Nearby::Taken(route) => return Ok(route),
            Nearby::Absent(absences) => absences,
        };
        if let Some(http) = &options.http {
            match Kept::with(|kept| http::publish(kept.peer(http), options, http, events, deadline))
            {
                Ok(()) => return Ok(Route::Http),
                Err(HttpError::Unreachable(cause)) => absences.push(Absence {
                    place: http.base(),
                    cause,
                }),
                Err(error) => return Err(explain::http(options, http, error, events)),
            }
        }
        Err(PublishError::absent(absences))
    }

    /// Tries the ways on this machine.
    fn choose_nearby(
        &self,
        events: &[Event<'_>],
        patience: Patience,
        deadline: Deadline,
    ) -> Result<Nearby, PublishError> {
        let options = &self.options;
        if let Some(result) = process::publish(options, events) {
            return result.map(|()| Nearby::Taken(Route::Process));
        }
        let Some(socket) = &options.socket else {
            return Ok(Nearby::Absent(Vec::new()));
        };
        let way = Way {
            socket,
            options,
            deadline,
        };
        match Kept::with(|kept| kept.link(socket, options).publish(way, events, patience)) {
            Ok(()) => Ok(Nearby::Taken(Route::Unix)),
            Err(UnixError::Unreachable(cause)) => Ok(Nearby::Absent(vec![Absence {
                place: socket.display().to_string(),
                cause,
            }])),
            Err(error) => Err(explain::unix(options, socket, error)),
        }
    }
}

impl Drop for Publisher {
    /// A script may end within a batch: what it has published leaves with it.
    fn drop(&mut self) {
        if let (Some(_), Some(way)) = (&self.batch, self.way()) {
            Kept::with(|kept| kept.link(way.socket, way.options).flush(way));
        }
    }
}

/// What became of events on the ways that need no network.
enum Nearby {
    /// A server has taken them.
    Taken(Route),
    /// There is none at these places.
    Absent(Vec<Absence>),
}

impl Event<'_> {
    fn check(&self) -> Result<(), PublishError> {
        if self.channels.is_empty() || self.channels.iter().any(|channel| channel.is_empty()) {
            return Err(PublishError::NoChannel);
        }
        self.socket_id.map_or(Ok(()), check_socket_id)
    }

    /// The channels of an event that is within the limits of this server.
    pub(super) fn fit(
        &self,
        limits: &EventLimits,
        target: Target,
    ) -> Result<Vec<ChannelName>, PublishError> {
        limits
            .check(self.name, self.data, &self.channels)
            .map_err(|unfit| explain::unfit(target, self, &unfit))
    }
}

/// Pusher's rule for the name of a channel that is signed.
fn check_channel(name: &str) -> Result<(), PublishError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=@,.;".contains(&byte);
    let bare = name.strip_prefix('#').unwrap_or(name);
    if bare.is_empty() || !bare.bytes().all(is_allowed) {
        return Err(PublishError::BadChannel(name.to_owned()));
    }
    Ok(())
}

/// Pusher's rule for what an application may pass on: two integers joined by a dot.
fn check_socket_id(socket_id: &str) -> Result<(), PublishError> {
    let is_integer =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match socket_id.split_once('.') {
        Some((high, low)) if is_integer(high) && is_integer(low) => Ok(()),
        _ => Err(PublishError::BadSocketId(socket_id.to_owned())),
    }
}
