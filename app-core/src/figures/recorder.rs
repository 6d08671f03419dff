//! What is told of events and frames, added up. Times are since the process began, and come from outside.

use super::{FIGURES_VERSION, Figures, Memory, ScreenFigures, spread::Spread};
use std::{collections::BTreeMap, time::Duration};

/// Inputs that can wait for one frame: nobody presses more.
const WAITING: usize = 256;

/// What a pass of the interface showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Stable name of the screen.
    pub(crate) screen: &'static str,
    /// A control has the focus.
    pub(crate) is_focused: bool,
    /// Something was decided after it was drawn: the next frame shows it.
    pub(crate) owes_frame: bool,
    /// Bytes of the pictures of titles.
    pub(crate) textures: u64,
}

/// One frame, as the window made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) begun: Duration,
    pub(super) ended: Duration,
    /// CPU time of the thread.
    pub(super) cpu: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Input {
    at: Duration,
    /// A frame has taken it and owes another one.
    is_taken: bool,
}

#[derive(Clone, Debug, Default)]
struct Screen {
    /// End of its first frame.
    first: Duration,
    pass: Spread,
    frame_cpu: Spread,
    frame: Spread,
    input: Spread,
}

/// Adds up.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorder {
    frames: u64,
    first_frame: Option<Duration>,
    first_focus: Option<Duration>,
    screens: BTreeMap<&'static str, Screen>,
    waiting: Vec<Input>,
    /// CPU time of the interface in this frame.
    spent: Duration,
    seen: Option<Seen>,
    textures: u64,
}

impl Recorder {
    /// A key or a button went down.
    pub(super) fn input(&mut self, at: Duration) {
        if self.waiting.len() < WAITING {
            self.waiting.push(Input { at, is_taken: false });
        }
    }

    /// A frame begins.
    pub(super) fn begin(&mut self) {
        self.spent = Duration::ZERO;
        self.seen = None;
    }

    /// A part of the interface's work was done.
    pub(super) fn spend(&mut self, cpu: Duration) {
        self.spent += cpu;
    }

    /// The interface has drawn itself.
    pub(super) fn see(&mut self, seen: Seen) {
        self.textures = seen.textures;
        self.seen = Some(seen);
    }

    /// The frame is on the screen; unless nothing was drawn for it.
    pub(super) fn end(&mut self, frame: Frame) {
        let Some(seen) = self.seen.take() else { return };
        self.frames += 1;
        self.first_frame.get_or_insert(frame.ended);
        if seen.is_focused {
            self.first_focus.get_or_insert(frame.ended);
        }
        let new = Screen { first: frame.ended, ..Screen::default() };
        let screen = self.screens.entry(seen.screen).or_insert(new);
        screen.pass.add(self.spent);
        screen.frame_cpu.add(frame.cpu);
        screen.frame.add(frame.ended.saturating_sub(frame.begun));
        self.waiting.retain_mut(|input| {
            if seen.owes_frame && !input.is_taken {
                input.is_taken = true;
                return true;
            }
            screen.input.add(frame.ended.saturating_sub(input.at));
            false
        });
    }

