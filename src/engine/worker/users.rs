//! Signing in: who a connection is, beyond the channels it subscribes to.

use std::{collections::hash_map::Entry, time::Instant};

use super::{ConnectionKey, Worker};
use crate::{
    engine::{
        application::{Application, ApplicationIndex},
        backlog::Outlet,
        connection::Connection,
        frame::encode,
    },
    protocol::{
        ChannelName, PusherError, SignIn, Status, User, UserId, auth, signin_success,
        watchlist_events,
    },
};

/// Events published to this and a user's id reach the connections that are signed in as the user.
const SERVER_TO_USER: &str = "#server-to-user-";

impl<O: Outlet> Worker<O> {
    pub(super) fn sign_in(
        &mut self,
        key: ConnectionKey,
        (index, application): (ApplicationIndex, &Application),
        request: &SignIn,
    ) -> Result<(), PusherError> {
        let socket_id = self.connections[key].socket_id.to_string();
        let credentials = (application.key.as_str(), application.secret.as_str());
        if !auth::verify_user(credentials, &request.auth, &socket_id, &request.user_data) {
            return Err(PusherError::ConnectionUnauthorized);
        }
        let user = User::parse(&request.user_data)?;
        if user.watchlist.len() > application.limits.watchlist_size {
            return Err(PusherError::WatchlistTooLong);
        }
        self.sign_out(key, index);
        self.reply(&signin_success(&request.user_data));
        self.watch(key, index, &user.watchlist);
        let frame = encode(&watchlist_events(Status::Online, &[&user.id]));
        self.engine.users().sign_in(index, &user.id, frame);
        self.connections[key].user = Some(Box::new(user));
        Ok(())
    }

    /// The connection is nobody's any more.
    pub(super) fn sign_out(&mut self, key: ConnectionKey, application: ApplicationIndex) {
        let Some(user) = self.connections[key].user.take() else {
            return;
        };
        for watched in &user.watchlist {
            self.engine
                .users()
                .unwatch(application, watched, self.index);
            self.forget_watcher(key, (application, watched.clone()));
        }
        let frame = encode(&watchlist_events(Status::Offline, &[&user.id]));
        self.engine.users().sign_out(application, &user.id, frame);
    }

    fn forget_watcher(&mut self, key: ConnectionKey, watched: (ApplicationIndex, UserId)) {
        if let Entry::Occupied(mut watchers) = self.watchers.entry(watched) {
            watchers.get_mut().swap_remove(&key);
            if watchers.get().is_empty() {
                watchers.remove();
            }
        }
    }

    /// Whether a connection may subscribe to this channel, as far as users are concerned.
    pub(super) fn check_user(
        &self,
        key: ConnectionKey,
        channel: &ChannelName,
    ) -> Result<(), PusherError> {
        let Some(id) = channel.as_str().strip_prefix(SERVER_TO_USER) else {
            return Ok(());
        };
        let user = self.connections[key].user.as_ref();
        user.filter(|user| user.id.as_str() == id)
            .map(|_| ())
            .ok_or(PusherError::ConnectionUnauthorized)
    }

    /// Closes the connections that are a user's: signed in as it, or its member of a channel.
    pub(super) fn terminate_user(
        &mut self,
        application: ApplicationIndex,
        user_id: &str,
        now: Instant,
    ) {
        let keys: Vec<ConnectionKey> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.application == Some(application))
            .filter(|(_, connection)| is_of_user(connection, user_id))
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            self.terminate(key, PusherError::ConnectionUnauthorized, now);
        }
    }

    pub(super) fn tell_watchers(
        &mut self,
        (application, user): (ApplicationIndex, UserId),
        frame: &bytes::Bytes,
        now: Instant,
    ) {
        let watchers = self
            .watchers
            .get(&(application, user))
            .cloned()
            .unwrap_or_default();
        for key in watchers {
            self.replies.push(frame.clone());
            self.flush(key, now);
        }
    }

    /// Registers a watchlist, and tells who of it is online.
    fn watch(&mut self, key: ConnectionKey, application: ApplicationIndex, list: &[UserId]) {
        let mut online = Vec::new();
        for user in list {
            self.watchers
                .entry((application, user.clone()))
                .or_default()
                .insert(key);
            let status = self.engine.users().watch(application, user, self.index);
            if status == Status::Online {
                online.push(user);
            }
        }
        if !online.is_empty() {
            self.reply(&watchlist_events(Status::Online, &online));
        }
    }
}

fn is_of_user<O>(connection: &Connection<O>, user_id: &str) -> bool {
    let members = connection
        .subscriptions
        .iter()
        .filter_map(|entry| entry.member.as_ref());
    let mut ids = members.map(|member| member.user_id());
    let user = connection.user.as_ref();
    user.is_some_and(|user| user.id.as_str() == user_id) || ids.any(|id| id.as_str() == user_id)
}
