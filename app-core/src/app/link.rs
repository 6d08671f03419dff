//! Whether the service can be reached, in words: what still works without it, when it is asked again, that it is back.
//!
//! ```text
//!  There ── a call does not get through ─► Away, until a time ── the time comes ─► Asking ── answer ─► Back ── 4 s ─► There
//!                                            ▲                                        │
//!                                            └──────── no answer: a longer time ──────┘
//! ```

use super::{Effect, Failure, Model, Msg, Place};
use crate::language::tr;

/// Waits before the service is asked again, in seconds; the last one from then on.
const WAITS: [f64; 5] = [2.0, 4.0, 8.0, 15.0, 30.0];
/// An answer that takes longer than all tries of a call, in seconds, was not given.
const NO_ANSWER: f64 = 60.0;
/// How long it is said that the service is back, in seconds.
const SAID: f64 = 4.0;

/// What is known of the way to the service. Times of the interface's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Link {
    #[default]
    There,
    /// It did not answer, so many times, and is asked again then.
    Away { tries: usize, next: f64 },
    /// It is being asked since then.
    Asking { tries: usize, since: f64 },
    /// It is there again, which is said until then.
    Back { until: f64 },
}

impl Link {
    /// A call did not get through.
    fn lost(&mut self, now: f64) {
        let tries = match *self {
            // Others that were on their way say the same.
            Self::Away { .. } => return,
            Self::Asking { tries, .. } => tries + 1,
            Self::There | Self::Back { .. } => 0,
        };
        *self = Self::Away { tries, next: now + WAITS[tries.min(WAITS.len() - 1)] };
    }

    /// The service answered. Returns whether that is news.
    fn reached(&mut self, now: f64) -> bool {
        let was_away = self.is_away();
        if was_away {
            *self = Self::Back { until: now + SAID };
        }
        was_away
    }

    /// Lets time pass. `true` when the service is to be asked.
    fn tick(&mut self, now: f64) -> bool {
        match *self {
            Self::Away { tries, next } if now >= next => {
                *self = Self::Asking { tries, since: now };
                true
            }
            Self::Asking { since, .. } if now >= since + NO_ANSWER => {
                self.lost(now);
                false
            }
            Self::Back { until } if now >= until => {
                *self = Self::There;
                false
            }
            _ => false,
        }
    }

    /// When [`Link::tick`] has something to do, or other words to say.
    fn due(&self, now: f64) -> Option<f64> {
        match *self {
            Self::There => None,
            // Each second is counted.
            Self::Away { next, .. } => Some(next.min(now + (next - now).fract().max(0.05))),
            Self::Asking { since, .. } => Some(since + NO_ANSWER),
            Self::Back { until } => Some(until),
        }
    }

    /// Can the service not be reached, as far as is known?
    pub(crate) fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Asking { .. })
    }
}

/// What an answer says about the link: whether the service was reached, if it says anything.
fn says(msg: &Msg) -> Option<bool> {
    fn of<T>(answer: &Result<T, Failure>) -> Option<bool> {
        match answer {
            Ok(_) => Some(true),
            Err(failure) => Some(failure.code != Failure::UNREACHABLE),
        }
    }
    match msg {
        Msg::HomeLoaded { answer, .. } => of(answer),
        Msg::TitleLoaded { answer, .. } => of(answer),
        Msg::Found { answer, .. } => of(answer),
        Msg::Unlocked { answer, .. } => of(answer),
        Msg::SignedIn(answer) => of(answer),
        Msg::CodeGiven(_) => Some(true),
        // Without a kept session nobody was asked.
        Msg::Restored(Ok(None)) => None,
        Msg::Restored(answer) => of(answer),
        _ => None,
    }
}

impl Model {
    /// Takes notice of what an answer says, before it is taken itself.
    pub(super) fn follow_link(&mut self, msg: &Msg, now: f64) -> Vec<Effect> {
        match says(msg) {
            Some(true) if self.link.reached(now) => {
                // What could not be shown can be now; the answer itself may be it.
                let is_missing = match self.place {
                    Place::Title => self.title_page().and_then(|page| page.document.failure()).is_some(),
                    Place::Search => true,
                    _ => false,
                };
                if is_missing { self.retry(now) } else { vec![] }
            }
            Some(false) => {
                self.link.lost(now);
                vec![]
            }
            _ => vec![],
        }
    }

