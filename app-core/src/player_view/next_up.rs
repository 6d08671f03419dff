//! What comes after an episode: the card over its credits, the seconds until it goes on by itself, and the question
//! whether anybody is still there.
//!
//! ```text
//!  credits, or 30 s before the end ─► card ─► 10 s ─► next episode ─► card … after three nobody asked for: a question
//!                                      └─ Back ─► the rest is played, and that is the end
//! ```
//!
//! Credits that are marked are nothing to wait for, so the ten seconds begin with them. Without a mark nobody knows where
//! the story ends: there the ten seconds are the last ones, and nothing is cut off.

use service_api::{
    TitleId,
    catalog::{Segment, SegmentKind, TitleSummary},
};

/// Where nothing marks the credits, the card is there for this long, in seconds.
const WITHOUT_CREDITS: f64 = 30.0;
/// How long the card waits before it goes on by itself, in seconds.
pub(crate) const COUNTDOWN: f64 = 10.0;
/// Credits that end this close to the end of the title, in seconds, are its end.
const AT_THE_END: f64 = 3.0;
/// After so many episodes in a row that nobody asked for, somebody must.
const UNATTENDED: u32 = 3;

/// The episode after this one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Episode {
    pub(crate) id: TitleId,
    /// Its name and picture, once they are known.
    pub(crate) summary: Option<Box<TitleSummary>>,
    /// Was the service asked for them?
    pub(crate) asked: bool,
}

impl Episode {
    /// One of which nothing is known but that it is there.
    pub(crate) fn unknown(id: TitleId) -> Self {
        Self { id, summary: None, asked: false }
    }
}

/// What the card shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Card {
    /// The next episode can be begun.
    Offer {
        /// Seconds until it begins by itself, once they are counted.
        left: Option<f64>,
    },
    /// It begins when somebody says so.
    StillWatching,
}

/// Where playback is when time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    /// Seconds of the title.
    pub(crate) position: f64,
    pub(crate) duration: Option<f64>,
    /// Do pictures move, and is nothing open over them?
    pub(crate) runs: bool,
    pub(crate) ended: bool,
    /// Seconds of the interface's clock.
    pub(crate) now: f64,
}

/// What follows an episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NextUp {
    pub(crate) episode: Option<Episode>,
    /// Does it begin by itself?
    pub(crate) autoplay: bool,
    /// How many episodes in a row began by themselves, with this one, and nobody touched anything since.
    pub(crate) unattended: u32,
    state: State,
    /// Of the last look at the clock.
    looked_at: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    NotYet,
    Shown {
        left: f64,
        counts: bool,
    },
    /// The viewer wants to see the rest.
    Cancelled,
}

impl NextUp {
    /// Somebody is there.
    pub(crate) fn attended(&mut self) {
        self.unattended = 0;
    }

    fn asks(&self) -> bool {
        self.unattended >= UNATTENDED
    }

    /// The card, if it is to be seen.
    pub(crate) fn card(&self) -> Option<Card> {
        self.episode.as_ref()?;
        match self.state {
            State::Shown { .. } if self.asks() => Some(Card::StillWatching),
            State::Shown { left, counts } => Some(Card::Offer { left: counts.then_some(left) }),
            State::NotYet | State::Cancelled => None,
        }
    }

    /// Takes the card away; the rest is played.
    pub(crate) fn cancel(&mut self) {
        self.state = State::Cancelled;
    }

    /// Should the last picture stay until the question is answered?
    pub(crate) fn holds_the_end(&self) -> bool {
        self.card() == Some(Card::StillWatching)
    }

    /// What is to follow the last picture, if nobody says anything else.
    pub(crate) fn goes_on(&self) -> Option<&TitleId> {
        let goes = self.autoplay && self.state != State::Cancelled && !self.asks();
        self.episode.as_ref().filter(|_| goes).map(|episode| &episode.id)
    }

    /// Lets time pass. `true` when the next episode is to begin.
    pub(crate) fn follow(&mut self, moment: Moment, segments: &[Segment]) -> bool {
        let passed = self.looked_at.replace(moment.now).map_or(0.0, |last| (moment.now - last).max(0.0));
        let Some(begins) = begins(moment.duration, segments).filter(|_| self.episode.is_some()) else {
            self.state = State::NotYet;
            return false;
        };
        if moment.position < begins.card && !moment.ended {
            self.state = State::NotYet;
            return false;
        }
        let counts = self.autoplay && (moment.position >= begins.countdown || moment.ended);
        self.state = match self.state {
            State::Cancelled => State::Cancelled,
            State::NotYet => State::Shown { left: COUNTDOWN, counts },
            State::Shown { left, counts: counted } => {
                let runs = counted && counts && moment.runs;
                State::Shown { left: if runs { (left - passed).max(0.0) } else { left }, counts }
            }
        };
        matches!(self.card(), Some(Card::Offer { left: Some(left) }) if left <= 0.0)
    }
}

/// When the card comes and when its seconds are counted, in seconds of the title.
struct Begins {
    card: f64,
    countdown: f64,
}

/// Where the credits begin that nothing comes behind, where they are marked, in seconds: who has come that far has seen it.
pub(crate) fn final_credits(duration: Option<f64>, segments: &[Segment]) -> Option<f64> {
    let duration = duration.filter(|duration| duration.is_finite() && *duration > 0.0)?;
    let last = |segment: &&Segment| segment.kind == SegmentKind::Credits && segment.end_s >= duration - AT_THE_END;
    let credits = segments.iter().filter(last).map(|segment| segment.start_s);
    credits.filter(|start| start.is_finite() && *start > 0.0 && *start < duration).min_by(f64::total_cmp)
}

