//! The members of a channel in a form that is cheap to hand out.

use std::sync::Arc;

use crate::protocol::Member;

/// A list whose copies share its parts.
///
/// Every newcomer gets one under the lock of the channel's shard. To count a reference to each
/// member would take a cache line per member from whichever core counted last, which keeps a crowd
/// on many cores busy with that; a reference to each part is a thirtieth of it.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct MemberList {
    /// All are full but the last, which is not empty.
    parts: Vec<Arc<Vec<Arc<Member>>>>,
}

/// A change copies one part, and a copy counts a reference to each part.
const PART: usize = 32;

impl MemberList {
    pub(super) fn push(&mut self, member: Arc<Member>) {
        match self.parts.last_mut().filter(|part| part.len() < PART) {
            Some(part) => Arc::make_mut(part).push(member),
            None => self.parts.push(Arc::new(vec![member])),
        }
    }

    /// Removes a member; the last one takes its place.
    pub(super) fn swap_remove(&mut self, position: usize) {
        let Some(last) = self.parts.last_mut() else {
            return;
        };
        let Some(moved) = Arc::make_mut(last).pop() else {
            return;
        };
        if last.is_empty() {
            self.parts.pop();
        }
        if let Some(part) = self.parts.get_mut(position / PART)
            && position % PART < part.len()
        {
            Arc::make_mut(part)[position % PART] = moved;
        }
    }

    pub(in crate::engine) fn iter(&self) -> impl Iterator<Item = &Arc<Member>> + Clone {
        self.parts.iter().flat_map(|part| part.iter())
    }

    pub(in crate::engine) fn len(&self) -> usize {
        let last = self.parts.last().map_or(0, |part| part.len());
        self.parts.len().saturating_sub(1) * PART + last
    }
}

impl FromIterator<Arc<Member>> for MemberList {
    fn from_iter<I: IntoIterator<Item = Arc<Member>>>(members: I) -> Self {
        let mut list = Self::default();
        members.into_iter().for_each(|member| list.push(member));
        list
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{MemberList, PART};
    use crate::protocol::Member;

    fn member(number: usize) -> Arc<Member> {
        Arc::new(Member::parse(&format!("{{\"user_id\":{number}}}")).expect("a member"))
    }

    fn ids(list: &MemberList) -> Vec<usize> {
        let ids = list.iter().map(|member| member.user_id().as_str().parse());
        ids.collect::<Result<_, _>>().expect("numbers")
    }

    #[test]
    fn the_last_takes_the_place_of_whoever_is_removed() {
        for count in [1, 2, PART, PART + 1, 2 * PART, 2 * PART + 2] {
            for removed in [0, count / 2, count - 1] {
                let mut list: MemberList = (0..count).map(member).collect();
                let mut expected: Vec<_> = (0..count).collect();
                list.swap_remove(removed);
                expected.swap_remove(removed);
                assert_eq!(ids(&list), expected, "{removed} of {count}");
                assert_eq!(list.len(), count - 1);
                list.push(member(count));
                expected.push(count);
                assert_eq!(ids(&list), expected, "{removed} of {count}, and one more");
            }
        }
    }

    #[test]
    fn a_copy_stays_what_it_was_and_shares_what_has_not_changed() {
        let mut list: MemberList = (0..3 * PART).map(member).collect();
        let copy = list.clone();
        list.swap_remove(PART);
        list.push(member(1000));
        assert_eq!(ids(&copy), (0..3 * PART).collect::<Vec<_>>());
        let shared = list.parts.iter().zip(&copy.parts);
        let shared: Vec<_> = shared.map(|(one, other)| Arc::ptr_eq(one, other)).collect();
        assert_eq!(shared, [true, false, false]);
    }
}