    /// Lets time pass for the link: the service is asked again when that is due.
    pub(super) fn tick_link(&mut self, now: f64) -> Vec<Effect> {
        if !self.link.tick(now) {
            return vec![];
        }
        match self.place {
            // Nobody stands in front of a television to press a key for that.
            Place::SignIn if self.density.is_tv() && self.sign_in.failure.is_some() => vec![Effect::Restore],
            Place::SignIn => {
                self.link = Link::There;
                vec![]
            }
            _ => {
                let asked = self.load_home();
                if asked.is_empty() && !self.home.is_loading() {
                    // Nobody is signed in who could ask.
                    self.link = Link::There;
                }
                asked
            }
        }
    }

    /// When [`Model::tick_link`] should be called next.
    pub(super) fn link_due(&self, now: f64) -> Option<f64> {
        self.link.due(now)
    }

    /// What is said about the link, if anything is. The player has words of its own for what it lacks.
    pub(crate) fn link_words(&self, now: f64) -> Option<String> {
        match self.link {
            Link::There => None,
            Link::Away { .. } | Link::Asking { .. } if self.place == Place::Player => None,
            Link::Away { next, .. } => {
                let seconds = (next - now).max(0.0).ceil() as u32;
                Some(tr!("link-away", seconds = seconds))
            }
            Link::Asking { .. } => Some(tr!("link-asking").to_owned()),
            Link::Back { .. } => Some(tr!("link-back").to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{density::Density, testing::fixtures};

    fn answer(answer: Result<service_api::catalog::Home, Failure>) -> Msg {
        Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(answer) }
    }

    #[test]
    fn the_service_is_asked_again_at_longer_and_longer_intervals_until_it_answers() {
        let mut model = fixtures::at_home(Density::Tv);
        let mut now = 100.0;
        model.update(answer(Err(fixtures::failure())), now);
        assert_eq!(model.link_words(now).unwrap(), "No connection. Trying again in 2 s");
        assert_eq!(model.toast, None, "said once");
        let mut waits = Vec::new();
        for _ in 0..7 {
            let begun = now;
            loop {
                let effects = model.tick(now);
                if effects.contains(&Effect::LoadHome("mira".into())) {
                    break;
                }
                now = model.link.due(now).unwrap().max(now + 0.001);
                assert!(now < begun + 40.0, "{:?}", model.link);
            }
            assert_eq!(model.link_words(now).unwrap(), "Reconnecting…");
            waits.push((now - begun).round());
            model.update(answer(Err(fixtures::failure())), now);
        }
        assert_eq!(waits, [2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0]);
        model.update(answer(Ok(fixtures::home())), now);
        assert_eq!(model.link_words(now).unwrap(), "Back online");
        model.tick(now + SAID);
        assert_eq!(model.link_words(now + SAID), None);
    }

    #[test]
    fn a_page_that_could_not_be_shown_comes_when_the_service_is_back() {
        let mut model = fixtures::at_home(Density::Tv);
        model.update(Msg::ShowTitle(fixtures::summary(0)), 0.0);
        let title = fixtures::summary(0).id;
        model.update(Msg::TitleLoaded { title: title.clone(), answer: Box::new(Err(fixtures::failure())) }, 0.0);
        assert!(model.link.is_away());
        assert!(model.tick(2.0).contains(&Effect::LoadHome("mira".into())), "any answer will do");
        let effects = model.update(answer(Ok(fixtures::home())), 3.0);
        let asked = |effect: &Effect| matches!(effect, Effect::LoadTitle { title: of, .. } if *of == title);
        assert!(effects.iter().any(asked), "{effects:?}");
    }

    #[test]
    fn a_television_that_was_switched_on_before_its_network_signs_in_by_itself() {
        let mut model = fixtures::signed_out(Density::Tv);
        model.update(Msg::SignedIn(Err(fixtures::failure())), 0.0);
        assert!(model.tick(2.0).contains(&Effect::Restore));
        let effects = model.update(Msg::Restored(Ok(None)), 3.0);
        assert_eq!(effects, [Effect::BeginCodeSignIn], "there was nothing to be restored");
        let mut desktop = fixtures::signed_out(Density::Desktop);
        desktop.update(Msg::SignedIn(Err(fixtures::failure())), 0.0);
        assert_eq!(desktop.tick(2.0), [], "a browser is not opened behind anybody's back");
    }

    #[test]
    fn an_answer_that_refuses_is_an_answer() {
        let mut model = fixtures::at_home(Density::Tv);
        let refused = Failure { code: "internal".to_owned(), ..fixtures::failure() };
        model.update(answer(Err(refused)), 0.0);
        assert_eq!(model.link, Link::There);
        assert!(model.toast.is_some());
        let mut link = Link::Asking { tries: 3, since: 0.0 };
        assert!(!link.tick(NO_ANSWER));
        assert_eq!(link, Link::Away { tries: 4, next: NO_ANSWER + 30.0 }, "no answer at all is one too");
    }
}
