//! The server behind an address, and what is known of it from earlier requests.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hyper::header::HeaderValue;
use rustls::ClientConfig;

use super::{
    HttpError,
    connection::{Answer, Connection, Failure, Message},
    tls, unexpected,
};
use crate::client::{
    deadline::Deadline,
    options::{HttpOptions, Scheme},
};

/// How long a connection is kept without a request. Routers between here and there forget it in silence sooner or later.
const MAX_IDLE: Duration = Duration::from_secs(15);

/// How long nobody waits again for a server that has not answered in time.
pub(in crate::client) const SILENCE: Duration = Duration::from_secs(10);

/// One server.
#[derive(Default)]
pub(in crate::client) struct Peer {
    name: Option<HeaderValue>,
    tls: Option<Arc<ClientConfig>>,
    connection: Option<Connection>,
    silence: Option<Silence>,
}

/// A server has let a time limit pass.
struct Silence {
    /// The connection on which it did not answer, if there was one.
    connection: Option<Connection>,
    end: Instant,
}

impl Peer {
    /// What the server is called in a request; put together for the first one.
    pub(super) fn name(&mut self, http: &HttpOptions) -> Result<HeaderValue, HttpError> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let name = HeaderValue::try_from(http.authority()).map_err(unexpected)?;
        Ok(self.name.insert(name).clone())
    }

    /// Sends a request and returns the answer. A kept connection that the server has ended meanwhile is remade.
    pub(super) fn ask(
        &mut self,
        http: &HttpOptions,
        message: Message,
        deadline: Deadline,
        connect_timeout: Duration,
    ) -> Result<Answer, HttpError> {
        let message = match self.kept() {
            None => message,
            Some(connection) => match self.exchange(connection, message, deadline) {
                Err(Failure::Unsent(message)) => *message,
                Err(Failure::Failed(error)) => return Err(error),
                Ok(answer) => return Ok(answer),
            },
        };
        let connection = self.connect(http, (deadline, connect_timeout))?;
        self.exchange(connection, message, deadline)
            .map_err(|failure| match failure {
                Failure::Failed(error) => error,
                Failure::Unsent(_) => HttpError::Broken("closed by the server".to_owned()),
            })
    }

    fn kept(&mut self) -> Option<Connection> {
        let connection = self.connection.take();
        connection.filter(|connection| connection.used.elapsed() < MAX_IDLE)
    }

    fn connect(
        &mut self,
        http: &HttpOptions,
        (deadline, limit): (Deadline, Duration),
    ) -> Result<Connection, HttpError> {
        if self.silence.as_ref().is_some_and(Silence::lasts) {
            return Err(HttpError::Silent);
        }
        self.silence = None;
        if http.scheme == Scheme::Https && self.tls.is_none() {
            self.tls = Some(tls::client_config(&http.verify)?);
        }
        let opened = Connection::open(http, self.tls.as_ref(), deadline.within(limit));
        opened.map_err(|error| match error {
            HttpError::TimedOut => {
                self.silence = Some(Silence::begin(None));
                HttpError::Unreachable(format!("no connection within {} ms", limit.as_millis()))
            }
            error => error,
        })
    }

    /// Only a connection that did its work is kept.
    fn exchange(
        &mut self,
        mut connection: Connection,
        message: Message,
        deadline: Deadline,
    ) -> Result<Answer, Failure> {
        let result = connection.exchange(message, deadline);
        match &result {
            Ok(_) => self.connection = Some(connection),
            Err(Failure::Failed(HttpError::TimedOut)) => {
                self.silence = Some(Silence::begin(Some(connection)));
            }
            Err(_) => {}
        }
        result
    }
}

impl Silence {
    fn begin(connection: Option<Connection>) -> Self {
        Self {
            connection,
            end: Instant::now() + SILENCE,
        }
    }

    /// Whether nobody should wait for the server yet.
    fn lasts(&self) -> bool {
        let connection = self.connection.as_ref();
        Instant::now() < self.end && connection.is_none_or(Connection::is_silent)
    }
}
