//! What the other servers have, looked up in Redis.

use std::time::Instant;

use super::{Broker, Identity, Listing, Outcome, Wants, replies::answered};
use crate::{
    cluster::{
        link::{self, Reply},
        script::Script,
        value,
    },
    engine::{
        ApplicationIndex, Occupancy,
        cluster::{Answer, Question, Topic},
    },
    protocol::ChannelName,
};

impl Broker {
    pub(super) fn ask(
        &mut self,
        identity: &mut Identity,
        ticket: u64,
        question: Question,
        now: Instant,
    ) {
        match question {
            Question::Channels(application, channels) => {
                let tag = identity
                    .names
                    .seal(&self.engine, application)
                    .tag()
                    .to_string();
                let mut arguments = vec![tag.as_bytes()];
                arguments.extend(channels.iter().map(|channel| channel.as_str().as_bytes()));
                let wants = Wants::Channels(ticket, application);
                self.script(identity, Script::Look, &arguments, wants, now);
            }
            Question::ChannelsLike(application, prefix) => {
                let listing = Listing {
                    ticket,
                    application,
                    prefix,
                    found: Vec::new(),
                };
                self.list(identity, listing, "0", now);
            }
            Question::Members(application, channel) => {
                let topic = Topic::channel(application, &channel);
                let key = identity.names.topic(&self.engine, &topic);
                let wants = Wants::Members(ticket, topic);
                self.script(identity, Script::Members, &[key.as_bytes()], wants, now);
            }
            Question::Connections(application) => {
                let tag = identity
                    .names
                    .seal(&self.engine, application)
                    .tag()
                    .to_string();
                let wants = Wants::Connections(ticket);
                self.script(identity, Script::Connections, &[tag.as_bytes()], wants, now);
            }
        }
    }

    fn list(&mut self, identity: &mut Identity, listing: Listing, cursor: &str, now: Instant) {
        let tag = identity
            .names
            .seal(&self.engine, listing.application)
            .tag()
            .to_string();
        let prefix = listing.prefix.clone();
        let arguments = [&tag, cursor, &prefix].map(|text| text.as_bytes());
        let wants = Wants::ChannelsLike(listing);
        self.script(identity, Script::List, &arguments, wants, now);
    }

    pub(super) fn listed(
        &mut self,
        identity: &mut Identity,
        mut listing: Listing,
        reply: Reply,
        now: Instant,
    ) -> Option<Outcome> {
        let mut reply = link::array(reply)?.into_iter();
        let cursor = link::text(reply.next()?)?;
        let found = self.channels(identity, listing.application, reply.next()?)?;
        listing.found.extend(found);
        if cursor != "0" {
            self.list(identity, listing, &cursor, now);
            return Some(Outcome::Nothing);
        }
        // Redis may tell of a channel twice while others come and go.
        listing
            .found
            .sort_unstable_by(|one, other| one.0.cmp(&other.0));
        listing.found.dedup_by(|one, other| one.0 == other.0);
        let answer = Answer::Channels(listing.found);
        Some(Outcome::Input(answered(listing.ticket, answer)))
    }

    pub(super) fn channels(
        &self,
        identity: &mut Identity,
        application: ApplicationIndex,
        reply: Reply,
    ) -> Option<Vec<(ChannelName, Occupancy)>> {
        let looks = link::array(reply)?.into_iter();
        let channels = looks.filter_map(|look| self.channel(identity, application, look));
        let is_there =
            |occupancy: &Occupancy| occupancy.subscriptions > 0 || occupancy.cached.is_some();
        Some(channels.filter(|(_, found)| is_there(found)).collect())
    }

    fn channel(
        &self,
        identity: &mut Identity,
        application: ApplicationIndex,
        look: Reply,
    ) -> Option<(ChannelName, Occupancy)> {
        let mut look = link::array(look)?.into_iter();
        let channel = ChannelName::parse(&link::text(look.next()?)?).ok()?;
        let key = identity
            .names
            .topic(&self.engine, &Topic::channel(application, &channel));
        let seal = identity.names.seal(&self.engine, application);
        let mut parts = link::array(look.next()?)?.into_iter();
        let mut subscriptions = 0;
        while let (Some(node), Some(part)) = (parts.next(), parts.next()) {
            let node = link::text(node)?;
            let count = value::read_count(seal, (&key, &node), part);
            subscriptions += count.map_or(0, |(_, count)| count);
        }
        let users = link::integer(look.next()?)?.try_into().ok()?;
        let kept = value::read_kept(seal, &key, look.next()?);
        Some((
            channel,
            Occupancy {
                subscriptions,
                users,
                cached: kept.map(|kept| kept.message),
            },
        ))
    }

    pub(super) fn members(
        &self,
        identity: &mut Identity,
        topic: &Topic,
        reply: Reply,
    ) -> Option<Answer> {
        let key = identity.names.topic(&self.engine, topic);
        let seal = identity.names.seal(&self.engine, topic.application);
        let mut members = Vec::new();
        for part in link::array(reply)? {
            let mut part = link::array(part)?.into_iter();
            let node = link::text(part.next()?)?;
            members.extend(value::read_members(seal, (&key, &node), part.next()?));
        }
        members.sort_unstable_by(|one, other| one.user_id().cmp(other.user_id()));
        members.dedup_by(|one, other| one.user_id() == other.user_id());
        Some(Answer::Members(members))
    }
}
