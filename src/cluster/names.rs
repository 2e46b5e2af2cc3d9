//! What things are called in Redis.

use std::collections::HashMap;

use super::{
    seal::{Seal, Tag},
    settings::Settings,
};
use crate::engine::{
    ApplicationIndex, Engine,
    cluster::{Name, Topic},
};

/// The names of one installation.
pub(super) struct Names {
    /// What all keys and channels begin with. Its braces make a cluster keep them together.
    root: String,
    /// Of the applications that were named so far.
    seals: HashMap<ApplicationIndex, Seal>,
}

/// What all keys and channels of an installation begin with.
pub(super) fn root(settings: &Settings) -> String {
    format!("{}{{{}}}:", settings.prefix, settings.channel)
}

impl Names {
    pub(super) fn new(root: String) -> Self {
        Self {
            root,
            seals: HashMap::new(),
        }
    }

    pub(super) fn root(&self) -> &[u8] {
        self.root.as_bytes()
    }

    /// The seal of an application.
    pub(super) fn seal(&mut self, engine: &Engine, application: ApplicationIndex) -> &Seal {
        self.seals
            .entry(application)
            .or_insert_with(|| Seal::new(&engine.applications().application(application)))
    }

    /// The application that a tag names.
    pub(super) fn application(&mut self, engine: &Engine, tag: Tag) -> Option<ApplicationIndex> {
        let known = self.seals.iter().find(|(_, seal)| seal.tag() == tag);
        if let Some((application, _)) = known {
            return Some(*application);
        }
        engine
            .applications()
            .indices()
            .find(|application| self.seal(engine, *application).tag() == tag)
    }

    /// A topic as keys and scripts name it.
    pub(super) fn topic(&mut self, engine: &Engine, topic: &Topic) -> String {
        let tag = self.seal(engine, topic.application).tag();
        match &topic.name {
            Name::Channel(channel) => format!("{tag}:c:{channel}"),
            Name::User(user) => format!("{tag}:u:{}", user.as_str()),
        }
    }

    /// The channel of Redis on which a topic is talked about.
    pub(super) fn channel(&self, topic: &str) -> String {
        format!("{}s:{topic}", self.root)
    }

    /// The channel of Redis that all servers hear.
    pub(super) fn everybody(&self) -> String {
        format!("{}all", self.root)
    }
}
