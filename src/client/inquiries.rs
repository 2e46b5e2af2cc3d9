//! What a publisher asks of its server.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Publisher, Route,
    deadline::Deadline,
    error::{Absence, PublishError, Target},
    explain,
    http::{self, HttpError},
    inquiry::{Inquiry, Reply, Request},
    kept::Kept,
    options::Options,
    process,
    unix::{UnixError, Way},
};
use crate::protocol::local::ClientFrame;

/// An application's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Its connections.
    pub connections: u64,
    /// Its occupied channels.
    pub channels: usize,
}

/// What came back, and from where.
struct Answer {
    target: Target,
    reply: Reply,
}

#[derive(Deserialize)]
struct Users {
    users: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    id: Value,
}

#[derive(Deserialize)]
struct Connections {
    connections: u64,
}

#[derive(Deserialize)]
struct Channels {
    channels: Value,
}

impl Publisher {
    /// The occupied channels whose names begin with a prefix, each with what `info` asks for.
    ///
    /// # Errors
    /// Why no server answered.
    pub fn channels(
        &mut self,
        prefix: &str,
        info: &[&str],
    ) -> Result<Map<String, Value>, PublishError> {
        let answer = self.ask(Inquiry::Channels(prefix, info))?;
        match answer.read::<Channels>()?.channels {
            Value::Object(channels) => Ok(channels),
            // Laravel Reverb says `[]` for none.
            _ => Ok(Map::new()),
        }
    }

    /// Whether a channel is occupied, and what `info` asks for.
    ///
    /// # Errors
    /// Why no server answered.
    pub fn channel(
        &mut self,
        channel: &str,
        info: &[&str],
    ) -> Result<Map<String, Value>, PublishError> {
        check("channel's name", channel)?;
        self.ask(Inquiry::Channel(channel, info))?.read()
    }

    /// The ids of the users in a presence channel.
    ///
    /// # Errors
    /// If it is no presence channel, or why no server answered.
    pub fn users(&mut self, channel: &str) -> Result<Vec<Value>, PublishError> {
        if !channel.starts_with("presence-") {
            return Err(PublishError::NoPresenceChannel(channel.to_owned()));
        }
        let answer = self.ask(Inquiry::Users(channel))?;
        if answer.reply.status == 404 {
            return Ok(Vec::new());
        }
        let users = answer.read::<Users>()?.users;
        Ok(users.into_iter().map(|user| user.id).collect())
    }

    /// Closes all connections of a user.
    ///
    /// # Errors
    /// Why no server answered.
    pub fn terminate(&mut self, user_id: &str) -> Result<(), PublishError> {
        check("user's id", user_id)?;
        let answer = self.ask(Inquiry::Terminate(user_id))?;
        answer.read::<Value>().map(drop)
    }

    /// The application's figures.
    ///
    /// # Errors
    /// Why no server answered.
    pub fn figures(&mut self) -> Result<Figures, PublishError> {
        let connections = self.ask(Inquiry::Connections)?.read::<Connections>()?;
        let is_complete = self.is_complete;
        let channels = self.channels("", &[])?.len();
        self.is_complete &= is_complete;
        Ok(Figures {
            connections: connections.connections,
            channels,
        })
    }

    /// Whether the last answer told of all servers of the installation. If not, the others did not answer
    /// in time, and it told only of the one that was asked.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn ask(&mut self, inquiry: Inquiry<'_>) -> Result<Answer, PublishError> {
        let request = inquiry.request(&self.options.app_id);
        let (route, answer) = choose(&self.options, &request)?;
        self.route = Some(route);
        self.is_complete = answer.reply.is_complete;
        Ok(answer)
    }
}

fn choose(options: &Options, request: &Request) -> Result<(Route, Answer), PublishError> {
    if let Some(answer) = process::ask(options, request) {
        return Ok((Route::Process, Answer::new(Target::Process, answer)));
    }
    let deadline = Deadline::after(options.timeout);
    let mut absences = Vec::new();
    if let Some(socket) = &options.socket {
        let way = Way {
            socket,
            options,
            deadline,
        };
        let (method, target) = (request.method, &*request.target());
        let call = ClientFrame::Call { method, target };
        match Kept::with(|kept| kept.link(socket, options).ask(way, &call)) {
            Ok(answer) => {
                let target = Target::Socket(socket.clone());
                return Ok((Route::Unix, Answer::new(target, answer)));
            }
            Err(UnixError::Unreachable(cause)) => absences.push(Absence {
                place: socket.display().to_string(),
                cause,
            }),
            Err(error) => return Err(explain::unix(options, socket, error)),
        }
    }
    if let Some(http) = &options.http {
        match Kept::with(|kept| http::ask(kept.peer(http), options, http, request, deadline)) {
            Ok(answer) => {
                let target = Target::Url(http.base());
                return Ok((Route::Http, Answer::new(target, answer)));
            }
            Err(HttpError::Unreachable(cause)) => absences.push(Absence {
                place: http.base(),
                cause,
            }),
            Err(error) => return Err(explain::http(options, http, error, &[])),
        }
    }
    Err(PublishError::absent(absences))
}

fn check(what: &'static str, text: &str) -> Result<(), PublishError> {
    if text.is_empty() {
        return Err(PublishError::Empty(what));
    }
    Ok(())
}

impl Answer {
    fn new(target: Target, reply: Reply) -> Self {
        Self { target, reply }
    }

    /// Reads a good answer.
    fn read<T: for<'a> Deserialize<'a>>(self) -> Result<T, PublishError> {
        let Reply { status, text, .. } = self.reply;
        if status != 200 {
            return Err(explain::answer(self.target, status, &text));
        }
        serde_json::from_str(&text).map_err(|error| PublishError::Incompatible {
            target: self.target,
            cause: error.to_string(),
        })
    }
}
