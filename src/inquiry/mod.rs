//! What the HTTP API asks of the engine apart from publishing: channels, members, counts, and the end of a user's connections.
//!
//! The same for all who ask: callers of the HTTP API and of the unix socket (`crate::server`), and PHP code in the
//! server's own process (`crate::client`). It knows neither of these, no socket and no clock.

use std::time::Instant;

use crate::{
    api::{ApiError, ChannelInfo, Command, Info, Limits, Occupancy, Query, Response, Route},
    engine::{self, ApplicationIndex, ApplicationLimits, Engine},
    protocol::ChannelName,
};

/// Carries out a request without a body whose sender is known: its path is that of the HTTP API, with its parameters.
#[must_use]
pub fn call(
    engine: &Engine,
    application: ApplicationIndex,
    (method, target): (&str, &str),
    now: Instant,
) -> Response {
    parse(engine, application, method, target)
        .and_then(|command| {
            // An event needs a body, and has ways of its own.
            answer(engine, application, &command, now).ok_or(ApiError::NotFound)
        })
        .unwrap_or_else(Response::from)
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

/// Carries out a command; `None` if it publishes.
#[must_use]
pub fn answer(
    engine: &Engine,
    application: ApplicationIndex,
    command: &Command,
    now: Instant,
) -> Option<Response> {
    Some(match command {
        Command::Publish(_) | Command::PublishBatch(_) => return None,
        Command::Connections => {
            Response::connections(engine.applications().connections(application))
        }
        Command::Channels { prefix, info } => {
            let mut channels = engine.channels(application, prefix, now);
            channels.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            let infos = channels.into_iter().map(|(name, occupancy)| {
                let info = info.of(&name, described(occupancy));
                (name, info)
            });
            Response::channels(&infos.collect::<Vec<_>>())
        }
        Command::Channel { channel, info } => {
            let info = info.with_occupied();
            Response::channel(&channel_info(engine, application, info, channel, now))
        }
        Command::Users { channel } => users(engine, application, channel),
        Command::TerminateConnections { user_id } => {
            engine.terminate(application, user_id);
            Response::done()
        }
    })
}

/// What is told about a channel.
#[must_use]
pub fn channel_info(
    engine: &Engine,
    application: ApplicationIndex,
    info: Info,
    channel: &ChannelName,
    now: Instant,
) -> ChannelInfo {
    info.of(
        channel,
        described(engine.occupancy(application, channel, now)),
    )
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

fn users(engine: &Engine, application: ApplicationIndex, channel: &ChannelName) -> Response {
    if !channel.is_presence() {
        return Response::users_of_other_channel();
    }
    let Some(members) = engine.members(application, channel) else {
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
