//! The first way: the engine of this process.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    deadline::Deadline,
    error::{PublishError, Target},
    options::Options,
    publisher::Event,
};
use crate::{
    engine::{Engine, Publication, process},
    protocol::{ChannelName, InvalidChannelName, SocketId},
};

/// How often a full engine is looked at; nothing wakes a publisher that waits for it.
const CONGESTED_PAUSE: Duration = Duration::from_millis(1);

/// Publishes to the engine that runs in this process; `None` if there is none that knows the application by this secret.
pub(super) fn publish(options: &Options, event: &Event<'_>) -> Option<Result<(), PublishError>> {
    let engine = process::current()?;
    let applications = engine.applications();
    let index = applications.by_id(&options.app_id)?;
    if applications.application(index).secret != options.secret {
        return None;
    }
    let channels = match channel_names(event) {
        Ok(channels) => channels,
        Err(error) => {
            return Some(Err(PublishError::Refused {
                target: Target::Process,
                message: error.to_string(),
            }));
        }
    };
    let limits = &applications.application(index).limits;
    if let Err(error) = limits.check(event.name, event.data, &channels) {
        return Some(Err(PublishError::Refused {
            target: Target::Process,
            message: error.to_string(),
        }));
    }
    if let Err(error) = wait_for_room(&engine, options) {
        return Some(Err(error));
    }
    engine.publish(
        index,
        &Publication {
            event: event.name,
            data: event.data,
            channels: &channels,
            // A text that is no id of ours excludes nobody, as on the other ways.
            except: event.socket_id.and_then(SocketId::parse),
        },
        Instant::now(),
    );
    Some(Ok(()))
}

fn channel_names(event: &Event<'_>) -> Result<Vec<ChannelName>, InvalidChannelName> {
    event
        .channels
        .iter()
        .map(|channel| ChannelName::parse(channel))
        .collect()
}

/// Holds the publisher back while the workers have too much to deliver, for as long as the time limit.
fn wait_for_room(engine: &Engine, options: &Options) -> Result<(), PublishError> {
    let deadline = Deadline::after(options.timeout);
    while engine.is_congested() {
        let limit = options.timeout;
        deadline.remaining().ok_or(PublishError::TimedOut {
            target: Target::Process,
            limit,
        })?;
        thread::sleep(CONGESTED_PAUSE);
    }
    Ok(())
}
