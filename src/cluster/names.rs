//! What things are called in Redis.

use std::{collections::HashMap, sync::Arc};

use super::{
    seal::{Seal, Tag},
    settings::Settings,
};
use crate::engine::{
    Application, ApplicationIndex, Engine,
    cluster::{Name, NodeId, Topic},
};

/// The names of one installation.
pub(super) struct Names {
    /// What all keys and channels begin with. Its braces make a cluster keep them together.
    root: String,
    /// Of the applications that were named so far, with the settings they are derived from.
    seals: HashMap<ApplicationIndex, (Arc<Application>, Seal)>,
    /// The same by their tags.
    tags: HashMap<Tag, ApplicationIndex>,
    /// So many of the engine's applications are among them; further ones come behind these.
    looked_at: usize,
    /// An application is called otherwise than before.
    have_changed: bool,
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
            tags: HashMap::new(),
            looked_at: 0,
            have_changed: false,
        }
    }

    pub(super) fn root(&self) -> &[u8] {
        self.root.as_bytes()
    }

    /// Whether an application is called otherwise than when this was last asked: what stands in Redis
    /// under its earlier name has to be told anew.
    pub(super) fn have_changed(&mut self) -> bool {
        std::mem::take(&mut self.have_changed)
    }

    /// The seal of an application.
    pub(super) fn seal(&mut self, engine: &Engine, application: ApplicationIndex) -> &Seal {
        let settings = engine.applications().shared(application);
        let is_new = |known: &Arc<Application>| !Arc::ptr_eq(known, &settings);
        let tags = &mut self.tags;
        let (known, seal) = self.seals.entry(application).or_insert_with(|| {
            let seal = Seal::new(&settings);
            tags.insert(seal.tag(), application);
            (Arc::clone(&settings), seal)
        });
        if is_new(known) {
            let newer = Seal::new(&settings);
            if newer.tag() != seal.tag() {
                tags.remove(&seal.tag());
                tags.insert(newer.tag(), application);
                self.have_changed = true;
            }
            (*known, *seal) = (settings, newer);
        }
        seal
    }

    /// The application that a tag names.
    pub(super) fn application(&mut self, engine: &Engine, tag: Tag) -> Option<ApplicationIndex> {
        if !self.tags.contains_key(&tag) {
            for application in engine.applications().indices().skip(self.looked_at) {
                self.seal(engine, application);
                self.looked_at += 1;
            }
        }
        self.tags.get(&tag).copied()
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

    /// The channel of Redis that one server hears.
    pub(super) fn node(&self, node: NodeId) -> String {
        format!("{}to:{node}", self.root)
    }

    /// The channel of Redis that all servers hear.
    pub(super) fn everybody(&self) -> String {
        format!("{}all", self.root)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::Names;
    use crate::{
        cluster::seal::{Seal, Tag},
        engine::{Application, Applications, Engine, EventKinds, Limits, Notices},
        websocket::Compression,
    };

    fn application(id: &str, secret: &str) -> Application {
        Application::new(id, &format!("key-{id}"), secret)
    }

    fn engine(list: Vec<Application>) -> Engine {
        let notices = Notices::new(false, EventKinds::default()).expect("a pipe");
        let limits = Limits {
            max_backlog: 0,
            max_request_size: 0,
            cache_ttl: Duration::ZERO,
            compression: Compression::Off,
            coalesce: Duration::ZERO,
        };
        Engine::new(
            Applications::new(list),
            Vec::new(),
            Arc::new(notices),
            limits,
        )
    }

    fn tag(id: &str, secret: &str) -> Tag {
        Seal::new(&application(id, secret)).tag()
    }

    #[test]
    fn an_application_that_came_later_is_found_by_its_tag() {
        let engine = engine(vec![application("1", "a"), application("2", "b")]);
        let mut names = Names::new(String::new());
        let second = engine.applications().by_id("2");
        assert_eq!(names.application(&engine, tag("2", "b")), second);
        assert_eq!(names.application(&engine, tag("3", "c")), None);
        let third = engine.applications().put(application("3", "c")).ok();
        assert_eq!(names.application(&engine, tag("3", "c")), third);
        assert_eq!(names.application(&engine, tag("3", "another")), None);
    }

    #[test]
    fn an_application_keeps_its_tag_when_its_secret_changes() {
        let engine = engine(vec![application("1", "a")]);
        let mut names = Names::new(String::new());
        let first = engine.applications().by_id("1");
        assert_eq!(names.application(&engine, tag("1", "a")), first);
        assert!(engine.applications().put(application("1", "b")).is_ok());
        assert_eq!(names.application(&engine, tag("1", "a")), first);
        assert_eq!(names.application(&engine, tag("1", "b")), None);
    }
}
