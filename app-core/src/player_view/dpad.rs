//! Seeking with four arrows and one button, as on a television.
//!
//! ```text
//!  taps     →  →  →  ........ 400 ms ... seek(+30)      10 s each, then 30 s, then 60 s
//!  hold     →―――500 ms―8×―1.5 s―16×―1.5 s―32×―64×―release―400 ms― seek
//!  Back     at any time before: nothing happened
//!  OK       tap: play or pause; 500 ms: the quick menu
//! ```
//!
//! The bar, the time and the thumbnail follow at once; the player is asked once, at the end. While the bar is wound the
//! picture stands still, and goes on by itself afterwards.

use super::{
    model::{Menu, PlayerMsg, PlayerScreen, Reaction},
    seek::Timeline,
};
use egui::{Event, Key};
use player_core::Command;

/// A key is held after this long, in seconds.
const HOLD: f64 = 0.5;
/// The seek leaves this long after the last key came up, in seconds.
const REST: f64 = 0.4;
/// Media seconds a second while an arrow is held, and how long each lasts.
const RATES: [i32; 4] = [8, 16, 32, 64];
const RATE_LASTS: f64 = 1.5;
/// Between two positions of a wound bar, in seconds: each asks for a thumbnail, and eight a second look like a film.
const TICK: f64 = 0.1;
/// A frame that took longer than this does not wind further, in seconds.
const LONGEST_FRAME: f64 = 0.25;
/// Media seconds that the first presses of a gesture jump, the next ones, and all others.
const JUMPS: [(u32, f64); 3] = [(4, 10.0), (8, 30.0), (u32::MAX, 60.0)];
/// Winding ends this long before the end, in seconds.
const END_MARGIN: f64 = 2.0;

/// Where an arrow leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Back,
    Forward,
}

impl Way {
    fn sign(self) -> f64 {
        if self == Self::Back { -1.0 } else { 1.0 }
    }
}

/// What happened to the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DpadMsg {
    /// An arrow went down; its repetitions are left out.
    Press(Way),
    Release(Way),
    OkPressed,
    OkReleased,
    /// The window is not in front any more: whatever was held is not.
    LetGo,
}

/// The gesture that is made, if any. Positions and times in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Dpad {
    gesture: Option<Gesture>,
    ok_since: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Gesture {
    origin: f64,
    target: f64,
    way: Way,
    presses: u32,
    phase: Phase,
    /// The picture was stopped for it.
    stopped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Down { since: f64 },
    Winding { since: f64, at: f64 },
    Up { due: f64 },
}

/// What a gesture has become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// An arrow is held: the picture may stand still.
    Winding,
    /// It is over; `stopped` as the first of its kind was answered.
    Seek { to: f64, stopped: bool },
    /// OK is held.
    QuickMenu,
}

impl Dpad {
    /// An arrow went down.
    pub(crate) fn press(&mut self, way: Way, timeline: Timeline, now: f64) {
        let mut gesture = self.gesture.unwrap_or(Gesture {
            origin: timeline.position,
            target: timeline.position,
            way,
            presses: 0,
            phase: Phase::Down { since: now },
            stopped: false,
        });
        gesture.presses = if gesture.way == way { gesture.presses + 1 } else { 1 };
        let jump = JUMPS.iter().find(|(until, _)| gesture.presses <= *until).map_or(0.0, |(_, jump)| *jump);
        gesture.way = way;
        gesture.target = clamp(gesture.target + jump * way.sign(), timeline);
        gesture.phase = Phase::Down { since: now };
        self.gesture = Some(gesture);
    }

    /// An arrow came up.
    pub(crate) fn release(&mut self, way: Way, now: f64) {
        if let Some(gesture) = self.gesture.as_mut().filter(|gesture| gesture.way == way)
            && !matches!(gesture.phase, Phase::Up { .. })
        {
            gesture.phase = Phase::Up { due: now + REST };
        }
    }

    /// Ends the gesture as if it had not been made. Returns whether there was one, and whether it stopped the picture.
    pub(crate) fn cancel(&mut self) -> Option<bool> {
        self.gesture.take().map(|gesture| gesture.stopped)
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self, timeline: Timeline, now: f64) -> Option<Outcome> {
        if self.ok_since.is_some_and(|since| now - since >= HOLD) {
            self.ok_since = None;
            return Some(Outcome::QuickMenu);
        }
        let gesture = self.gesture.as_mut()?;
        match gesture.phase {
            Phase::Down { since } if now - since >= HOLD => {
                gesture.phase = Phase::Winding { since: now, at: now };
                Some(Outcome::Winding)
            }
            Phase::Down { .. } => None,
            Phase::Winding { since, at } => {
                let passed = (now - at).clamp(0.0, LONGEST_FRAME);
                let rate = f64::from(rate(now - since));
                gesture.target = clamp(gesture.target + rate * passed * gesture.way.sign(), timeline);
                gesture.phase = Phase::Winding { since, at: now };
                None
            }
            Phase::Up { due } if now >= due => {
                let Gesture { target, stopped, .. } = *gesture;
                self.gesture = None;
                Some(Outcome::Seek { to: target, stopped })
            }
            Phase::Up { .. } => None,
        }
    }

