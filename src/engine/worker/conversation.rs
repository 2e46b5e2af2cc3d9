//! What a connection says, and what it is told.

use std::{sync::Arc, time::Instant};

use serde_json::value::RawValue;

use super::{ConnectionKey, Worker};
use crate::{
    engine::{
        application::{Application, ApplicationIndex, ClientEvents},
        backlog::Outlet,
        event::{Said, Subject},
        frame::{Frame, encode},
        notice::Notice,
    },
    protocol::{Access, ClientEvent, ClientMessage, Data, Member, PusherError, error, event, pong},
    websocket::{self, Message, Violation},
};

impl<O: Outlet> Worker<O> {
    /// Takes one WebSocket message. What is to be answered goes out with [`Worker::flush`].
    pub fn receive(&mut self, key: ConnectionKey, message: Message<'_>, now: Instant) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        if connection.is_closing() {
            return;
        }
        connection.touch(now);
        match message {
            Message::Text(text) => self.hear(key, &text, now),
            Message::Binary(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => self.hear(key, text, now),
                Err(_) => self.reply(&error(PusherError::InvalidMessageFormat)),
            },
            Message::Ping(payload) => {
                self.note_control_frame(key);
                self.replies.push(websocket::pong(&payload));
            }
            Message::Pong(_) => self.note_control_frame(key),
            Message::Close(_) => {
                self.replies.extend(message.closing_answer());
                self.begin_closing(key, now);
            }
        }
    }

    /// Ends a connection that broke the rules of WebSocket.
    pub fn violated(&mut self, key: ConnectionKey, violation: Violation, now: Instant) {
        self.replies
            .push(websocket::close_frame(violation.code, violation.reason));
        self.begin_closing(key, now);
    }

    fn note_control_frame(&mut self, key: ConnectionKey) {
        let connection = &mut self.connections[key];
        connection.uses_control_frames = true;
        let socket_id = connection.socket_id;
        self.engine
            .note("Control Frame Received", || socket_id.to_string());
    }

    fn hear(&mut self, key: ConnectionKey, text: &str, now: Instant) {
        let connection = &mut self.connections[key];
        let Some(index) = connection.application else {
            return;
        };
        let socket_id = connection.socket_id;
        self.engine.count_received(self.index);
        self.tally.receive(index);
        self.engine
            .note("Message Received", || socket_id.to_string());
        self.engine
            .notices()
            .debug(|| Notice::Message(text.to_owned()));
        let engine = Arc::clone(&self.engine);
        let application = engine.applications().application(index);
        if let Some(limit) = application.rate_limit
            && !connection.admits_message(limit, now)
        {
            if limit.terminate {
                self.refuse(key, PusherError::RateLimitExceeded, now);
            } else {
                self.note_fault(key, PusherError::RateLimitExceeded);
                self.reply(&error(PusherError::RateLimitExceeded));
            }
            return;
        }
        match self.understand(key, (index, &application), text, now) {
            Ok(()) => {
                engine.note("Message Handled", || socket_id.to_string());
                self.tell_received(index, key, text);
            }
            Err(fault) => {
                self.note_fault(key, fault);
                self.reply(&error(fault));
                // Reverb: a client event that the application does not accept was handled.
                if matches!(
                    fault,
                    PusherError::ClientEventsDisabled | PusherError::NotAMember
                ) {
                    self.tell_received(index, key, text);
                }
            }
        }
    }

    fn understand(
        &mut self,
        key: ConnectionKey,
        application: (ApplicationIndex, &Application),
        text: &str,
        now: Instant,
    ) -> Result<(), PusherError> {
        match ClientMessage::parse(text)? {
            ClientMessage::Ping => self.reply(&pong()),
            ClientMessage::Pong | ClientMessage::Ignored => {}
            ClientMessage::Subscribe(request) => self.subscribe(key, application, &request, now)?,
            ClientMessage::SignIn(request) => self.sign_in(key, application, &request)?,
            ClientMessage::Unsubscribe(channel) => self.unsubscribe(key, application, channel),
            ClientMessage::ClientEvent(event) => self.relay(key, application, event, now)?,
        }
        Ok(())
    }

    /// Passes a client event on to the other subscribers of its channel.
    fn relay(
        &mut self,
        key: ConnectionKey,
        (index, application): (ApplicationIndex, &Application),
        said: ClientEvent<'_>,
        now: Instant,
    ) -> Result<(), PusherError> {
        if application.client_events == ClientEvents::None {
            return Err(PusherError::ClientEventsDisabled);
        }
        if let Some(per_second) = application.limits.client_events_per_second
            && !self.connections[key].admits_client_event(per_second, now)
        {
            return Err(PusherError::RateLimitExceeded);
        }
        let connection = &self.connections[key];
        // Reverb lets an outsider write to any channel in mode `all`, which makes signatures void.
        let open_to_all = application.client_events == ClientEvents::All
            && said.channel.access() == Access::Public;
        let channel = self.names.get(&(index, said.channel.clone()));
        let subscription = channel.and_then(|channel| connection.subscription(*channel));
        if subscription.is_none() && !open_to_all {
            return Err(PusherError::NotAMember);
        }
        let sender = subscription.and_then(|subscription| subscription.member.as_deref());
        let data = Data::Value(said.data.unwrap_or(RawValue::NULL));
        let message = event(
            &said.event,
            said.channel.as_str(),
            data,
            sender.map(Member::id),
        );
        let frame = Frame {
            bytes: encode(&message),
            except: Some(connection.socket_id),
        };
        let subject = || Subject::ClientEvent {
            connection: self.caller(key),
            channel: said.channel.clone(),
            said: Box::new(Said {
                event: said.event.to_string(),
                data: said.data.unwrap_or(RawValue::NULL).get().to_owned(),
                user_id: sender.map(|member| member.user_id().as_str().to_owned()),
            }),
        };
        let directory = self.engine.directory();
        directory.relay(index, &said.channel, frame, subject);
        Ok(())
    }
}
