//! Pictures in memory: what was not looked at for longest goes first.

use super::Thumbnail;
use super::plan::Slot;
use std::collections::HashMap;
use std::sync::Arc;

/// At most so many bytes of pictures.
#[derive(Debug)]
pub(super) struct Cache {
    pictures: HashMap<Slot, Kept>,
    bytes: usize,
    budget: usize,
    /// Counts looks.
    now: u64,
}

#[derive(Debug)]
struct Kept {
    picture: Arc<Thumbnail>,
    seen: u64,
}

impl Cache {
    pub(super) fn new(budget: usize) -> Self {
        Self { pictures: HashMap::new(), bytes: 0, budget, now: 0 }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn contains(&self, slot: Slot) -> bool {
        self.pictures.contains_key(&slot)
    }

    pub(super) fn get(&mut self, slot: Slot) -> Option<Arc<Thumbnail>> {
        self.now += 1;
        let kept = self.pictures.get_mut(&slot)?;
        kept.seen = self.now;
        Some(kept.picture.clone())
    }

    /// Keeps a picture; others make room. One that is larger than the whole budget is not kept.
    pub(super) fn insert(&mut self, slot: Slot, picture: Arc<Thumbnail>) {
        let bytes = picture.rgba().len();
        if bytes > self.budget {
            return;
        }
        self.now += 1;
        self.bytes += bytes;
        if let Some(old) = self.pictures.insert(slot, Kept { picture, seen: self.now }) {
            self.bytes -= old.picture.rgba().len();
        }
        while self.bytes > self.budget {
            let oldest = self.pictures.iter().min_by_key(|(_, kept)| kept.seen).map(|(slot, _)| *slot);
            let Some(gone) = oldest.and_then(|slot| self.pictures.remove(&slot)) else { break };
            self.bytes -= gone.picture.rgba().len();
        }
    }

    pub(super) fn clear(&mut self) {
        self.pictures.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::MediaTime;

    fn picture(side: u32) -> Arc<Thumbnail> {
        let span = (MediaTime::ZERO, MediaTime::from_millis(1));
        Arc::new(Thumbnail::new(span, (side, side), vec![0; (side * side * 4) as usize]).unwrap())
    }

    fn slot(unit: u32) -> Slot {
        Slot { unit, part: 0 }
    }

    #[test]
    fn what_was_not_looked_at_for_longest_makes_room() {
        let mut cache = Cache::new(3 * 400);
        (0..3).for_each(|unit| cache.insert(slot(unit), picture(10)));
        assert!(cache.get(slot(0)).is_some());
        cache.insert(slot(3), picture(10));
        assert!(cache.contains(slot(0)) && !cache.contains(slot(1)) && cache.contains(slot(3)));
        assert_eq!(cache.bytes(), 3 * 400);
        cache.insert(slot(3), picture(5));
        assert_eq!(cache.bytes(), 2 * 400 + 100);
    }

    #[test]
    fn one_that_is_larger_than_everything_throws_nothing_out() {
        let mut cache = Cache::new(1000);
        cache.insert(slot(0), picture(10));
        cache.insert(slot(1), picture(100));
        assert!(cache.contains(slot(0)) && !cache.contains(slot(1)));
    }
}