    /// When [`Dpad::tick`] has something to do next.
    pub(crate) fn due_at(&self) -> Option<f64> {
        let gesture = self.gesture.map(|gesture| match gesture.phase {
            Phase::Down { since } => since + HOLD,
            Phase::Winding { at, .. } => at + TICK,
            Phase::Up { due } => due,
        });
        let ok = self.ok_since.map(|since| since + HOLD);
        gesture.into_iter().chain(ok).min_by(f64::total_cmp)
    }

    /// What bar and clock show instead of the position.
    pub(crate) fn shown(&self) -> Option<f64> {
        self.gesture.map(|gesture| gesture.target)
    }

    /// How far the gesture has come, in seconds, while it is made of taps.
    pub(crate) fn distance(&self) -> Option<f64> {
        self.gesture.filter(|gesture| !matches!(gesture.phase, Phase::Winding { .. })).map(|g| g.target - g.origin)
    }

    /// How fast the bar is wound, negative for back.
    pub(crate) fn rate(&self, now: f64) -> Option<i32> {
        self.gesture.and_then(|gesture| match gesture.phase {
            Phase::Winding { since, .. } => Some(rate(now - since) * gesture.way.sign() as i32),
            _ => None,
        })
    }

    pub(crate) fn is_active(&self) -> bool {
        self.gesture.is_some()
    }

    /// What the keys of this frame will do to it: a key may go down and come up before its message is taken.
    pub(crate) fn foresee(&mut self, msg: DpadMsg) {
        match msg {
            DpadMsg::Press(way) => self.press(way, Timeline { position: 0.0, duration: None, seeking: false }, 0.0),
            DpadMsg::Release(way) => self.release(way, 0.0),
            DpadMsg::OkPressed => self.ok_since = Some(0.0),
            DpadMsg::OkReleased | DpadMsg::LetGo => self.ok_since = None,
        }
    }

    fn holds(&self, way: Way) -> bool {
        self.gesture.is_some_and(|gesture| gesture.way == way && !matches!(gesture.phase, Phase::Up { .. }))
    }

    /// Is any key down that it waits for?
    pub(crate) fn is_held(&self) -> bool {
        self.ok_since.is_some() || self.holds(Way::Back) || self.holds(Way::Forward)
    }
}

fn rate(wound_for: f64) -> i32 {
    let step = (wound_for / RATE_LASTS).max(0.0) as usize;
    RATES[step.min(RATES.len() - 1)]
}

fn clamp(target: f64, timeline: Timeline) -> f64 {
    let end = timeline.duration.map_or(f64::MAX, |duration| (duration - END_MARGIN).max(0.0));
    target.clamp(0.0, end)
}

/// What the keys mean just now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    /// No controls are shown.
    pub(crate) hidden: bool,
    /// The bar has the focus.
    pub(crate) on_bar: bool,
    /// Something is offered to be skipped, and OK takes it.
    pub(crate) offers: bool,
    pub(crate) dpad: Dpad,
}

/// What a key of a television's remote means while no menu is open; `None` if it is for others.
pub(crate) fn read(event: &Event, now: Situation) -> Option<Option<PlayerMsg>> {
    let Event::Key { key, pressed, repeat, modifiers, .. } = event else { return None };
    if modifiers.any() {
        return None;
    }
    let ours = now.hidden || now.on_bar;
    let way = match key {
        Key::ArrowLeft => Some(Way::Back),
        Key::ArrowRight => Some(Way::Forward),
        _ => None,
    };
    let msg = match (way, key) {
        (Some(way), _) if *pressed && ours => (!repeat).then_some(DpadMsg::Press(way)),
        (Some(way), _) if !*pressed && now.dpad.holds(way) => Some(DpadMsg::Release(way)),
        // A gesture goes on where it began.
        (Some(way), _) if now.dpad.holds(way) => None,
        (None, Key::Enter) if *pressed && ours && now.hidden && now.offers => {
            return Some((!repeat).then_some(PlayerMsg::Skip));
        }
        (None, Key::Enter) if *pressed && ours => (!repeat).then_some(DpadMsg::OkPressed),
        (None, Key::Enter) if !*pressed && now.dpad.ok_since.is_some() => Some(DpadMsg::OkReleased),
        _ => return None,
    };
    Some(msg.map(PlayerMsg::Dpad))
}

