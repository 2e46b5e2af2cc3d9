//! Reaching single connections and the subscribers of a channel from outside the workers, which is
//! what listeners in PHP do.

use std::{
    sync::{Arc, mpsc},
    time::Instant,
};

use super::{
    application::ApplicationIndex,
    event::{Caller, Place},
    frame::Frame,
    inbox::Task,
    publish::Engine,
};
use crate::{
    protocol::{ChannelName, Member, SocketId},
    websocket::text_frame,
};

/// A subscriber of a channel.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// Who it is.
    pub connection: Caller,
    /// As whom the application signed it in to the channel.
    pub member: Option<Arc<Member>>,
}

impl Engine {
    /// Sends a text to one connection, if it is still there.
    pub fn send(&self, socket_id: SocketId, place: Place, text: &str) {
        let frame = text_frame(text);
        self.hand(place, |key| Task::Send {
            key,
            socket_id,
            frame,
        });
    }

    /// Closes one connection, if it is still there.
    pub fn disconnect(&self, socket_id: SocketId, place: Place) {
        self.hand(place, |key| Task::Close { key, socket_id });
    }

    /// Sends a text to the subscribers of a channel as it is. A cache channel keeps it.
    pub fn broadcast(
        &self,
        application: ApplicationIndex,
        channel: &ChannelName,
        (text, except): (&str, Option<SocketId>),
        now: Instant,
    ) {
        let frame = Frame {
            bytes: text_frame(text),
            except,
        };
        self.note("Broadcasting To", || channel.to_string());
        if channel.is_cache() {
            let time = (now, self.cache_ttl());
            self.directory()
                .publish_and_keep(application, channel, frame, time);
        } else {
            self.directory().publish(application, channel, frame);
        }
    }

    /// Asks the workers for the subscribers of a channel; each answers once, in its own time.
    #[must_use]
    pub fn subscribers(
        &self,
        application: ApplicationIndex,
        channel: &ChannelName,
    ) -> mpsc::Receiver<Vec<Subscriber>> {
        let (answer, answers) = mpsc::channel();
        for inbox in self.inboxes() {
            inbox.push(Task::List {
                application,
                channel: channel.clone(),
                answer: answer.clone(),
            });
        }
        answers
    }

    fn hand(&self, place: Place, task: impl FnOnce(usize) -> Task) {
        if let Some(inbox) = self.inboxes().get(place.worker as usize) {
            inbox.push(task(place.key as usize));
        }
    }
}
