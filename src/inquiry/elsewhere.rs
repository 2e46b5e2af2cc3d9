//! What is asked of the other servers of an installation, and how it becomes one answer with what is known here.

use std::{collections::HashSet, sync::Arc, time::Instant};

use crate::{
    api::{ChannelInfo, Command, Event, Info},
    engine::{
        ApplicationIndex, Engine, Occupancy,
        cluster::{Answer, Question, Topic},
    },
    protocol::{ChannelName, Member},
};

/// What the other servers have.
#[derive(Debug)]
pub enum Elsewhere {
    /// What is known here is all that there is.
    Nothing,
    /// It could not be found out.
    Unknown,
    /// It was told.
    Known(Answer),
}

/// What must be asked of others before a command can be answered.
#[must_use]
pub fn question(
    engine: &Engine,
    application: ApplicationIndex,
    command: &Command,
) -> Option<Question> {
    // Alone there is nobody to ask.
    engine.node()?;
    let is_followed =
        |channel: &ChannelName| engine.is_followed(&Topic::channel(application, channel));
    let about = |events: &[Event]| {
        let mut channels: Vec<ChannelName> = events
            .iter()
            .filter(|event| event.info.is_some())
            .flat_map(|event| event.channels.iter().cloned())
            .filter(|channel| !is_followed(channel))
            .collect();
        channels.sort_unstable();
        channels.dedup();
        (!channels.is_empty()).then_some(Question::Channels(application, channels))
    };
    match command {
        Command::Publish(event) => about(std::slice::from_ref(event)),
        Command::PublishBatch(events) => about(events),
        Command::Connections => Some(Question::Connections(application)),
        Command::Channels { prefix, .. } => {
            Some(Question::ChannelsLike(application, prefix.clone()))
        }
        Command::Channel { channel, .. } => {
            (!is_followed(channel)).then(|| Question::Channels(application, vec![channel.clone()]))
        }
        Command::Users { channel } => (channel.is_presence() && !is_followed(channel))
            .then(|| Question::Members(application, channel.clone())),
        Command::TerminateConnections { .. } => None,
    }
}

impl Elsewhere {
    /// Whether an answer leaves out what others have.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    pub(super) fn connections(&self) -> usize {
        match self {
            Self::Known(Answer::Connections(count)) => *count,
            _ => 0,
        }
    }

    fn channels(&self) -> &[(ChannelName, Occupancy)] {
        match self {
            Self::Known(Answer::Channels(channels)) => channels,
            _ => &[],
        }
    }

    /// A channel, here and elsewhere.
    pub(super) fn occupancy(
        &self,
        engine: &Engine,
        application: ApplicationIndex,
        channel: &ChannelName,
        now: Instant,
    ) -> Occupancy {
        let here = engine.occupancy(application, channel, now);
        let others = self.channels().iter().find(|(name, _)| name == channel);
        match others {
            Some((_, others)) if !engine.is_followed(&Topic::channel(application, channel)) => {
                together(here, others)
            }
            _ => here,
        }
    }

    /// What is told about a channel.
    #[must_use]
    pub fn channel_info(
        &self,
        (engine, application): (&Engine, ApplicationIndex),
        info: Info,
        channel: &ChannelName,
        now: Instant,
    ) -> ChannelInfo {
        let occupancy = self.occupancy(engine, application, channel, now);
        info.of(channel, super::described(occupancy))
    }

    /// The channels whose names begin with a prefix, here and elsewhere, by name.
    pub(super) fn list(
        &self,
        engine: &Engine,
        application: ApplicationIndex,
        prefix: &str,
        now: Instant,
    ) -> Vec<(ChannelName, Occupancy)> {
        let mut list = engine.channels(application, prefix, now);
        let here: HashSet<ChannelName> = list.iter().map(|(name, _)| name.clone()).collect();
        for (name, occupancy) in &mut list {
            let others = self.channels().iter().find(|(other, _)| other == name);
            if let Some((_, others)) = others
                && !engine.is_followed(&Topic::channel(application, name))
            {
                *occupancy = together(occupancy.clone(), others);
            }
        }
        let elsewhere = self.channels().iter();
        let elsewhere =
            elsewhere.filter(|(name, others)| others.subscriptions > 0 && !here.contains(name));
        list.extend(elsewhere.cloned());
        list.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        list
    }

    /// The members of a presence channel, here and elsewhere; none if it is vacant.
    pub(super) fn members(
        &self,
        engine: &Engine,
        application: ApplicationIndex,
        channel: &ChannelName,
    ) -> Option<Vec<Arc<Member>>> {
        let here = engine.members(application, channel);
        let Self::Known(Answer::Members(others)) = self else {
            return here;
        };
        if here.is_none() && others.is_empty() {
            return None;
        }
        let mut members = here.unwrap_or_default();
        let known: HashSet<_> = members
            .iter()
            .map(|member| member.user_id().clone())
            .collect();
        let others = others
            .iter()
            .filter(|member| !known.contains(member.user_id()));
        members.extend(others.cloned());
        Some(members)
    }
}

/// Parts of a channel that is not followed: whoever is here has just come.
fn together(here: Occupancy, others: &Occupancy) -> Occupancy {
    Occupancy {
        subscriptions: here.subscriptions + others.subscriptions,
        users: here.users + others.users,
        cached: here.cached.or_else(|| others.cached.clone()),
    }
}