impl PlayerScreen {
    /// Takes what happened to the keys.
    pub(super) fn update_dpad(&mut self, msg: DpadMsg, now: f64) -> Reaction {
        let mut reaction = Reaction::default();
        match msg {
            DpadMsg::Press(way) => {
                self.touch(now);
                let timeline = self.shown_timeline();
                self.dpad.press(way, timeline, now);
            }
            DpadMsg::Release(way) => {
                self.touch(now);
                self.dpad.release(way, now);
            }
            DpadMsg::OkPressed => self.dpad.ok_since = Some(now),
            DpadMsg::OkReleased if self.dpad.ok_since.take().is_some() => {
                self.touch(now);
                if let Some(gesture) = &mut self.dpad.gesture {
                    // Here is good.
                    gesture.phase = Phase::Up { due: now };
                } else {
                    reaction = self.update(PlayerMsg::TogglePlay, now);
                }
            }
            DpadMsg::OkReleased => {}
            DpadMsg::LetGo => {
                self.dpad.ok_since = None;
                self.dpad.release(Way::Back, now);
                self.dpad.release(Way::Forward, now);
            }
        }
        reaction
    }

    /// Lets time pass for a gesture.
    pub(super) fn tick_dpad(&mut self, now: f64) -> Vec<Command> {
        let timeline = self.shown_timeline();
        match self.dpad.tick(timeline, now) {
            Some(Outcome::Winding) => {
                self.touch(now);
                let playing = self.snapshot.wants_play && self.snapshot.trick_speed.is_none();
                if let Some(gesture) = self.dpad.gesture.as_mut().filter(|gesture| playing && !gesture.stopped) {
                    gesture.stopped = true;
                    return vec![Command::Pause];
                }
            }
            Some(Outcome::Seek { to, stopped }) => {
                self.touch(now);
                self.seek.jump(to, timeline, now);
                // After the seek, which leaves in this very tick.
                return if stopped { vec![Command::Play] } else { vec![] };
            }
            Some(Outcome::QuickMenu) => {
                self.touch(now);
                self.menu = Some(Menu::Quick);
            }
            None => {}
        }
        vec![]
    }

    /// Back in mid-gesture: everything is as before. `None` if there is no gesture.
    pub(super) fn cancel_dpad(&mut self) -> Option<Reaction> {
        let stopped = self.dpad.cancel()?;
        let commands = if stopped { vec![Command::Play] } else { vec![] };
        Some(Reaction { commands, ..Reaction::default() })
    }

