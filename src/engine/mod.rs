//! The state of a server: who is connected, who subscribes to what, who is present, and what is on
//! its way to whom.
//!
//! It knows no socket, no clock and no PHP: input, time and randomness are handed in, output goes
//! to an [`Outlet`]. `src/README.md` draws the path of an event through these files.

mod application;
mod applications;
mod backlog;
mod channel;
pub mod cluster;
mod connection;
mod contention;
mod copies;
mod directory;
mod event;
mod event_limits;
mod frame;
mod inbox;
mod metrics;
mod notice;
mod origin;
mod presence;
pub mod process;
mod publish;
mod reach;
mod shards;
mod users;
mod worker;

pub use application::{
    Application, ApplicationIndex, ApplicationLimits, ClientEvents, OverLimit, RateLimit,
};
pub use applications::{Applications, TooManyApplications};
pub use backlog::{Gone, Outlet};
pub use contention::Contention;
pub use directory::Occupancy;
pub use event::{Caller, Event, EventKind, EventKinds, Place, Said, Source, Subject};
pub use event_limits::{EventLimits, UnfitEvent};
pub use inbox::Wake;
pub use metrics::ApplicationStats;
pub use notice::{Notice, Notices};
pub use publish::{Engine, Limits, Publication, Stats};
pub use reach::Subscriber;
pub use worker::{ConnectionKey, Opening, Worker};
