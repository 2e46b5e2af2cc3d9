//! Random runs: whatever the order in which things happen, what clients were told fits together,
//! and in the end everybody knows the truth.

use std::{collections::BTreeMap, env, time::Duration};

use reverb::{
    engine::Application,
    protocol::{ChannelName, SocketId},
};

use super::world::World;
use crate::stage;

const CHANNELS: [&str; 5] = [
    "news",
    "presence-a",
    "presence-b",
    "cache-k",
    "presence-cache-p",
];
const USERS: usize = 4;
const RUNS: u64 = 150;

/// What may happen besides clients and their publishers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    /// Nothing: so nothing may be lost either.
    Calm,
    /// Nodes lose their connections and die, the broker goes, and comes back without memory.
    Stormy,
}

/// An event, and when it was published.
struct Published {
    channel: &'static str,
    event: (u64, u64),
    except: Option<SocketId>,
    /// Who was confirmed in the channel then, and must have it.
    due: Vec<String>,
}

struct Run {
    world: World,
    weather: Weather,
    published: Vec<Published>,
    numbers: BTreeMap<(u64, &'static str), u64>,
    /// Time that has passed since nothing was due any more.
    hurry: Duration,
}

fn settings() -> Application {
    stage::application()
}

impl Run {
    fn new(seed: u64, weather: Weather) -> Self {
        let nodes = 2 + seed as usize % 3;
        let mut world = World::new(seed, nodes, settings);
        if weather == Weather::Calm {
            // A node that does not know the broker yet goes by what it knows itself.
            world.settle();
        }
        Self {
            world,
            weather,
            published: Vec::new(),
            numbers: BTreeMap::new(),
            hurry: Duration::ZERO,
        }
    }

    fn play(&mut self, actions: usize) {
        for _ in 0..actions {
            match self.world.chance.below(20) {
                0..2 => self.client_comes(),
                2..5 => self.client_subscribes(),
                5..6 => self.client_unsubscribes(),
                6..7 => self.client_goes(),
                7..11 => self.somebody_publishes(),
                11..12 => self.time_passes(),
                12 if self.weather == Weather::Stormy => self.something_breaks(),
                _ => drop((0..5).all(|_| self.world.step())),
            }
        }
    }

    fn any(&mut self) -> Option<(usize, usize)> {
        let node = self.world.chance.below(self.world.nodes.len());
        let clients = self.world.nodes[node].clients.len();
        (clients > 0).then(|| (node, self.world.chance.below(clients)))
    }

    fn client_comes(&mut self) {
        let node = self.world.chance.below(self.world.nodes.len());
        let client = self.world.connect(node);
        self.subscribe(node, client);
    }

    fn client_subscribes(&mut self) {
        if let Some((node, client)) = self.any() {
            self.subscribe(node, client);
        }
    }

    fn subscribe(&mut self, node: usize, client: usize) {
        let channel = CHANNELS[self.world.chance.below(CHANNELS.len())];
        let user = self.world.chance.below(USERS);
        if !self.world.nodes[node].clients[client]
            .views
            .contains_key(channel)
        {
            self.world.subscribe(node, client, channel, user);
        }
    }

    fn client_unsubscribes(&mut self) {
        let Some((node, client)) = self.any() else {
            return;
        };
        let now = self.world.now;
        let node = &mut self.world.nodes[node];
        // What was on its way when it left is for nobody.
        let first = node.clients[client].views.keys().next().cloned();
        if let Some(channel) = first {
            let message = serde_json::json!({
                "event": "pusher:unsubscribe", "data": {"channel": channel},
            });
            node.say(client, &message, now);
            node.clients[client].listen();
            node.clients[client].views.remove(&channel);
            let name = &node.clients[client].name;
            for published in &mut self.published {
                if published.channel == channel {
                    published.due.retain(|due| due != name);
                }
            }
        }
    }

    fn client_goes(&mut self) {
        if let Some((node, client)) = self.any() {
            self.world.nodes[node].hang_up(client);
        }
    }

