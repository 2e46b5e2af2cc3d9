//! What things are called: looked up for every handshake and request, changed now and then.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use arc_swap::ArcSwap;

/// A map that is read without writing anything that others read, as a lock would: a cache line that
/// every worker writes for every request is what limits a machine of many cores.
#[derive(Debug)]
pub(super) struct Register<V> {
    /// A change replaces one of them, so its cost is a part of the whole. Whoever changes something
    /// sees to it that nobody else does.
    parts: Box<[ArcSwap<HashMap<String, V>>]>,
    hasher: RandomState,
}

const PARTS: usize = 64;

impl<V: Copy> Register<V> {
    /// Of two with the same name the first counts.
    pub(super) fn new(entries: impl IntoIterator<Item = (String, V)>) -> Self {
        let hasher = RandomState::new();
        let mut parts = vec![HashMap::new(); PARTS];
        for (name, value) in entries {
            let part = &mut parts[place(&hasher, &name)];
            part.entry(name).or_insert(value);
        }
        Self {
            parts: parts.into_iter().map(ArcSwap::from_pointee).collect(),
            hasher,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<V> {
        self.part(name).load().get(name).copied()
    }

    pub(super) fn set(&self, name: String, value: V) {
        self.change(&name.clone(), |part| {
            part.insert(name, value);
        });
    }

    pub(super) fn remove(&self, name: &str) {
        self.change(name, |part| {
            part.remove(name);
        });
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut HashMap<String, V>)) {
        let part = self.part(name);
        let mut changed = HashMap::clone(&part.load());
        change(&mut changed);
        part.store(Arc::new(changed));
    }

    fn part(&self, name: &str) -> &ArcSwap<HashMap<String, V>> {
        &self.parts[place(&self.hasher, name)]
    }
}

fn place(hasher: &RandomState, name: &str) -> usize {
    hasher.hash_one(name) as usize % PARTS
}

#[cfg(test)]
mod tests {
    use super::Register;

    #[test]
    fn what_is_registered_is_found_until_it_is_removed() {
        let entries = (0..1000).map(|number| (number.to_string(), number));
        let register = Register::new(entries.chain([("7".to_owned(), 1000)]));
        assert_eq!(register.get("7"), Some(7), "the first counts");
        register.set("7".to_owned(), 8);
        register.set("new".to_owned(), 9);
        register.remove("8");
        register.remove("nobody");
        assert_eq!(register.get("7"), Some(8));
        assert_eq!(register.get("new"), Some(9));
        assert_eq!(register.get("8"), None);
        assert!((9..1000).all(|number| register.get(&number.to_string()) == Some(number)));
    }
}
