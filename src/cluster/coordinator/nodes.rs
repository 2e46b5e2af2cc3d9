//! Which other nodes there are, as far as is known.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::engine::cluster::{NodeId, Version};

/// The generations of the nodes that are there, and of those that are gone.
///
/// A message of a node that is gone may arrive late: it must not bring back what was removed. So it
/// is ignored, unless it is of a later generation: then the node has come back.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    present: HashMap<NodeId, u64>,
    gone: HashMap<NodeId, u64>,
    /// Those who are gone, in the order in which they went.
    order: VecDeque<NodeId>,
}

impl Nodes {
    /// So many of those who are gone are remembered.
    const MOST_GONE: usize = 1000;

    /// Notes a sign of a node; false if it is a late one.
    pub(super) fn hear(&mut self, node: NodeId, version: Version) -> bool {
        if let Some(generation) = self.gone.get(&node) {
            if version.generation <= *generation {
                return false;
            }
            self.gone.remove(&node);
        }
        let generation = self.present.entry(node).or_default();
        *generation = version.generation.max(*generation);
        true
    }

    /// Notes who is alive; those who are not any more are gone.
    pub(super) fn keep(&mut self, alive: &HashSet<NodeId>) -> Vec<NodeId> {
        let present = self.present.keys();
        let gone: Vec<_> = present
            .filter(|node| !alive.contains(node))
            .copied()
            .collect();
        for node in &gone {
            let generation = self.present.remove(node).unwrap_or_default();
            self.gone.insert(*node, generation);
            self.order.push_back(*node);
        }
        while self.order.len() > Self::MOST_GONE {
            if let Some(node) = self.order.pop_front() {
                self.gone.remove(&node);
            }
        }
        gone
    }

    /// Whether all who were here lately are among these.
    pub(super) fn are_all_in(&self, alive: &HashSet<NodeId>) -> bool {
        self.present.keys().all(|node| alive.contains(node))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{NodeId, Nodes, Version};

    fn version(generation: u64) -> Version {
        Version {
            generation,
            number: 1,
        }
    }

    #[test]
    fn a_node_that_is_gone_is_heard_again_when_it_begins_anew() {
        let (mut nodes, node) = (Nodes::default(), NodeId::from_random(7));
        assert!(nodes.hear(node, version(2)));
        assert!(
            nodes.hear(node, version(1)),
            "it is there, whatever it says"
        );
        assert_eq!(nodes.keep(&HashSet::from([node])), []);
        assert_eq!(nodes.keep(&HashSet::new()), [node]);
        assert!(!nodes.hear(node, version(2)));
        assert!(nodes.hear(node, version(3)));
        assert_eq!(nodes.keep(&HashSet::new()), [node], "it can go again");
    }
}