    fn somebody_publishes(&mut self) {
        let channel = CHANNELS[self.world.chance.below(CHANNELS.len())];
        let node = self.world.chance.below(self.world.nodes.len());
        let except = self.any().filter(|_| self.world.chance.one_in(4));
        let except = except.map(|(node, client)| self.world.nodes[node].clients[client].socket_id);
        // A publisher is a node: a new one with the same index has another number.
        let publisher = self.world.nodes[node].id.number();
        let number = self.numbers.entry((publisher, channel)).or_default();
        *number += 1;
        let event = (publisher, *number);
        let mut due = Vec::new();
        for client in self
            .world
            .nodes
            .iter_mut()
            .flat_map(|node| &mut node.clients)
        {
            client.listen();
            let is_confirmed = |view: &super::client::View| view.is_confirmed;
            if client.views.get(channel).is_some_and(is_confirmed)
                && Some(client.socket_id) != except
            {
                due.push(client.name.clone());
            }
        }
        self.world.nodes[node].publish(channel, event, except, self.world.now);
        self.published.push(Published {
            channel,
            event,
            except,
            due,
        });
    }

    /// In calm weather nothing that is due takes as long as anybody's patience.
    fn time_passes(&mut self) {
        let time = Duration::from_millis(100 + self.world.chance.below(200) as u64);
        self.hurry += time;
        if self.weather == Weather::Calm && self.hurry >= Duration::from_millis(700) {
            self.world.settle();
            self.hurry = Duration::ZERO;
        }
        self.world.pass(time);
    }

    fn something_breaks(&mut self) {
        let node = self.world.chance.below(self.world.nodes.len());
        match self.world.chance.below(8) {
            0..3 => self.world.cut_off(node),
            3..6 => self.world.connect_all(),
            6 => {
                self.world.lose_broker();
                if self.world.chance.one_in(2) {
                    self.world.broker.empty();
                }
            }
            _ if self.world.chance.one_in(3) => {
                self.world.kill(node);
                self.world.start_node();
            }
            _ => self.world.wait(Duration::from_secs(3)),
        }
    }

    /// All is said, and time enough has passed for the dead to be noticed.
    fn end(&mut self) {
        self.world.connect_all();
        self.world.wait(Duration::from_secs(20));
        for channel in CHANNELS {
            self.check_views(channel);
            self.check_counts(channel);
        }
        if self.weather == Weather::Calm {
            self.check_events();
        }
        self.check_cache("cache-k");
        self.check_cache("presence-cache-p");
        self.check_holders();
    }

    fn check_views(&self, channel: &str) {
        let (users, _) = self.world.truth(channel);
        for client in self.world.nodes.iter().flat_map(|node| &node.clients) {
            let Some(view) = client.views.get(channel) else {
                continue;
            };
            assert!(view.is_confirmed, "{} waits for {channel}", client.name);
            assert_eq!(view.members, users, "{} in {channel}", client.name);
        }
    }

    fn check_counts(&self, channel: &str) {
        let (users, subscriptions) = self.world.truth(channel);
        let name = ChannelName::parse(channel).expect("a name");
        let mut seen = 0;
        for (_, (count, members)) in self.world.parts(channel) {
            seen += count;
            assert!(members.is_subset(&users), "{members:?} in {channel}");
        }
        assert_eq!(seen, subscriptions, "the broker's count of {channel}");
        for node in &self.world.nodes {
            let topic = self.world.topic(channel);
            if node.engine.is_followed(&topic) {
                let occupancy = node
                    .engine
                    .occupancy(node.application(), &name, self.world.now);
                let parts = self.world.parts(channel);
                assert_eq!(
                    occupancy.subscriptions, subscriptions,
                    "{channel} on {} with {parts:?}",
                    node.id
                );
                assert_eq!(occupancy.users, users.len(), "{channel}");
            }
        }
    }

