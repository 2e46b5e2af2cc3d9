//! Publishing from PHP: one call, three ways to the server.
//!
//! 1. The engine of this very process, if it runs here ([`Route::Process`]).
//! 2. The server's unix socket on this machine ([`Route::Unix`]): `crate::protocol::local`.
//! 3. A signed HTTP request ([`Route::Http`]), when nothing listens at the socket.
//!
//! What a process keeps between publishes (connections, the id it is recognised by) is in `kept`,
//! belongs to one thread of one process id, and is never used after a fork.
//! This layer knows no PHP: `crate::php` converts and calls. It blocks, but never past the time limits in [`Options`],
//! and no second time for a server that has not said anything since it was waited for in vain; over HTTP, where silence
//! may have other reasons, once in ten seconds.

mod batch;
mod deadline;
mod error;
mod explain;
mod http;
mod inquiries;
mod inquiry;
mod kept;
mod options;
mod percent;
mod process;
mod publisher;
mod sealing;
mod unix;

pub use error::{PublishError, Target};
pub use inquiries::Figures;
pub use options::{Options, OptionsError, Scheme};
pub use publisher::{Authorization, Event, Publisher, Route};
