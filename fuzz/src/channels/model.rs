//! What must be: lists and loops in place of logs, cursors and inboxes.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

pub(super) const PEERS: usize = 6;

pub(super) const CHANNELS: [&str; 5] = ["news", "private-a", "presence-a", "presence-b", "cache-a"];

#[derive(Debug, Default)]
pub(super) struct Model {
    peers: [Expectations; PEERS],
    /// The last event of each cache channel.
    cached: [Option<u64>; CHANNELS.len()],
    last_event: u64,
}

/// What a peer is subscribed to, and what it has yet to hear.
#[derive(Debug, Default)]
struct Expectations {
    /// The user of each subscription; 0 where there is none to name.
    subscriptions: [Option<usize>; CHANNELS.len()],
    /// The events that are on their way, in this order.
    events: VecDeque<Due>,
    /// The cached events it was answered with.
    cached: VecDeque<u64>,
    cache_misses: usize,
    /// Who is in a presence channel, as far as it was told.
    views: [Option<BTreeSet<String>>; CHANNELS.len()],
}

#[derive(Debug)]
struct Due {
    event: u64,
    channel: usize,
    /// The subscription has ended meanwhile, so that it may arrive or not.
    is_optional: bool,
}

impl Model {
    pub(super) fn subscribe(&mut self, slot: usize, channel: usize, user: usize) {
        let user = if is_presence(channel) { user } else { 0 };
        let before = self.peers[slot].subscriptions[channel];
        if before.is_some_and(|before| before != user) {
            // Who comes back as another user has left first.
            self.unsubscribe(slot, channel);
        }
        let peer = &mut self.peers[slot];
        peer.subscriptions[channel] = Some(user);
        if CHANNELS[channel].starts_with("cache-") {
            match self.cached[channel] {
                Some(event) => peer.cached.push_back(event),
                None => peer.cache_misses += 1,
            }
        }
    }

    pub(super) fn unsubscribe(&mut self, slot: usize, channel: usize) {
        let peer = &mut self.peers[slot];
        peer.subscriptions[channel] = None;
        peer.views[channel] = None;
        for due in peer.events.iter_mut().filter(|due| due.channel == channel) {
            due.is_optional = true;
        }
    }

    /// A peer is gone; whoever takes its slot is another one.
    pub(super) fn leave(&mut self, slot: usize) {
        self.peers[slot] = Expectations::default();
    }

    pub(super) fn publish(&mut self, channel: usize, except: Option<usize>) -> u64 {
        let event = self.spread(channel, except);
        if CHANNELS[channel].starts_with("cache-") {
            self.cached[channel] = Some(event);
        }
        event
    }

    /// Only subscribers are heard.
    pub(super) fn whisper(&mut self, slot: usize, channel: usize) -> u64 {
        if self.peers[slot].subscriptions[channel].is_some() {
            return self.spread(channel, Some(slot));
        }
        self.last_event += 1;
        self.last_event
    }

    fn spread(&mut self, channel: usize, except: Option<usize>) -> u64 {
        self.last_event += 1;
        for (slot, peer) in self.peers.iter_mut().enumerate() {
            if peer.subscriptions[channel].is_some() && except != Some(slot) {
                peer.events.push_back(Due {
                    event: self.last_event,
                    channel,
                    is_optional: false,
                });
            }
        }
        self.last_event
    }

    /// The peers that are this user in some presence channel.
    pub(super) fn slots_of(&self, user: usize) -> Vec<usize> {
        let is_user = |slot: &usize| {
            let subscriptions = &self.peers[*slot].subscriptions;
            (0..CHANNELS.len())
                .any(|channel| is_presence(channel) && subscriptions[channel] == Some(user))
        };
        (0..PEERS).filter(is_user).collect()
    }

    pub(super) fn hear(&mut self, slot: usize, message: &Value) {
        let peer = &mut self.peers[slot];
        let channel = CHANNELS
            .iter()
            .position(|name| message["channel"] == *name)
            .unwrap_or_default();
        let data = &message["data"];
        let data = match data.as_str() {
            Some(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            None => data.clone(),
        };
        match message["event"].as_str().expect("a name") {
            "published" | "client-said" => peer.hear(data["id"].as_u64().expect("an id")),
            "pusher:cache_miss" => {
                peer.cache_misses = peer.cache_misses.checked_sub(1).expect("a miss");
            }
            "pusher_internal:subscription_succeeded" => peer.views[channel] = members(&data),
            "pusher_internal:member_added" => {
                if let Some(view) = &mut peer.views[channel] {
                    view.insert(data["user_id"].as_str().expect("an id").to_owned());
                }
            }
            "pusher_internal:member_removed" => {
                if let Some(view) = &mut peer.views[channel] {
                    view.remove(data["user_id"].as_str().expect("an id"));
                }
            }
            "pusher:connection_established" | "pusher:error" => {}
            other => panic!("{other} was not expected"),
        }
    }

    pub(super) fn assert_all_heard(&self) {
        for (slot, peer) in self.peers.iter().enumerate() {
            let missing = peer.events.iter().find(|due| !due.is_optional);
            assert!(missing.is_none(), "{slot} has not heard {missing:?}");
            assert!(peer.cached.is_empty(), "{slot} awaits {:?}", peer.cached);
            assert_eq!(peer.cache_misses, 0);
            for (channel, subscription) in peer.subscriptions.iter().enumerate() {
                if subscription.is_some() && is_presence(channel) {
                    let view = peer.views[channel].as_ref();
                    assert_eq!(view, Some(&self.users(channel)), "{slot} in {channel}");
                }
            }
        }
    }

    pub(super) fn subscriptions(&self, channel: usize) -> usize {
        let peers = self.peers.iter();
        peers
            .filter(|peer| peer.subscriptions[channel].is_some())
            .count()
    }

    pub(super) fn users(&self, channel: usize) -> BTreeSet<String> {
        let peers = self.peers.iter().filter(|_| is_presence(channel));
        peers
            .filter_map(|peer| peer.subscriptions[channel])
            .map(|user| user.to_string())
            .collect()
    }

    pub(super) fn occupied(&self) -> usize {
        (0..CHANNELS.len())
            .filter(|channel| self.subscriptions(*channel) > 0)
            .count()
    }

    pub(super) fn is_cached(&self, channel: usize) -> bool {
        self.cached[channel].is_some()
    }
}

impl Expectations {
    /// What arrives is the next that is due; what was optional and is passed over never comes.
    fn hear(&mut self, event: u64) {
        if self.cached.front() == Some(&event) {
            self.cached.pop_front();
            return;
        }
        while let Some(due) = self.events.pop_front() {
            if due.event == event {
                return;
            }
            assert!(due.is_optional, "{event} came before {due:?}");
        }
        panic!("{event} was not for this peer, or came twice");
    }
}

fn is_presence(channel: usize) -> bool {
    CHANNELS[channel].starts_with("presence-")
}

fn members(data: &Value) -> Option<BTreeSet<String>> {
    let ids = data["presence"]["ids"].as_array()?;
    ids.iter()
        .map(|id| id.as_str().map(str::to_owned))
        .collect()
}
