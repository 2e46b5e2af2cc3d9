//! Why an event was not published, and what to do about it.

use std::{fmt, path::PathBuf, time::Duration};

use thiserror::Error;

/// Where a publish went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The engine of this process.
    Process,
    /// The server's unix socket.
    Socket(PathBuf),
    /// The server's HTTP API.
    Url(String),
    /// Any server: nothing was sent.
    Any,
}

impl Target {
    /// What to do when something else answers than was expected.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Process | Self::Socket(_) | Self::Any => {
                "after an upgrade of the extension, run: php artisan reverb:restart"
            }
            Self::Url(_) => "check the options `scheme`, `host`, `port` and `path`",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process => formatter.write_str("the Reverb server of this process"),
            Self::Socket(path) => write!(formatter, "the Reverb server at {}", path.display()),
            Self::Url(url) => write!(formatter, "the Reverb server at {url}"),
            Self::Any => formatter.write_str("the Reverb server"),
        }
    }
}

/// A place where no server was found, and what the system said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// The path or address.
    pub place: String,
    /// The system's text.
    pub cause: String,
}

impl fmt::Display for Absence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.place, self.cause)
    }
}

/// The event was not published. Each text names the cause and, where there is one, the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PublishError {
    /// The caller named no channel, or an empty one.
    #[error("an event needs at least one channel, and no channel name may be empty")]
    NoChannel,
    /// The caller gave something else as a socket id.
    #[error("`{0}` is not a socket id; it is two integers joined by a dot, such as 123.456")]
    BadSocketId(String),
    /// A name that could carry another signature, as parts of what is signed are joined by colons: Pusher's SDKs refuse it too.
    #[error(
        "`{0}` cannot be signed as a channel's name; it must be letters, digits and any of -_=@,.; after perhaps a #"
    )]
    BadChannel(String),
    /// Nothing answers, wherever it was looked for.
    #[error("the Reverb server is not running: nothing answers at {}; start it with: php artisan reverb:start", join(.0))]
    NotRunning(Vec<Absence>),
    /// Neither a socket nor a host is configured, and no server runs in this process.
    #[error(
        "there is no way to a Reverb server: set the option `socket` or `host`, or start it with: php artisan reverb:start"
    )]
    NoWay,
    /// The file that says whose certificates to trust will not do.
    #[error(
        "the authorities of the option `verify` cannot be read from {}: {cause}; it must be a PEM file with certificates", path.display()
    )]
    BadAuthorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The server knows the application, but by another secret.
    #[error(
        "{target} refuses the secret of application `{app_id}`; compare REVERB_APP_SECRET here and there, then run: php artisan reverb:restart"
    )]
    WrongSecret {
        /// Who refused.
        target: Target,
        /// The application.
        app_id: String,
    },
    /// The server does not know the application by this secret; at the unix socket it does not say more.
    #[error(
        "{target} refuses the secret of application `{app_id}`, or has no such application; compare REVERB_APP_ID and REVERB_APP_SECRET here and there, then run: php artisan reverb:restart"
    )]
    WrongCredentials {
        /// Who refused.
        target: Target,
        /// The application.
        app_id: String,
    },
    /// What listens at the socket accepts the application's secret without knowing it; it was sent nothing else.
    #[error(
        "what listens at {} does not know the secret of application `{app_id}`: another program has taken the server's place, and was sent nothing; end it, see who may write to that directory, then run: php artisan reverb:restart", socket.display()
    )]
    Impostor {
        /// The path.
        socket: PathBuf,
        /// The application.
        app_id: String,
    },
    /// The server does not know the application.
    #[error(
        "{target} has no application `{app_id}`; compare REVERB_APP_ID here and there, then run: php artisan reverb:restart"
    )]
    UnknownApplication {
        /// Who refused.
        target: Target,
        /// The application.
        app_id: String,
    },
    /// The event is larger than the server takes.
    #[error(
        "the event `{event}` is too large for {target} ({bytes} bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE"
    )]
    TooLarge {
        /// Who refused.
        target: Target,
        /// The event's name.
        event: String,
        /// The size of the event's data.
        bytes: usize,
    },
    /// The server did not answer in time. Whether it took the event is not known.
    #[error("{target} did not answer within {} ms; it may be stopped or overloaded", .limit.as_millis())]
    TimedOut {
        /// Who was asked.
        target: Target,
        /// The limit that was reached.
        limit: Duration,
    },
    /// The server has not answered an earlier call in time, nor anything since; nothing was sent.
    #[error(
        "{target} still does not answer; nothing was sent, and nobody waits for it before it does{}", or_after(.limit)
    )]
    Silent {
        /// Who was asked.
        target: Target,
        /// How long after the call that was waited for it may be tried again all the same.
        limit: Option<Duration>,
    },
    /// The server said no in its own words.
    #[error("{target} refused the event: {message}")]
    Refused {
        /// Who refused.
        target: Target,
        /// The server's text.
        message: String,
    },
    /// The server does not answer a question.
    #[error("{target} refused the request: {message}")]
    RefusedRequest {
        /// Who refused.
        target: Target,
        /// The server's text.
        message: String,
    },
    /// Only presence channels know their users.
    #[error("`{0}` is not a presence channel; only these have users")]
    NoPresenceChannel(String),
    /// A name or an id that must not be empty.
    #[error("the {0} must not be empty")]
    Empty(&'static str),
    /// An event or a subscription of an encrypted channel, and no key.
    #[error(
        "`{0}` is an encrypted channel: set the option `encryption_master_key_base64` to 32 random bytes in base64, for example the output of: openssl rand -base64 32"
    )]
    NoMasterKey(String),
    /// An event for an encrypted channel and others: each would need data of its own.
    #[error("`{0}` is an encrypted channel: an event for it cannot be for other channels too")]
    EncryptedAmongOthers(String),
    /// The system has no randomness, or the data is larger than memory.
    #[error("the event for the encrypted channel `{0}` cannot be encrypted")]
    CannotEncrypt(String),
    /// The connection was lost. Whether the server took the event is not known.
    #[error("the connection to {target} was lost: {cause}")]
    Lost {
        /// Who was asked.
        target: Target,
        /// The system's text.
        cause: String,
    },
    /// An event that nobody waited for was not published, or it is not known; the caller's event was not sent.
    #[error("nothing was sent, because an earlier event that was not waited for failed: {0}")]
    Earlier(Box<PublishError>),
    /// What answers is no Reverb server, or one of another version.
    #[error("{target} does not answer as this extension expects ({cause}); {}", .target.remedy())]
    Incompatible {
        /// Who was asked.
        target: Target,
        /// What was unexpected.
        cause: String,
    },
}

impl PublishError {
    /// Nothing answers at these places.
    pub(super) fn absent(absences: Vec<Absence>) -> Self {
        if absences.is_empty() {
            Self::NoWay
        } else {
            Self::NotRunning(absences)
        }
    }
}

fn join(absences: &[Absence]) -> String {
    let places: Vec<String> = absences.iter().map(Absence::to_string).collect();
    places.join(" nor at ")
}

fn or_after(limit: &Option<Duration>) -> String {
    limit.map_or_else(String::new, |limit| {
        format!(" or {} s are over", limit.as_secs())
    })
}
