//! What the HTTP API asks of the engine apart from publishing: channels, members, counts, and the end of a user's connections.
//!
//! The same for all who ask: callers of the HTTP API and of the unix socket (`crate::server`), and PHP code in the
//! server's own process (`crate::client`). It knows neither of these, no socket and no clock.

mod elsewhere;

use std::time::Instant;

pub use self::elsewhere::{Elsewhere, question};
pub use crate::api::INCOMPLETE;
use crate::{
    api::{ApiError, Command, Limits, Occupancy, Query, Response, Route},
    engine::{self, ApplicationIndex, ApplicationLimits, Engine},
    protocol::ChannelName,
};

/// Reads a request without a body whose sender is known: its path is that of the HTTP API, with its parameters.
///
/// # Errors
/// The response, if it is none that can be answered.
pub fn read(
    engine: &Engine,
    application: ApplicationIndex,
    (method, target): (&str, &str),
) -> Result<Command, Response> {
    parse(engine, application, method, target).map_err(Response::from)
}

fn parse(
    engine: &Engine,
    application: ApplicationIndex,
    method: &str,
    target: &str,
) -> Result<Command, ApiError> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Route::Application { id, endpoint } = Route::parse(method, path, "")? else {
        return Err(ApiError::NotFound);
    };
    if engine.applications().by_id(&id) != Some(application) {
        return Err(ApiError::ApplicationUnknown(id));
    }
    let command = Command::parse(endpoint, &Query::parse(query), b"")?;
    limits(&engine.applications().application(application).limits).check(&command)?;
    Ok(command)
}

/// Carries out a command; it does not publish, for which there are ways of its own.
#[must_use]
pub fn answer(
    engine: &Engine,
    application: ApplicationIndex,
    command: &Command,
    elsewhere: &Elsewhere,
    now: Instant,
) -> Response {
    let response = match command {
        Command::Publish(_) | Command::PublishBatch(_) => return ApiError::NotFound.into(),
        Command::Connections => {
            let here = engine.applications().connections(application);
            Response::connections(here + elsewhere.connections())
        }
        Command::Channels { prefix, info } => {
            let channels = elsewhere.list(engine, application, prefix, now);
            let infos = channels.into_iter().map(|(name, occupancy)| {
                let info = info.of(&name, described(occupancy));
                (name, info)
            });
            Response::channels(&infos.collect::<Vec<_>>())
        }
        Command::Channel { channel, info } => {
            let info = info.with_occupied();
            let server = (engine, application);
            Response::channel(&elsewhere.channel_info(server, info, channel, now))
        }
        Command::Users { channel } => users(engine, application, channel, elsewhere),
        Command::TerminateConnections { user_id } => {
            engine.terminate(application, user_id);
            Response::done()
        }
    };
    marked(response, elsewhere)
}

/// Says of a response that others are left out, if they are.
#[must_use]
pub fn marked(response: Response, elsewhere: &Elsewhere) -> Response {
    if elsewhere.is_unknown() {
        response.incomplete()
    } else {
        response
    }
}

/// An application's limits, as far as they concern the API.
#[must_use]
pub fn limits(limits: &ApplicationLimits) -> Limits {
    Limits {
        channel_name_length: limits.channel_name_length,
        event_name_length: limits.event_name_length,
        event_data_size: limits.event_data_size,
        channels_per_event: limits.channels_per_event,
        events_per_batch: limits.events_per_batch,
    }
}

fn users(
    engine: &Engine,
    application: ApplicationIndex,
    channel: &ChannelName,
    elsewhere: &Elsewhere,
) -> Response {
    if !channel.is_presence() {
        return Response::users_of_other_channel();
    }
    let Some(members) = elsewhere.members(engine, application, channel) else {
        return Response::users_of_unknown_channel();
    };
    let ids: Vec<_> = members
        .iter()
        .map(|member| member.id().to_owned())
        .collect();
    Response::users(&ids)
}

fn described(occupancy: engine::Occupancy) -> Occupancy {
    Occupancy {
        subscriptions: occupancy.subscriptions,
        users: occupancy.users,
        cached: occupancy
            .cached
            .and_then(|message| serde_json::from_slice(&message).ok()),
    }
}