    /// Whoever was confirmed when an event was published, and is still there, has it.
    fn check_events(&self) {
        for published in &self.published {
            for client in self.world.nodes.iter().flat_map(|node| &node.clients) {
                let Some(view) = client.views.get(published.channel) else {
                    continue;
                };
                let has_it = view.events.contains(&published.event);
                let is_due = published.due.contains(&client.name);
                assert!(
                    has_it || !is_due,
                    "{} has not heard {:?} in {}",
                    client.name,
                    published.event,
                    published.channel
                );
                let is_excepted = published.except == Some(client.socket_id);
                // A cache shows its event to everybody who comes later.
                assert!(!has_it || !is_excepted || published.channel.contains("cache"));
            }
        }
    }

    /// Who comes now sees the same event on every node, and it is one that was published.
    fn check_cache(&mut self, channel: &'static str) {
        let nodes = self.world.nodes.len();
        let mut seen = Vec::new();
        for node in 0..nodes {
            let client = self.world.connect(node);
            self.world.subscribe(node, client, channel, 0);
            self.world.wait(Duration::from_millis(100));
            let view = &self.world.nodes[node].clients[client].views[channel];
            assert!(
                view.is_confirmed,
                "{} on {} waits for {channel}",
                self.world.nodes[node].clients[client].name, self.world.nodes[node].id
            );
            seen.push((view.events.first().copied(), view.has_missed));
        }
        assert!(
            seen.windows(2).all(|pair| pair[0] == pair[1]),
            "{channel}: {seen:?}"
        );
        let kept = self.world.broker.kept(&self.world.topic(channel));
        assert_eq!(
            kept.is_some(),
            seen[0].0.is_some(),
            "{channel}: {kept:?} {seen:?}"
        );
        if self.weather == Weather::Calm {
            let was_published = self.published.iter().any(|one| one.channel == channel);
            assert_eq!(seen[0].1, !was_published, "{channel}: {seen:?}");
            assert_eq!(seen[0].0.is_some(), was_published);
        }
    }

    /// An event costs one command, and none where all who have it are on the publisher's node.
    fn check_holders(&mut self) {
        for channel in ["news", "presence-a", "presence-b"] {
            let occupied: Vec<usize> = (0..self.world.nodes.len())
                .filter(|node| {
                    let topic = self.world.topic(channel);
                    self.world.nodes[*node].engine.is_followed(&topic)
                })
                .collect();
            for node in &occupied {
                let before = self.world.broker.published;
                self.world.nodes[*node].publish(
                    channel,
                    (1_000_000, *node as u64),
                    None,
                    self.world.now,
                );
                self.world.settle();
                let commands = self.world.broker.published - before;
                assert_eq!(
                    commands,
                    usize::from(occupied.len() > 1),
                    "{channel} on {occupied:?}"
                );
            }
        }
    }
}

#[allow(clippy::print_stderr, reason = "its seed repeats a run that failed")]
fn play(weather: Weather) {
    let given = env::var("CLUSTER_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let runs = env::var("CLUSTER_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok());
    let seeds = match given {
        Some(seed) => seed..seed + 1,
        None => 0..runs.unwrap_or(RUNS),
    };
    for seed in seeds {
        let failure = std::panic::catch_unwind(|| {
            let mut run = Run::new(seed, weather);
            let actions = 50 + run.world.chance.below(200);
            run.play(actions);
            run.end();
        });
        if let Err(failure) = failure {
            say_how_to_repeat(seed, weather);
            std::panic::resume_unwind(failure);
        }
    }
}

#[test]
fn in_calm_weather_nobody_misses_anything() {
    play(Weather::Calm);
}

#[test]
fn in_stormy_weather_what_clients_hear_fits_together_and_the_truth_wins() {
    play(Weather::Stormy);
}

#[allow(
    clippy::print_stderr,
    reason = "whoever reads of the failure wants to have it again"
)]
fn say_how_to_repeat(seed: u64, weather: Weather) {
    eprintln!("{weather:?} weather, CLUSTER_SEED={seed}");
}
