//! Marks in the stream: told once, as soon as they are known.

use super::Session;
use crate::event::PlaybackEvent;
use crate::manifest::TimedEvent;
use abr::{ByteCount, MediaTime};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Marks remembered, the newest: what is repeated is repeated soon. More than a manifest may hold.
const MAX_TOLD: usize = 50_000;
/// The same mark may be placed by the clocks of several tracks, which are not further apart than this.
const ROUNDING: Duration = Duration::from_millis(500);

/// Scheme, value and number.
type Identity = (String, String, String);

/// What has been told.
#[derive(Debug, Default)]
pub(super) struct ToldEvents {
    told: BTreeSet<(Arc<Identity>, MediaTime)>,
    order: VecDeque<(Arc<Identity>, MediaTime)>,
}

impl ToldEvents {
    /// Is it told for the first time? Those without a number are told apart by their time alone.
    fn is_new(&mut self, event: &TimedEvent) -> bool {
        let identity = Arc::new((event.scheme.clone(), event.value.clone(), event.id.clone()));
        let around = if event.id.is_empty() { Duration::ZERO } else { ROUNDING };
        let first = (identity.clone(), event.start - around);
        let last = (identity.clone(), event.start + around);
        if self.told.range(first..=last).next().is_some() {
            return false;
        }
        if self.order.len() >= MAX_TOLD
            && let Some(oldest) = self.order.pop_front()
        {
            self.told.remove(&oldest);
        }
        self.order.push_back((identity.clone(), event.start));
        self.told.insert((identity, event.start))
    }
}

impl Session {
    /// Tells of marks at the presentation's times. That is when they become known and not when they are due: a break
    /// has to be prepared, and whoever waits for the moment has its time.
    pub(super) fn tell_events(&mut self, events: impl IntoIterator<Item = TimedEvent>) {
        for event in events {
            if self.told_events.is_new(&event) {
                let TimedEvent { scheme, value, id, start, duration, payload } = event;
                let payload = ByteCount::new(payload.len() as u64);
                self.emit(PlaybackEvent::TimedEvent { scheme, value, id, start, duration, payload });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn event(id: &str, start_ms: i64) -> TimedEvent {
        TimedEvent {
            scheme: "urn:x".into(),
            value: "1".into(),
            id: id.into(),
            start: MediaTime::from_millis(start_ms),
            duration: None,
            payload: Bytes::new(),
        }
    }

    #[test]
    fn conformance_29_an_event_is_told_once_and_its_number_may_be_used_again_later() {
        let mut told = ToldEvents::default();
        let news = |told: &mut ToldEvents, id, start| told.is_new(&event(id, start));
        assert!(news(&mut told, "1", 1_000));
        assert!(!news(&mut told, "1", 1_020), "another track's clock");
        assert!(news(&mut told, "2", 1_000));
        assert!(news(&mut told, "1", 60_000));
        assert!(news(&mut told, "", 1_000));
        assert!(news(&mut told, "", 1_100), "tags have no numbers and come often");
        assert!(!news(&mut told, "", 1_100));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut told = ToldEvents::default();
        for number in 0..MAX_TOLD + 10 {
            assert!(told.is_new(&event("", number as i64)));
        }
        assert_eq!((told.told.len(), told.order.len()), (MAX_TOLD, MAX_TOLD));
        assert!(told.is_new(&event("", 0)), "the oldest is forgotten");
    }
}
