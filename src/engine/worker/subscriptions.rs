//! Who subscribes to what: the worker's side of the directory.

use std::{borrow::Cow, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{ConnectionKey, Worker};
use crate::{
    engine::{
        application::{Application, ApplicationIndex},
        backlog::Outlet,
        channel::{Channel, Subscriber, half},
        connection::Subscription,
        copies::Copies,
        directory::{Hindrance, Subscribed, Terms},
        frame::{Frame, encode, encode_sized},
    },
    protocol::{
        Access, ChannelName, Member, PusherError, Subscribe, User, auth, cache_miss, member_added,
        member_removed, presence_succeeded, subscription_succeeded,
    },
};

impl<O: Outlet> Worker<O> {
    pub(super) fn subscribe(
        &mut self,
        key: ConnectionKey,
        (index, application): (ApplicationIndex, &Application),
        request: &Subscribe<'_>,
        now: Instant,
    ) -> Result<(), PusherError> {
        self.subscribe_or(key, (index, application), request, (true, now))
    }

    /// As [`Worker::subscribe`], for one who has waited for other nodes.
    pub(super) fn subscribe_now(
        &mut self,
        key: ConnectionKey,
        application: (ApplicationIndex, &Application),
        request: &Subscribe<'_>,
        now: Instant,
    ) -> Result<(), PusherError> {
        self.subscribe_or(key, application, request, (false, now))
    }

    fn subscribe_or(
        &mut self,
        key: ConnectionKey,
        (index, application): (ApplicationIndex, &Application),
        request: &Subscribe<'_>,
        (may_wait, now): (bool, Instant),
    ) -> Result<(), PusherError> {
        let name = &request.channel;
        let access = name.access();
        let socket_id = self.connections[key].socket_id;
        self.check_limits(key, (index, application), request)?;
        self.check_user(key, name)?;
        if access != Access::Public {
            verify(application, &socket_id.to_string(), request)?;
        }
        let user = self.connections[key].user.as_deref();
        let member = member(access, request, user)?;
        self.leave_as_another(key, (index, application), name, member.as_deref());
        let may_wait = may_wait && self.parked.has_room(key, request);
        let joined = member
            .as_ref()
            .filter(|_| access == Access::Presence)
            .map(|member| {
                let frame = Frame {
                    bytes: encode(&member_added(name.as_str(), member)),
                    except: Some(socket_id),
                };
                (member, frame)
            });
        let terms = Terms {
            most_members: application.limits.presence_members,
            tells_count: application.subscription_count && !name.is_presence(),
            may_wait,
            place: self.place_of(index, name),
            now,
        };
        let directory = self.engine.directory();
        let subscribed = match directory.subscribe(index, name, self.index, joined, &terms) {
            Ok(subscribed) => subscribed,
            Err(Hindrance::Full) => return Err(PusherError::TooManyMembers),
            Err(Hindrance::Detached) => {
                self.park(key, index, request, now);
                return Ok(());
            }
        };
        // An earlier request of its, when there was room.
        self.parked.remove(key, index, name);
        self.keep_subscription(key, (index, name), subscribed.sequence, member);
        self.confirm(name, access, &subscribed);
        if name.is_cache() {
            let cached = self.cached(key, subscribed.cached);
            self.replies
                .push(cached.unwrap_or_else(|| encode(&cache_miss(name.as_str()))));
        }
        Ok(())
    }

    /// Who subscribes again as another user leaves first, so that its list does not show the first.
    fn leave_as_another(
        &mut self,
        key: ConnectionKey,
        (index, application): (ApplicationIndex, &Application),
        name: &ChannelName,
        member: Option<&Member>,
    ) {
        let channel = self.names.get(&(index, name.clone()));
        let earlier = channel.and_then(|channel| self.connections[key].subscription(*channel));
        let earlier = earlier.and_then(|subscription| subscription.member.as_ref());
        if earlier.is_some_and(|earlier| Some(earlier.user_id()) != member.map(Member::user_id)) {
            self.unsubscribe(key, (index, application), name.clone());
        }
    }

    /// Limits that the application has set; by default there are none.
    fn check_limits(
        &self,
        key: ConnectionKey,
        (index, application): (ApplicationIndex, &Application),
        request: &Subscribe<'_>,
    ) -> Result<(), PusherError> {
        let (limits, name) = (&application.limits, &request.channel);
        if name.as_str().len() > limits.channel_name_length {
            return Err(PusherError::ChannelNameTooLong);
        }
        let data_size = request.channel_data.as_ref().map_or(0, |data| data.len());
        if name.is_presence() && data_size > limits.member_data_size {
            return Err(PusherError::MemberDataTooLarge);
        }
        let connection = &self.connections[key];
        let channel = self.names.get(&(index, name.clone()));
        let is_new = channel.is_none_or(|channel| connection.subscription(*channel).is_none());
        let is_new = is_new && !self.parked.contains(key, name);
        let count = connection.subscriptions.len() + self.parked.count(key);
        if is_new && count >= limits.channels_per_connection {
            return Err(PusherError::TooManyChannels);
        }
        Ok(())
    }

    /// The event of a cache channel as this connection gets it.
    fn cached(&mut self, key: ConnectionKey, copies: Option<Copies>) -> Option<Bytes> {
        let copies = copies?;
        let window = self.connections[key].window;
        if let Some(window) = window {
            copies.prepare(window, &mut self.deflater);
        }
        Some(copies.bytes(window).clone())
    }

    pub(super) fn unsubscribe(
        &mut self,
        key: ConnectionKey,
        (application, _): (ApplicationIndex, &Application),
        name: ChannelName,
    ) {
        self.parked.remove(key, application, &name);
        let Some(channel) = self.names.get(&(application, name)) else {
            return;
        };
        let mut subscriptions = self.connections[key].subscriptions.iter();
        if let Some(position) = subscriptions.position(|entry| entry.channel == *channel) {
            self.drop_subscription(application, key, position);
        }
    }

    /// Ends one subscription; the last of the connection's takes its place in the list.
    pub(super) fn drop_subscription(
        &mut self,
        application: ApplicationIndex,
        key: ConnectionKey,
        position: usize,
    ) {
        let connection = &mut self.connections[key];
        let subscription = connection.subscriptions.swap_remove(position);
        if let Some(moved) = connection.subscriptions.get(position) {
            let entry = &mut self.channels[moved.channel].subscribers[moved.position];
            *entry = entry.at(position);
        }
        let channel = &mut self.channels[subscription.channel];
        let name = channel.name.clone();
        for (subscriber, place) in channel.remove(subscription.position).into_iter().flatten() {
            let connection = &mut self.connections[subscriber.connection()];
            connection.subscriptions[subscriber.subscription()].position = place;
        }
        if channel.subscribers.is_empty() {
            self.drop_channel(subscription.channel);
        }
        self.count_out(key, (application, &name), subscription.member.as_ref());
    }

    fn confirm(&mut self, name: &ChannelName, access: Access, subscribed: &Subscribed) {
        /// About what a member takes in the list.
        const MEMBER_SIZE: usize = 64;
        if access == Access::Presence {
            let message = presence_succeeded(name.as_str(), subscribed.members.iter());
            let size = MEMBER_SIZE * (subscribed.members.len() + 4);
            self.replies.push(encode_sized(&message, size));
        } else {
            self.reply(&subscription_succeeded(name.as_str()));
        }
    }

    /// Notes a subscription that the directory has counted, in place of an earlier one of the same
    /// connection to the same channel.
    fn keep_subscription(
        &mut self,
        key: ConnectionKey,
        (application, name): (ApplicationIndex, &ChannelName),
        since: u64,
        member: Option<Arc<Member>>,
    ) {
        let channel = self.channel(application, name);
        let subscriptions = &mut self.connections[key].subscriptions;
        if let Some(earlier) = subscriptions
            .iter_mut()
            .find(|entry| entry.channel == channel)
        {
            // It keeps its `since`: what is on its way to it is still for it.
            let left = std::mem::replace(&mut earlier.member, member);
            self.count_out(key, (application, name), left.as_ref());
            return;
        }
        let position = self.channels[channel].add(Subscriber::new(key, subscriptions.len()), since);
        subscriptions.push(Subscription {
            channel,
            position,
            since,
            member,
        });
    }

    /// Where a channel is, or will be if it is the next to be made.
    fn place_of(&self, application: ApplicationIndex, name: &ChannelName) -> u32 {
        let place = self.names.get(&(application, name.clone())).copied();
        half(place.unwrap_or_else(|| self.channels.vacant_key()))
    }

    fn channel(&mut self, application: ApplicationIndex, name: &ChannelName) -> usize {
        let channels = &mut self.channels;
        *self
            .names
            .entry((application, name.clone()))
            .or_insert_with(|| channels.insert(Channel::new(application, name.clone())))
    }

    fn drop_channel(&mut self, index: usize) {
        let channel = self.channels.remove(index);
        if !channel.is_quiet() {
            self.logged -= channel.logged();
            self.turns.forget(index);
        }
        self.names.remove(&(channel.application, channel.name));
    }

    fn count_out(
        &self,
        key: ConnectionKey,
        (application, name): (ApplicationIndex, &ChannelName),
        member: Option<&Arc<Member>>,
    ) {
        let left = member.filter(|_| name.is_presence()).map(|member| {
            let frame = Frame {
                bytes: encode(&member_removed(name.as_str(), member)),
                except: Some(self.connections[key].socket_id),
            };
            (member, frame)
        });
        let settings = self.engine.applications().application(application);
        let tells_count = settings.subscription_count && !name.is_presence();
        self.engine
            .directory()
            .unsubscribe(application, name, self.index, left, tells_count);
    }
}

fn verify(
    application: &Application,
    socket_id: &str,
    request: &Subscribe<'_>,
) -> Result<(), PusherError> {
    let valid = auth::verify_channel(
        (&application.key, &application.secret),
        request.auth.as_deref().unwrap_or_default(),
        socket_id,
        request.channel.as_str(),
        request.channel_data.as_deref(),
    );
    valid
        .then_some(())
        .ok_or(PusherError::ConnectionUnauthorized)
}

/// Who subscribes: a must for presence channels, where it may also be who has signed in; possible
/// for private ones. What is said without a signature names nobody.
fn member(
    access: Access,
    request: &Subscribe<'_>,
    user: Option<&User>,
) -> Result<Option<Arc<Member>>, PusherError> {
    let data = request.channel_data.as_ref().map(Cow::as_ref);
    match access {
        Access::Public => Ok(None),
        Access::Private => Ok(data.and_then(|data| Member::parse(data).ok()).map(Arc::new)),
        Access::Presence => {
            let member = match (data, user) {
                (Some(data), _) => Member::parse(data)?,
                (None, Some(user)) => user.member(),
                (None, None) => return Err(PusherError::InvalidUserId),
            };
            Ok(Some(Arc::new(member)))
        }
    }
}
