//! Coalesced seeking: presses add up to one target that is shown at once, and one seek leaves when they pause.
//!
//! ```text
//!  press +10  press +10  press +10 ... 250 ms ...  Seek(+30)
//!  |--shown: +10--|--+20--|--+30----------------------------- until the picture is there
//! ```

/// Pause after the last press, in seconds.
const PAUSE: f64 = 0.25;
/// How long a running seek holds back the next one, in seconds. What waits for the network longer than that gives way to
/// what the viewer wants now: the player drops it then, so that there is still one.
const PATIENCE: f64 = 1.5;
/// The bar keeps showing the target this long if no other sign of the seek is seen, in seconds.
const LINGER: f64 = 0.4;

/// One seek being put together, and the last one that left. Positions in seconds of the presentation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SeekGesture {
    pending: Option<Pending>,
    sent: Option<Sent>,
    /// Where the pointer rests in mid-drag since that place was sought; its release has nothing to add.
    resting: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Pending {
    origin: f64,
    target: f64,
    due_at: f64,
    /// A held key or a drag: its release ends the gesture.
    held: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Sent {
    target: f64,
    at: f64,
    /// Was it seen on its way? The player says so a moment after it was sent.
    seen: bool,
}

/// A seek that is due, in seconds of the presentation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DueSeek {
    /// Where the gesture began.
    pub(crate) origin: f64,
    pub(crate) target: f64,
}

/// Where the player is while a gesture is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timeline {
    pub(crate) position: f64,
    pub(crate) duration: Option<f64>,
    /// Is a seek on its way?
    pub(crate) seeking: bool,
}

impl SeekGesture {
    /// Adds a jump; `held` for the repetitions of a held key.
    pub(crate) fn by(&mut self, delta: f64, held: bool, timeline: Timeline, now: f64) {
        let origin = self.pending.map_or(self.base(timeline), |p| p.origin);
        let target = clamp(self.pending.map_or(self.base(timeline), |p| p.target) + delta, timeline);
        self.pending = Some(Pending { origin, target, due_at: now + PAUSE, held });
    }

    /// Sets the target, as dragging does.
    pub(crate) fn to(&mut self, target: f64, timeline: Timeline, now: f64) {
        let target = clamp(target, timeline);
        if self.resting.is_some_and(|resting| (resting - target).abs() < 0.05) {
            return;
        }
        let origin = self.pending.map_or(self.base(timeline), |p| p.origin);
        // A drag that rests on a place is a wish to see it.
        let due_at = match self.pending {
            Some(p) if (p.target - target).abs() < 0.05 => p.due_at,
            _ => now + PAUSE,
        };
        self.pending = Some(Pending { origin, target, due_at, held: true });
    }

    /// A key or the pointer was released: a hold ends now, taps go on accumulating.
    pub(crate) fn release(&mut self, now: f64) {
        self.resting = None;
        if let Some(pending) = self.pending.as_mut().filter(|p| p.held) {
            pending.due_at = now;
        }
    }

    /// Leaves at once: single jumps such as a chapter or a digit.
    pub(crate) fn jump(&mut self, target: f64, timeline: Timeline, now: f64) {
        let target = clamp(target, timeline);
        self.pending = Some(Pending { origin: timeline.position, target, due_at: now, held: false });
    }

    /// The seek that is due, if any. Never more than one is on its way.
    pub(crate) fn poll(&mut self, timeline: Timeline, now: f64) -> Option<DueSeek> {
        let mut under_way = false;
        if let Some(sent) = &mut self.sent {
            sent.seen |= timeline.seeking;
            let age = now - sent.at;
            // Until it was seen, only time says that it is over.
            let arrived = !timeline.seeking && (sent.seen || age > LINGER);
            under_way = !arrived && age <= PATIENCE;
            if (arrived && age > LINGER) || age > PATIENCE {
                self.sent = None;
            }
        }
        let pending = self.pending.filter(|p| now >= p.due_at)?;
        if under_way {
            return None;
        }
        self.pending = None;
        self.resting = pending.held.then_some(pending.target);
        self.sent = Some(Sent { target: pending.target, at: now, seen: false });
        Some(DueSeek { origin: pending.origin, target: pending.target })
    }

    /// When `poll` should be called next.
    pub(crate) fn due_at(&self, now: f64) -> Option<f64> {
        let pending = self.pending.map(|p| p.due_at.max(now + 0.02));
        let sent = self.sent.map(|s| s.at + LINGER + 0.01);
        match (pending, sent) {
            (Some(a), Some(b)) => Some(a.min(b.max(now + 0.02))),
            (a, b) => a.or(b.map(|b| b.max(now + 0.02))),
        }
    }

    /// What the bar should show instead of the position.
    pub(crate) fn shown(&self) -> Option<f64> {
        self.pending.map(|p| p.target).or(self.sent.map(|s| s.target))
    }

    /// How far the gesture has come from where it began, while it is made.
    pub(crate) fn distance(&self) -> Option<f64> {
        self.pending.map(|p| p.target - p.origin)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.pending.is_some()
    }

    fn base(&self, timeline: Timeline) -> f64 {
        self.sent.map_or(timeline.position, |sent| sent.target)
    }
}