fn begins(duration: Option<f64>, segments: &[Segment]) -> Option<Begins> {
    let credits = final_credits(duration, segments);
    let duration = duration.filter(|duration| duration.is_finite() && *duration > 0.0)?;
    Some(match credits {
        Some(start) => Begins { card: start, countdown: start },
        None => Begins { card: (duration - WITHOUT_CREDITS).max(0.0), countdown: (duration - COUNTDOWN).max(0.0) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: f64 = 1000.0;

    fn next_up() -> NextUp {
        let episode = Some(Episode::unknown("next".into()));
        NextUp { episode, autoplay: true, ..NextUp::default() }
    }

    fn credits(start_s: f64, end_s: f64) -> Segment {
        Segment { kind: SegmentKind::Credits, start_s, end_s }
    }

    /// Plays from a second on, in steps of a quarter, until it goes on or the title ends. Returns when it went on.
    fn play(next: &mut NextUp, from: f64, segments: &[Segment]) -> Option<f64> {
        let mut position = from;
        while position <= LENGTH {
            let moment = Moment { position, duration: Some(LENGTH), runs: true, ended: false, now: position };
            if next.follow(moment, segments) {
                return Some(position);
            }
            position += 0.25;
        }
        None
    }

    #[test]
    fn ten_seconds_of_the_credits_are_enough() {
        let mut next = next_up();
        assert_eq!(play(&mut next, 900.0, &[credits(940.0, LENGTH)]), Some(950.0));
    }

    #[test]
    fn without_marked_credits_nothing_is_cut_off() {
        for segments in
            [vec![], vec![credits(900.0, 950.0)], vec![credits(f64::NAN, LENGTH)], vec![credits(2000.0, 1e9)]]
        {
            let mut next = next_up();
            assert_eq!(play(&mut next, 960.0, &segments), Some(LENGTH), "{segments:?}");
            let mut next = next_up();
            let at =
                |position: f64| Moment { position, duration: Some(LENGTH), runs: true, ended: false, now: position };
            next.follow(at(969.0), &segments);
            assert_eq!(next.card(), None);
            next.follow(at(970.0), &segments);
            assert_eq!(next.card(), Some(Card::Offer { left: None }), "an offer that does not count yet");
            next.follow(at(990.0), &segments);
            assert_eq!(next.card(), Some(Card::Offer { left: Some(COUNTDOWN) }));
        }
    }

    #[test]
    fn seconds_are_not_counted_while_nothing_moves() {
        let mut next = next_up();
        let credits = [credits(940.0, LENGTH)];
        let at = |now: f64, runs| Moment { position: 941.0, duration: Some(LENGTH), runs, ended: false, now };
        next.follow(at(0.0, true), &credits);
        next.follow(at(2.0, true), &credits);
        assert_eq!(next.card(), Some(Card::Offer { left: Some(8.0) }));
        assert!(!next.follow(at(60.0, false), &credits), "paused, or a menu is open");
        assert_eq!(next.card(), Some(Card::Offer { left: Some(8.0) }));
        assert!(next.follow(at(68.0, true), &credits));
    }

    #[test]
    fn who_cancels_sees_the_rest_and_who_goes_back_is_asked_again() {
        let mut next = next_up();
        let credits = [credits(940.0, LENGTH)];
        let at = |position: f64| Moment { position, duration: Some(LENGTH), runs: true, ended: false, now: position };
        next.follow(at(945.0), &credits);
        next.cancel();
        assert_eq!(play(&mut next, 945.25, &credits), None);
        assert_eq!((next.card(), next.goes_on()), (None, None));
        next.follow(Moment { ended: true, ..at(LENGTH) }, &credits);
        assert_eq!(next.goes_on(), None);
        next.follow(at(500.0), &credits);
        next.follow(at(941.0), &credits);
        assert_eq!(next.card(), Some(Card::Offer { left: Some(COUNTDOWN) }));
    }

    #[test]
    fn with_autoplay_off_the_card_waits_for_ever() {
        let mut next = NextUp { autoplay: false, ..next_up() };
        assert_eq!(play(&mut next, 930.0, &[credits(940.0, LENGTH)]), None);
        assert_eq!((next.card(), next.goes_on()), (Some(Card::Offer { left: None }), None));
    }

    #[test]
    fn after_three_episodes_that_nobody_asked_for_somebody_must() {
        for (unattended, goes) in [(0, true), (2, true), (3, false), (9, false)] {
            let mut next = NextUp { unattended, ..next_up() };
            assert_eq!(play(&mut next, 930.0, &[credits(940.0, LENGTH)]).is_some(), goes, "{unattended}");
            assert_eq!(next.holds_the_end(), !goes);
        }
        let mut next = NextUp { unattended: 3, ..next_up() };
        play(&mut next, 930.0, &[]);
        assert_eq!(next.card(), Some(Card::StillWatching));
        next.attended();
        assert!(matches!(next.card(), Some(Card::Offer { .. })));
    }

    #[test]
    fn what_has_no_next_episode_or_no_length_has_no_card() {
        let mut next = NextUp { episode: None, ..next_up() };
        assert_eq!(play(&mut next, 0.0, &[credits(940.0, LENGTH)]), None);
        assert_eq!(next.card(), None);
        let mut live = next_up();
        for duration in [None, Some(0.0), Some(f64::NAN), Some(f64::INFINITY)] {
            assert!(!live.follow(Moment { position: 5.0, duration, runs: true, ended: false, now: 5.0 }, &[]));
            assert_eq!(live.card(), None);
        }
    }
}
