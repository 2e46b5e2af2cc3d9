//! Single rules of life among other nodes.

use std::time::Duration;

use reverb::engine::Application;

use super::world::World;
use crate::stage;

fn limited() -> Application {
    Application {
        max_connections: Some(5),
        ..stage::application()
    }
}

impl World {
    fn settled(nodes: usize) -> Self {
        let mut world = Self::new(1, nodes, stage::application);
        world.settle();
        world
    }

    /// A client of a node that signs in and watches.
    fn sign_in(&mut self, node: usize, user: usize, watched: &[usize]) -> usize {
        let client = self.connect(node);
        let message = self.nodes[node].clients[client].sign_in(user, watched);
        let now = self.now;
        self.nodes[node].say(client, &message, now);
        client
    }

    fn greeted(&self) -> usize {
        let clients = self.nodes.iter().flat_map(|node| &node.clients);
        clients.filter(|client| client.is_greeted).count()
    }

    fn refused(&self) -> usize {
        let clients = self.nodes.iter().flat_map(|node| &node.clients);
        clients.filter(|client| client.is_refused).count()
    }
}

#[test]
fn over_all_nodes_no_more_connect_than_an_application_allows() {
    for seed in 0..50 {
        let mut world = World::new(seed, 3, limited);
        world.settle();
        for _ in 0..12 {
            let node = world.chance.below(3);
            world.connect(node);
            world.step();
        }
        world.settle();
        assert_eq!((world.greeted(), world.refused()), (5, 7), "seed {seed}");
        // Whoever goes makes room, on whichever node the next one comes.
        let place = (0..3).find_map(|node| {
            let clients = world.nodes[node].clients.iter();
            let greeted = clients.enumerate().find(|(_, client)| client.is_greeted);
            greeted.map(|(client, _)| (node, client))
        });
        let (node, client) = place.expect("somebody is greeted");
        world.nodes[node].hang_up(client);
        world.wait(Duration::from_millis(200));
        for node in 0..2 {
            world.connect(node);
        }
        world.settle();
        assert_eq!(world.greeted(), 5, "seed {seed}");
    }
}

#[test]
fn a_user_is_online_as_long_as_it_is_signed_in_anywhere() {
    let mut world = World::settled(3);
    let watcher = world.sign_in(0, 0, &[1]);
    let (first, second) = (world.sign_in(1, 1, &[]), world.sign_in(2, 1, &[]));
    world.wait(Duration::from_millis(200));
    let is_online = |world: &World| world.nodes[0].clients[watcher].watched["w1"];
    assert!(is_online(&world));
    world.nodes[1].hang_up(first);
    world.wait(Duration::from_millis(200));
    assert!(is_online(&world), "it is still there on the other node");
    world.nodes[2].hang_up(second);
    world.wait(Duration::from_millis(200));
    assert!(!is_online(&world));
    world.sign_in(2, 1, &[]);
    world.wait(Duration::from_millis(200));
    assert!(is_online(&world));
    world.kill(2);
    world.wait(Duration::from_secs(15));
    assert!(!is_online(&world), "it went with its node");
}

#[test]
fn a_terminated_user_leaves_every_node() {
    let mut world = World::settled(3);
    for node in 0..3 {
        world.sign_in(node, node % 2, &[]);
    }
    world.settle();
    let application = world.nodes[1].application();
    world.nodes[1].engine.terminate(application, "w0");
    world.settle();
    let connections = world
        .nodes
        .iter()
        .map(|node| node.engine.stats().connections);
    assert_eq!(connections.collect::<Vec<_>>(), [0, 1, 0]);
}

#[test]
fn nobody_waits_for_a_silent_broker_for_long() {
    let mut world = World::settled(2);
    let client = world.connect(0);
    world.subscribe(0, client, "presence-a", 1);
    let is_confirmed = |world: &mut World| {
        let now = world.now;
        (0..2).for_each(|worker| world.nodes[0].work(worker, now));
        world.nodes[0].clients[client].views["presence-a"].is_confirmed
    };
    assert!(
        !is_confirmed(&mut world),
        "it is not known who else is there"
    );
    for _ in 0..21 {
        world.pass(Duration::from_millis(100));
    }
    assert!(is_confirmed(&mut world));
}

#[test]
fn who_wants_to_wait_for_too_much_at_a_time_goes_on_with_what_is_known() {
    /// Of `engine/worker/parking.rs`: channels of one connection.
    const MOST: usize = 1000;
    let mut world = World::settled(2);
    let (eager, other) = (world.connect(0), world.connect(0));
    for number in 0..MOST + 3 {
        world.subscribe(0, eager, &format!("c{number}"), 0);
    }
    world.subscribe(0, other, "elsewhere", 0);
    let confirmed = |world: &mut World, client: usize| {
        let now = world.now;
        (0..2).for_each(|worker| world.nodes[0].work(worker, now));
        let views = world.nodes[0].clients[client].views.values();
        views.filter(|view| view.is_confirmed).count()
    };
    assert_eq!(confirmed(&mut world, eager), 3, "those beyond the bound");
    assert_eq!(confirmed(&mut world, other), 0, "there is room for others");
    world.settle();
    assert_eq!(confirmed(&mut world, eager), MOST + 3);
    assert_eq!(confirmed(&mut world, other), 1);
    // There is room again.
    world.subscribe(0, eager, "one-more", 0);
    assert_eq!(confirmed(&mut world, eager), MOST + 3);
    world.settle();
    assert_eq!(confirmed(&mut world, eager), MOST + 4);
}

#[test]
fn what_is_owed_is_delivered_in_order_when_all_are_back() {
    let mut world = World::settled(3);
    let mut clients = Vec::new();
    for node in 0..2 {
        let client = world.connect(node);
        world.subscribe(node, client, "news", 0);
        clients.push(client);
    }
    world.wait(Duration::from_millis(200));
    world.lose_broker();
    world.broker.empty();
    for number in 1..=50 {
        for node in 0..3 {
            world.nodes[node].publish("news", (node as u64, number), None, world.now);
        }
    }
    world.settle();
    let heard = |world: &World, node: usize, publisher: u64| {
        let events = &world.nodes[node].clients[clients[node]].views["news"].events;
        let of_it = events.iter().filter(|(from, _)| *from == publisher);
        of_it.map(|(_, number)| *number).collect::<Vec<_>>()
    };
    let all: Vec<u64> = (1..=50).collect();
    assert_eq!(heard(&world, 0, 0), all, "those here do not wait");
    assert!(heard(&world, 0, 2).is_empty());
    world.connect_all();
    world.wait(Duration::from_secs(5));
    for node in 0..2 {
        for publisher in 0..3 {
            assert_eq!(heard(&world, node, publisher), all);
        }
    }
}

#[test]
fn events_that_find_no_room_are_counted_and_warned_of() {
    let mut world = World::settled(1);
    world.lose_broker();
    for number in 1..=10_003 {
        world.nodes[0].publish("news", (1, number), None, world.now);
    }
    let engine = &world.nodes[0].engine;
    let stats = engine.stats();
    assert_eq!((stats.events_owed, stats.events_dropped), (10_000, 3));
    engine.notices().drain();
    world.pass(Duration::from_secs(1));
    let told = format!("{:?}", world.nodes[0].engine.notices().drain());
    assert!(
        told.contains("3 events did not go to the other nodes"),
        "{told}"
    );
}