fn clamp(target: f64, timeline: Timeline) -> f64 {
    target.clamp(0.0, timeline.duration.unwrap_or(f64::MAX).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Timeline = Timeline { position: 100.0, duration: Some(200.0), seeking: false };

    fn poll(gesture: &mut SeekGesture, timeline: Timeline, now: f64) -> Option<f64> {
        gesture.poll(timeline, now).map(|seek| seek.target)
    }

    #[test]
    fn ten_presses_become_one_seek() {
        let mut gesture = SeekGesture::default();
        let mut seeks = Vec::new();
        for press in 0..10 {
            let now = f64::from(press) * 0.1;
            gesture.by(5.0, false, HERE, now);
            assert_eq!(gesture.shown(), Some(100.0 + 5.0 * f64::from(press + 1)));
            gesture.release(now + 0.05);
            seeks.extend(poll(&mut gesture, HERE, now + 0.05));
        }
        seeks.extend(poll(&mut gesture, HERE, 0.9 + PAUSE));
        assert_eq!(seeks, [150.0]);
    }

    #[test]
    fn releasing_a_held_key_seeks_at_once() {
        let mut gesture = SeekGesture::default();
        gesture.by(-10.0, false, HERE, 0.0);
        gesture.by(-10.0, true, HERE, 0.1);
        gesture.release(0.12);
        assert_eq!(poll(&mut gesture, HERE, 0.12), Some(80.0));
    }

    #[test]
    fn a_press_during_a_seek_continues_from_its_target_and_waits_for_it() {
        let mut gesture = SeekGesture::default();
        gesture.by(10.0, false, HERE, 0.0);
        assert_eq!(poll(&mut gesture, HERE, 0.25), Some(110.0));
        gesture.by(10.0, true, HERE, 0.26);
        gesture.release(0.27);
        assert_eq!(poll(&mut gesture, HERE, 0.28), None, "the player has not even said that it seeks");
        gesture = SeekGesture::default();
        gesture.by(10.0, false, HERE, 0.0);
        poll(&mut gesture, HERE, 0.25);
        let seeking = Timeline { seeking: true, ..HERE };
        gesture.by(10.0, false, seeking, 0.3);
        assert_eq!(gesture.shown(), Some(120.0));
        assert_eq!(poll(&mut gesture, seeking, 0.6), None, "one seek at a time");
        assert_eq!(poll(&mut gesture, HERE, 0.7), Some(120.0));
    }

    #[test]
    fn targets_stay_within_the_title() {
        let mut gesture = SeekGesture::default();
        gesture.by(-500.0, false, HERE, 0.0);
        assert_eq!(gesture.shown(), Some(0.0));
        gesture.to(1e9, HERE, 0.1);
        assert_eq!(gesture.shown(), Some(200.0));
    }

    #[test]
    fn a_resting_drag_seeks_and_so_does_its_release() {
        let mut gesture = SeekGesture::default();
        gesture.to(20.0, HERE, 0.0);
        gesture.to(30.0, HERE, 0.1);
        gesture.to(30.0, HERE, 0.3);
        assert_eq!(poll(&mut gesture, HERE, 0.36), Some(30.0));
        gesture.to(30.0, HERE, 0.4);
        assert_eq!(poll(&mut gesture, HERE, 0.8), None, "nothing new");
        gesture.to(40.0, HERE, 0.9);
        gesture.release(0.95);
        assert_eq!(poll(&mut gesture, HERE, 0.95), Some(40.0));
    }

    /// Ten presses at any pace, a player that is slow to say that it seeks and slow to arrive: never two seeks at once,
    /// at most two for ten presses that are faster than the pause, and the last one goes where the viewer wanted.
    #[test]
    fn there_is_never_more_than_one_seek_on_its_way() {
        // Hundredths of a second between presses.
        for pace in [2, 10, 20, 30, 70] {
            for (notice, arrival) in [(0.0, 0.05), (0.03, 0.2), (0.1, 0.9), (0.0, 0.0)] {
                let mut gesture = SeekGesture::default();
                let mut position = 0.0;
                let mut running: Option<(f64, f64)> = None;
                let mut seeks = Vec::new();
                for step in 0..1_000 {
                    let now = f64::from(step) * 0.01;
                    if let Some((target, _)) = running.filter(|(_, sent)| now >= sent + notice + arrival) {
                        (position, running) = (target, None);
                    }
                    let seeking = running.is_some_and(|(_, sent)| now >= sent + notice);
                    let timeline = Timeline { position, duration: Some(200.0), seeking };
                    if step % pace == 0 && step / pace < 10 {
                        gesture.by(5.0, false, timeline, now);
                    }
                    if let Some(seek) = gesture.poll(timeline, now) {
                        assert_eq!(running, None, "{pace} {notice} {arrival}");
                        running = Some((seek.target, now));
                        seeks.push(seek.target);
                    }
                }
                assert_eq!(seeks.last(), Some(&50.0), "{pace} {notice} {arrival}: {seeks:?}");
                assert!(pace > 25 || seeks.len() <= 2, "{pace}: {seeks:?}");
            }
        }
    }

    #[test]
    fn the_bar_returns_to_the_position_afterwards() {
        let mut gesture = SeekGesture::default();
        gesture.jump(50.0, HERE, 0.0);
        assert_eq!(poll(&mut gesture, HERE, 0.0), Some(50.0));
        assert_eq!(gesture.shown(), Some(50.0));
        poll(&mut gesture, HERE, 1.0);
        assert_eq!(gesture.shown(), None);
    }
}
