//! `Reverb\Publisher`: events from any PHP process to the server, and signatures for browsers.

#![allow(non_snake_case, reason = "PHP calls arguments by these names")]

use ext_php_rs::{boxed::ZBox, flags::ClassFlags, prelude::*, types::ZendHashTable};
use serde_json::{Map, Value};

use super::{arrays, arrays::BatchEvent};
use crate::{
    client::{self, Event, Options, Route},
    server,
};

/// A publisher for one application. See `stubs/Reverb/Publisher.php` for what PHP may expect.
#[php_class]
#[php(name = "Reverb\\Publisher", flags = ClassFlags::Final)]
pub struct Publisher {
    publisher: client::Publisher,
}

#[php_impl]
impl Publisher {
    /// Checks the options; nothing is connected yet.
    pub fn __construct(options: &ZendHashTable) -> PhpResult<Self> {
        let options = Options::parse(&arrays::configuration_value(options)?)?;
        Ok(Self {
            publisher: client::Publisher::new(options),
        })
    }

    /// Publishes an event and returns when a server has taken it.
    #[php(optional = socketId)]
    pub fn publish(
        &mut self,
        channels: &ZendHashTable,
        event: &str,
        data: &str,
        socketId: Option<&str>,
    ) -> PhpResult<()> {
        let argument = "Reverb\\Publisher::publish(): Argument #1 ($channels)";
        self.publisher.publish(&Event {
            channels: arrays::texts(channels, argument)?,
            name: event,
            data,
            socket_id: socketId,
        })?;
        Ok(())
    }

    /// Checks an event as `publish` and a server of these limits would; sends nothing.
    #[php(optional = socketId)]
    pub fn check(
        &self,
        channels: &ZendHashTable,
        event: &str,
        data: &str,
        socketId: Option<&str>,
        limits: Option<&ZendHashTable>,
    ) -> PhpResult<()> {
        let limits = match limits {
            Some(limits) => arrays::configuration_value(limits)?,
            None => Value::Object(Map::new()),
        };
        let argument = "Reverb\\Publisher::check(): Argument #1 ($channels)";
        let event = Event {
            channels: arrays::texts(channels, argument)?,
            name: event,
            data,
            socket_id: socketId,
        };
        Ok(self
            .publisher
            .check(&event, &server::parse_event_limits(&limits)?)?)
    }

    /// Publishes several events and returns when a server has answered all of them.
    pub fn publish_batch(&mut self, events: &ZendHashTable) -> PhpResult<()> {
        let events = arrays::events(events)?;
        let events: Vec<Event<'_>> = events.iter().map(BatchEvent::borrowed).collect();
        Ok(self.publisher.publish_batch(&events)?)
    }

    /// Waits for nothing before `settle`.
    pub fn open_batch(&mut self) {
        self.publisher.open_batch();
    }

    /// Waits for the server from now on, or not.
    pub fn acknowledge(&mut self, acknowledge: bool) -> bool {
        self.publisher.acknowledge(acknowledge)
    }

    /// Waits for what was not waited for.
    pub fn settle(&mut self) -> PhpResult<()> {
        Ok(self.publisher.settle()?)
    }

    /// The number of events that failed after their call.
    pub fn failures(&self) -> i64 {
        arrays::integer(self.publisher.failures())
    }

    /// The occupied channels.
    #[php(optional = prefix)]
    pub fn channels(
        &mut self,
        prefix: Option<&str>,
        info: Option<&ZendHashTable>,
    ) -> PhpResult<ZBox<ZendHashTable>> {
        let info = info_words(info, "channels")?;
        Ok(arrays::map_array(
            self.publisher.channels(prefix.unwrap_or_default(), &info)?,
        )?)
    }

    /// One channel.
    #[php(optional = info)]
    pub fn channel(
        &mut self,
        channel: &str,
        info: Option<&ZendHashTable>,
    ) -> PhpResult<ZBox<ZendHashTable>> {
        let info = info_words(info, "channel")?;
        Ok(arrays::map_array(self.publisher.channel(channel, &info)?)?)
    }

    /// The ids of the users in a presence channel.
    pub fn users(&mut self, channel: &str) -> PhpResult<ZBox<ZendHashTable>> {
        Ok(arrays::list_array(self.publisher.users(channel)?)?)
    }

    /// Closes all connections of a user.
    pub fn terminate(&mut self, userId: &str) -> PhpResult<()> {
        Ok(self.publisher.terminate(userId)?)
    }

    /// The application's figures.
    pub fn stats(&mut self) -> PhpResult<ZBox<ZendHashTable>> {
        let figures = self.publisher.figures()?;
        let mut array = ZendHashTable::new();
        array.insert("connections", arrays::integer(figures.connections))?;
        array.insert("channels", arrays::integer(figures.channels))?;
        Ok(array)
    }

    /// Signs a subscription.
    #[php(optional = channelData)]
    pub fn authorize_channel(
        &self,
        socketId: &str,
        channel: &str,
        channelData: Option<&str>,
    ) -> PhpResult<ZBox<ZendHashTable>> {
        let authorization = self
            .publisher
            .authorize_channel(socketId, channel, channelData)?;
        let mut entries = vec![("auth", &*authorization.auth)];
        entries.extend(channelData.map(|data| ("channel_data", data)));
        let shared_secret = authorization.shared_secret.as_deref();
        entries.extend(shared_secret.map(|secret| ("shared_secret", secret)));
        Ok(arrays::text_array(&entries)?)
    }

    /// Signs a user's sign-in.
    pub fn authenticate_user(
        &self,
        socketId: &str,
        userData: &str,
    ) -> PhpResult<ZBox<ZendHashTable>> {
        let auth = self.publisher.authenticate_user(socketId, userData)?;
        Ok(arrays::text_array(&[
            ("auth", &auth),
            ("user_data", userData),
        ])?)
    }

    /// Whether the last answer told of all servers.
    pub fn is_complete(&self) -> bool {
        self.publisher.is_complete()
    }

    /// The way of the last publish.
    pub fn route(&self) -> &'static str {
        self.publisher.route().map_or("", Route::as_str)
    }
}

fn info_words<'a>(info: Option<&'a ZendHashTable>, method: &str) -> PhpResult<Vec<&'a str>> {
    let argument = format!("Reverb\\Publisher::{method}(): Argument #2 ($info)");
    info.map_or(Ok(Vec::new()), |info| arrays::texts(info, &argument))
}
