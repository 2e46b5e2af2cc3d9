//! Everything that touches the system: threads, sockets, HTTP, the clock.
//!
//! It moves bytes between sockets and the layers below and knows neither PHP nor, beyond handing
//! them on, the messages of the protocol. `src/README.md` draws the threads.

mod alarm;
mod companions;
mod config;
mod elsewhere;
mod entrance;
mod error;
mod http;
mod listener;
mod local;
mod open_files;
mod peer;
mod provider;
mod proxies;
mod reach;
mod running;
mod signals;
mod stream;
mod time_limits;
mod tls;
mod worker;

pub use config::{Config, ConfigError, parse_application, parse_event_limits};
pub use error::ServerError;
pub use provider::{Answer, Question};
pub use running::Server;
pub use tls::{TlsError, TlsFault};