    /// A gesture begins at what is shown: a seek that is on its way counts as done.
    fn shown_timeline(&self) -> Timeline {
        let position = self.seek.shown().unwrap_or_else(|| self.position());
        Timeline { position, ..self.timeline() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Timeline = Timeline { position: 1000.0, duration: Some(3000.0), seeking: false };

    fn seek(to: f64) -> Option<Outcome> {
        Some(Outcome::Seek { to, stopped: false })
    }

    #[test]
    fn taps_add_up_in_growing_steps_and_leave_once() {
        let mut dpad = Dpad::default();
        let mut left = Vec::new();
        let mut now = 0.0;
        let mut at = 1000.0;
        for press in 1..=10 {
            dpad.press(Way::Forward, HERE, now);
            at += if press <= 4 {
                10.0
            } else if press <= 8 {
                30.0
            } else {
                60.0
            };
            assert_eq!(dpad.shown(), Some(at), "shown at once");
            left.extend(dpad.tick(HERE, now + 0.05));
            dpad.release(Way::Forward, now + 0.1);
            left.extend(dpad.tick(HERE, now + 0.1));
            now += 0.3;
        }
        assert_eq!(left, [], "nothing leaves in between");
        assert_eq!(dpad.due_at(), Some(now - 0.3 + 0.1 + REST));
        assert_eq!(dpad.tick(HERE, now + 0.2), seek(at));
        assert_eq!((dpad.shown(), dpad.due_at(), dpad.tick(HERE, now + 5.0)), (None, None, None));
    }

    #[test]
    fn the_other_way_begins_with_small_steps() {
        let mut dpad = Dpad::default();
        for _ in 0..6 {
            dpad.press(Way::Forward, HERE, 0.0);
        }
        dpad.press(Way::Back, HERE, 0.1);
        assert_eq!(dpad.distance(), Some(4.0 * 10.0 + 2.0 * 30.0 - 10.0));
    }

    #[test]
    fn a_hold_winds_ever_faster_and_leaves_after_its_release() {
        let mut dpad = Dpad::default();
        dpad.press(Way::Forward, HERE, 0.0);
        assert_eq!(dpad.tick(HERE, 0.49), None);
        assert_eq!(dpad.rate(0.49), None);
        assert_eq!(dpad.tick(HERE, 0.5), Some(Outcome::Winding));
        let mut rates = Vec::new();
        let mut positions = Vec::new();
        for tick in 1..=60 {
            let now = 0.5 + f64::from(tick) * TICK;
            assert_eq!(dpad.tick(HERE, now), None);
            rates.extend(dpad.rate(now));
            positions.extend(dpad.shown());
        }
        rates.dedup();
        assert_eq!(rates, [8, 16, 32, 64]);
        // Each position asks for a thumbnail: at least eight a second.
        positions.dedup();
        assert_eq!(positions.len(), 60);
        // 10 s of the press, and 1.5 s of each rate, give or take what one tick winds.
        let at = dpad.shown().unwrap();
        assert!((at - (1010.0 + 1.5 * (8.0 + 16.0 + 32.0 + 64.0))).abs() < 10.0, "{at}");
        dpad.release(Way::Forward, 6.55);
        assert_eq!(dpad.tick(HERE, 6.94), None);
        assert_eq!(dpad.tick(HERE, 6.96), seek(at));
    }

    #[test]
    fn winding_stops_at_the_ends() {
        let mut dpad = Dpad::default();
        for way in [Way::Forward, Way::Back] {
            dpad.press(way, HERE, 0.0);
            for tick in 0..2000 {
                dpad.tick(HERE, f64::from(tick) * 0.1);
            }
            assert_eq!(dpad.shown(), Some(if way == Way::Back { 0.0 } else { 2998.0 }));
            dpad.cancel();
        }
    }

    #[test]
    fn a_slow_frame_does_not_jump() {
        let mut dpad = Dpad::default();
        dpad.press(Way::Back, HERE, 0.0);
        dpad.tick(HERE, 0.5);
        dpad.tick(HERE, 30.0);
        assert_eq!(dpad.shown(), Some(990.0 - 64.0 * LONGEST_FRAME));
    }

    #[test]
    fn back_cancels_and_nothing_was_sought() {
        let mut dpad = Dpad::default();
        dpad.press(Way::Forward, HERE, 0.0);
        dpad.tick(HERE, 0.5);
        dpad.tick(HERE, 2.0);
        assert_eq!(dpad.cancel(), Some(false));
        assert_eq!((dpad.shown(), dpad.tick(HERE, 9.0), dpad.cancel()), (None, None, None));
    }

    #[test]
    fn keys_are_taken_where_they_belong() {
        let key = |key, pressed, repeat| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat,
            modifiers: Default::default(),
        };
        let hidden = Situation { hidden: true, on_bar: false, offers: false, dpad: Dpad::default() };
        let walking = Situation { hidden: false, ..hidden };
        let right = key(Key::ArrowRight, true, false);
        assert_eq!(read(&right, hidden), Some(Some(PlayerMsg::Dpad(DpadMsg::Press(Way::Forward)))));
        assert_eq!(read(&right, walking), None, "the focus walks");
        assert_eq!(read(&right, Situation { on_bar: true, ..walking }), read(&right, hidden));
        assert_eq!(read(&key(Key::ArrowRight, true, true), hidden), Some(None), "repetitions are left out");
        assert_eq!(read(&key(Key::ArrowRight, false, false), hidden), None, "nothing is held");
        let ok = key(Key::Enter, true, false);
        assert_eq!(read(&ok, hidden), Some(Some(PlayerMsg::Dpad(DpadMsg::OkPressed))));
        assert_eq!(read(&ok, Situation { offers: true, ..hidden }), Some(Some(PlayerMsg::Skip)));
        assert_eq!(read(&key(Key::MediaPlayPause, true, false), hidden), None, "it always only plays and pauses");
        let mut held = Situation { hidden: false, ..hidden };
        held.dpad.foresee(DpadMsg::Press(Way::Back));
        let release = read(&key(Key::ArrowLeft, false, false), held);
        assert_eq!(release, Some(Some(PlayerMsg::Dpad(DpadMsg::Release(Way::Back)))), "wherever the focus is by now");
    }
}
