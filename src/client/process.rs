//! The first way: the engine of this process.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::{
    deadline::Deadline,
    error::{PublishError, Target},
    inquiry::{Reply, Request},
    options::Options,
    publisher::Event,
};
use crate::{
    engine::{
        ApplicationIndex, Engine, Publication,
        cluster::{Asker, Question},
        process,
    },
    inquiry::{self, Elsewhere},
    protocol::{ChannelName, SocketId},
};

/// How often a full engine is looked at; nothing wakes a publisher that waits for it.
const CONGESTED_PAUSE: Duration = Duration::from_millis(1);

/// How long other servers may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// Publishes to the engine that runs in this process; `None` if there is none that knows the application by this secret.
///
/// Nothing is published if one of the events is refused.
pub(super) fn publish(options: &Options, events: &[Event<'_>]) -> Option<Result<(), PublishError>> {
    let (engine, index) = engine_of(options)?;
    let limits = engine.event_limits(index);
    let checked: Result<Vec<_>, _> = events
        .iter()
        .map(|event| event.fit(&limits, Target::Process))
        .collect();
    Some(checked.and_then(|channels| {
        for (event, channels) in events.iter().zip(&channels) {
            wait_for_room(&engine, options)?;
            publish_one(&engine, index, event, channels);
        }
        Ok(())
    }))
}

/// Asks the engine that runs in this process; `None` as above.
pub(super) fn ask(options: &Options, request: &Request) -> Option<Reply> {
    let (engine, index) = engine_of(options)?;
    let call = (request.method, &*request.target());
    let response = inquiry::read(&engine, index, call).map_or_else(
        |response| response,
        |command| {
            let elsewhere = elsewhere(&engine, inquiry::question(&engine, index, &command));
            inquiry::answer(&engine, index, &command, &elsewhere, Instant::now())
        },
    );
    Some(Reply {
        status: response.status,
        is_complete: response.is_complete(),
        text: response.body,
    })
}

/// Asks the other servers, and waits for a moment.
fn elsewhere(engine: &Engine, question: Option<Question>) -> Elsewhere {
    let Some(question) = question else {
        return Elsewhere::Nothing;
    };
    let (sender, receiver) = mpsc::channel();
    // An answer that comes too late is nobody's.
    let asker = Asker::new(move |answer| drop(sender.send(answer)));
    engine.ask(question, asker);
    match receiver.recv_timeout(ANSWER_TIME) {
        Ok(Some(answer)) => Elsewhere::Known(answer),
        _ => Elsewhere::Unknown,
    }
}

/// The engine of this process, if it knows the application by this secret.
fn engine_of(options: &Options) -> Option<(Arc<Engine>, ApplicationIndex)> {
    let engine = process::current()?;
    let applications = engine.applications();
    let index = applications.by_id(&options.app_id)?;
    (applications.application(index).secret == options.secret).then_some((engine, index))
}

fn publish_one(
    engine: &Engine,
    application: ApplicationIndex,
    event: &Event<'_>,
    channels: &[ChannelName],
) {
    let publication = Publication {
        event: event.name,
        data: event.data,
        channels,
        // A text that is no id of ours excludes nobody, as on the other ways.
        except: event.socket_id.and_then(SocketId::parse),
    };
    engine.publish(application, &publication, Instant::now());
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