    /// Everything so far.
    pub(super) fn figures(&self, app: &str, uptime: Duration, memory: Memory) -> Figures {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let screens = self.screens.iter().map(|(name, screen)| {
            let figures = ScreenFigures {
                first_ms: millis(screen.first),
                pass: screen.pass.quantiles(),
                frame_cpu: screen.frame_cpu.quantiles(),
                frame: screen.frame.quantiles(),
                input: screen.input.quantiles(),
            };
            ((*name).to_owned(), figures)
        });
        Figures {
            version: FIGURES_VERSION,
            app: app.to_owned(),
            uptime_s: uptime.as_secs_f64(),
            frames: self.frames,
            first_frame_ms: self.first_frame.map(millis),
            first_focus_ms: self.first_focus.map(millis),
            screens: screens.collect(),
            memory: Memory { textures_kib: self.textures / 1024, ..memory },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn seen(screen: &'static str) -> Seen {
        Seen { screen, is_focused: true, owes_frame: false, textures: 3 << 20 }
    }

    fn frame(recorder: &mut Recorder, (begun, ended): (u64, u64), seen: Seen) {
        recorder.begin();
        recorder.spend(ms(1));
        recorder.spend(ms(2));
        recorder.see(seen);
        recorder.end(Frame { begun: ms(begun), ended: ms(ended), cpu: ms(5) });
    }

    fn figures(recorder: &Recorder) -> Figures {
        recorder.figures("lumen-tv", ms(9000), Memory::default())
    }

    #[test]
    fn the_start_is_the_first_frame_and_the_first_focus() {
        let mut recorder = Recorder::default();
        frame(&mut recorder, (300, 340), Seen { is_focused: false, ..seen("starting") });
        frame(&mut recorder, (500, 520), seen("home"));
        frame(&mut recorder, (600, 620), seen("home"));
        let told = figures(&recorder);
        assert_eq!((told.frames, told.first_frame_ms, told.first_focus_ms), (3, Some(340.0), Some(520.0)));
        assert_eq!((told.screens["starting"].frame.max, told.screens["home"].frame.count), (40.0, 2));
        let home = &told.screens["home"];
        assert_eq!(home.first_ms, 520.0);
        assert_eq!((home.pass.max, home.frame_cpu.max, home.input.count), (3.0, 5.0, 0));
        assert_eq!(told.memory.textures_kib, 3 << 10);
    }

    #[test]
    fn a_key_is_seen_at_the_end_of_the_frame_that_took_it() {
        let mut recorder = Recorder::default();
        recorder.input(ms(1000));
        recorder.input(ms(1004));
        frame(&mut recorder, (1005, 1012), seen("home"));
        frame(&mut recorder, (1030, 1040), seen("home"));
        let input = figures(&recorder).screens["home"].input;
        assert_eq!((input.count, input.max), (2, 12.0));
        assert!(input.p50 >= 8.0 && input.p50 < 8.2);
    }

    #[test]
    fn what_is_decided_after_drawing_is_seen_one_frame_later_and_not_two() {
        let mut recorder = Recorder::default();
        recorder.input(ms(1000));
        frame(&mut recorder, (1001, 1010), Seen { owes_frame: true, ..seen("home") });
        assert_eq!(figures(&recorder).screens["home"].input.count, 0);
        // Another key comes meanwhile, and this frame owes one again: that is the second key's.
        recorder.input(ms(1012));
        frame(&mut recorder, (1013, 1020), Seen { owes_frame: true, ..seen("player") });
        assert_eq!(figures(&recorder).screens["player"].input, quantiles(1, 20.0));
        frame(&mut recorder, (1025, 1030), seen("title"));
        assert_eq!(figures(&recorder).screens["title"].input, quantiles(1, 18.0));
    }

    fn quantiles(count: u64, all: f64) -> super::super::Quantiles {
        super::super::Quantiles { count, p50: all, p95: all, p99: all, max: all }
    }

    #[test]
    fn a_frame_for_which_nothing_was_drawn_is_none() {
        let mut recorder = Recorder::default();
        recorder.input(ms(10));
        recorder.begin();
        recorder.spend(ms(1));
        recorder.end(Frame { begun: ms(11), ended: ms(12), cpu: ms(1) });
        let told = figures(&recorder);
        assert_eq!((told.frames, told.first_frame_ms, told.screens.len()), (0, None, 0));
        frame(&mut recorder, (20, 30), seen("home"));
        assert_eq!(figures(&recorder).screens["home"].input.max, 20.0, "the key waited for the one that was");
    }

    #[test]
    fn keys_that_nobody_draws_are_not_kept_for_ever() {
        let mut recorder = Recorder::default();
        for key in 0..100 * WAITING as u64 {
            recorder.input(ms(key));
        }
        assert_eq!(recorder.waiting.len(), WAITING);
    }
}
