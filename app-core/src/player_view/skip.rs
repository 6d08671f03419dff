//! Skipping what one has seen a hundred times: by type, offered or done by itself.
//!
//! ```text
//!  played into a segment ─► offered for 8 s ─► hidden, back with the controls ─► over
//!  sought into a segment ─► hidden, back with the controls
//! ```
//!
//! Where segments overlap, the one that began last is meant. One that is shorter than three seconds is not worth a
//! button, and in the last second of one there is nothing left to skip.

use crate::language::tr;
use serde::{Deserialize, Serialize};
use service_api::catalog::{Segment, SegmentKind};

/// Shorter segments, in seconds, are not offered.
const SHORTEST: f64 = 3.0;
/// What is left of a segment, in seconds, that is not worth skipping.
const REST: f64 = 1.0;
/// How long an offer stays by itself, in seconds.
pub(crate) const OFFERED: f64 = 8.0;
/// A segment that ends this close to the end of the title, in seconds, is its end.
const AT_THE_END: f64 = 3.0;
/// Seeking to this much behind the beginning of a segment, in seconds, is seeking to its beginning.
const AT_THE_START: f64 = 1.0;

/// What is to happen to segments of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SkipChoice {
    /// They are played.
    None,
    #[default]
    Ask,
    /// They are skipped when they begin, once.
    Auto,
}

/// One choice per type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SkipChoices {
    pub(crate) intro: SkipChoice,
    pub(crate) recap: SkipChoice,
    pub(crate) credits: SkipChoice,
}

impl SkipChoices {
    fn of(self, kind: SegmentKind) -> SkipChoice {
        match kind {
            SegmentKind::Intro => self.intro,
            SegmentKind::Recap => self.recap,
            SegmentKind::Credits => self.credits,
            SegmentKind::Unknown => SkipChoice::None,
        }
    }
}

/// Where a skip leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SkipTo {
    /// Seconds of the title.
    Time(f64),
    /// There is nothing behind it: the title is over.
    End,
}

/// A button.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pill {
    pub(crate) kind: SegmentKind,
    pub(crate) to: SkipTo,
    /// How much of its time is left, 0 to 1, while it shows by itself.
    pub(crate) left: Option<f32>,
}

impl Pill {
    pub(crate) fn words(&self) -> &'static str {
        match (self.kind, self.to) {
            (SegmentKind::Recap, _) => tr!("skip-recap"),
            (SegmentKind::Credits, SkipTo::End) => tr!("skip-finish"),
            (SegmentKind::Credits, SkipTo::Time(_)) => tr!("skip-credits"),
            (SegmentKind::Intro | SegmentKind::Unknown, _) => tr!("skip-intro"),
        }
    }
}

/// Tells segments of one title apart.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key(SegmentKind, f64);

impl Key {
    fn of(segment: &Segment) -> Self {
        Self(segment.kind, segment.start_s)
    }
}

/// What has become of the segments of one title.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Skips {
    pub(crate) segments: Vec<Segment>,
    pub(crate) choices: SkipChoices,
    /// The one that is played, and since when.
    inside: Option<(Key, f64)>,
    /// Entered by a seek: not offered by itself.
    quiet: Vec<Key>,
    /// Skipped by themselves: whoever goes back wants to see them.
    done: Vec<Key>,
}

impl Skips {
    /// The segment at a time that can be skipped.
    fn at(&self, time: f64, duration: Option<f64>) -> Option<&Segment> {
        let can_be = |segment: &&Segment| {
            let end = duration.map_or(segment.end_s, |duration| segment.end_s.min(duration));
            let is_long = end - segment.start_s >= SHORTEST && segment.end_s.is_finite();
            is_long && segment.start_s <= time && time < end - REST
        };
        let chosen = |segment: &&Segment| self.choices.of(segment.kind) != SkipChoice::None;
        let of_time = self.segments.iter().filter(can_be).filter(chosen);
        of_time.max_by(|a, b| a.start_s.total_cmp(&b.start_s).then(a.end_s.total_cmp(&b.end_s)))
    }

    /// Playback is at `time`. Returns where to skip to, if that is to be done without asking.
    pub(crate) fn played(&mut self, time: f64, duration: Option<f64>, now: f64) -> Option<SkipTo> {
        let Some(segment) = self.at(time, duration).copied() else {
            self.inside = None;
            return None;
        };
        let key = Key::of(&segment);
        if self.inside.is_none_or(|(inside, _)| inside != key) {
            self.inside = Some((key, now));
        }
        let is_auto = self.choices.of(segment.kind) == SkipChoice::Auto;
        if !is_auto || self.done.contains(&key) || self.quiet.contains(&key) {
            return None;
        }
        self.done.push(key);
        Some(target(&segment, duration))
    }

    /// The viewer seeks to `time`.
    pub(crate) fn sought(&mut self, time: f64) {
        let (mut quiet, mut done) = (Vec::new(), std::mem::take(&mut self.done));
        for segment in &self.segments {
            let key = Key::of(segment);
            if segment.start_s + AT_THE_START < time && time < segment.end_s {
                quiet.push(key);
            } else if time <= segment.start_s + AT_THE_START && time >= segment.start_s && !done.contains(&key) {
                // Back to its very beginning is a wish to see it, at least where it would go by itself.
                done.push(key);
            }
        }
        (self.quiet, self.done) = (quiet, done);
        self.inside = None;
    }

    /// The button for a time, if one is to be seen. `controls` come with it for all of a segment.
    pub(crate) fn pill(&self, time: f64, duration: Option<f64>, (now, controls): (f64, bool)) -> Option<Pill> {
        let segment = self.at(time, duration)?;
        let key = Key::of(segment);
        let since = self.inside.filter(|(inside, _)| *inside == key && !self.quiet.contains(&key));
        let left = since.map(|(_, since)| 1.0 - (now - since) / OFFERED).filter(|left| *left > 0.0);
        if left.is_none() && !controls {
            return None;
        }
        Some(Pill { kind: segment.kind, to: target(segment, duration), left: left.map(|left| left.min(1.0) as f32) })
    }

    /// When an offer ends by itself.
    pub(crate) fn ends_at(&self) -> Option<f64> {
        self.inside.map(|(_, since)| since + OFFERED)
    }
}

fn target(segment: &Segment, duration: Option<f64>) -> SkipTo {
    match duration {
        Some(duration) if segment.kind == SegmentKind::Credits && segment.end_s >= duration - AT_THE_END => SkipTo::End,
        Some(duration) => SkipTo::Time(segment.end_s.min(duration)),
        None => SkipTo::Time(segment.end_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Option<f64> = Some(1000.0);

    fn segment(kind: SegmentKind, start_s: f64, end_s: f64) -> Segment {
        Segment { kind, start_s, end_s }
    }

    fn skips(segments: &[Segment]) -> Skips {
        Skips { segments: segments.to_vec(), ..Skips::default() }
    }

    /// Words of the button, and where it leads, while playing.
    fn offered(skips: &mut Skips, time: f64, now: f64, controls: bool) -> Option<(&'static str, SkipTo)> {
        skips.played(time, LENGTH, now);
        skips.pill(time, LENGTH, (now, controls)).map(|pill| (pill.words(), pill.to))
    }

    #[test]
    fn an_intro_at_zero_is_offered_for_eight_seconds_and_comes_back_with_the_controls() {
        let mut skips = skips(&[segment(SegmentKind::Intro, 0.0, 60.0)]);
        let intro = Some(("Skip intro", SkipTo::Time(60.0)));
        assert_eq!(offered(&mut skips, 0.0, 100.0, false), intro);
        assert_eq!(offered(&mut skips, 7.0, 107.0, false), intro);
        assert_eq!(offered(&mut skips, 9.0, 109.0, false), None);
        assert_eq!(offered(&mut skips, 30.0, 130.0, true), intro);
        assert_eq!(offered(&mut skips, 59.5, 159.0, true), None, "there is nothing left to skip");
        assert_eq!(offered(&mut skips, 61.0, 161.0, true), None);
    }

    #[test]
    fn where_segments_overlap_the_one_that_began_last_is_meant() {
        let mut skips = skips(&[segment(SegmentKind::Recap, 0.0, 40.0), segment(SegmentKind::Intro, 30.0, 70.0)]);
        assert_eq!(offered(&mut skips, 10.0, 0.0, true), Some(("Skip recap", SkipTo::Time(40.0))));
        assert_eq!(offered(&mut skips, 35.0, 0.0, true), Some(("Skip intro", SkipTo::Time(70.0))));
        assert_eq!(offered(&mut skips, 45.0, 0.0, true), Some(("Skip intro", SkipTo::Time(70.0))));
    }

    #[test]
    fn credits_lead_to_what_is_behind_them_or_to_the_end() {
        let mut middle = skips(&[segment(SegmentKind::Credits, 900.0, 960.0)]);
        assert_eq!(offered(&mut middle, 900.0, 0.0, false), Some(("Skip credits", SkipTo::Time(960.0))));
        let mut last = skips(&[segment(SegmentKind::Credits, 940.0, 999.0)]);
        assert_eq!(offered(&mut last, 940.0, 0.0, false), Some(("Finish", SkipTo::End)));
    }

    #[test]
    fn a_seek_into_the_middle_offers_nothing_by_itself_and_one_past_it_ends_the_offer() {
        let mut skips = skips(&[segment(SegmentKind::Intro, 10.0, 60.0)]);
        skips.sought(30.0);
        assert_eq!(offered(&mut skips, 30.0, 0.0, false), None);
        assert!(offered(&mut skips, 31.0, 1.0, true).is_some(), "with the controls it is there");
        skips.sought(10.0);
        assert!(offered(&mut skips, 10.0, 2.0, false).is_some(), "its beginning is played like any");
        skips.sought(200.0);
        assert_eq!(offered(&mut skips, 200.0, 3.0, true), None);
    }

    #[test]
    fn what_goes_by_itself_goes_once() {
        let mut skips = skips(&[segment(SegmentKind::Intro, 10.0, 60.0)]);
        skips.choices.intro = SkipChoice::Auto;
        assert_eq!(skips.played(5.0, LENGTH, 0.0), None);
        assert_eq!(skips.played(10.0, LENGTH, 1.0), Some(SkipTo::Time(60.0)));
        assert_eq!(skips.played(10.1, LENGTH, 1.1), None);
        skips.sought(10.0);
        assert_eq!(skips.played(10.0, LENGTH, 5.0), None, "whoever goes back wants to see it");
        assert!(skips.pill(10.0, LENGTH, (5.0, false)).is_some());
        skips.choices.intro = SkipChoice::None;
        assert_eq!(skips.pill(10.0, LENGTH, (5.0, true)), None);
    }

    #[test]
    fn short_and_impossible_segments_offer_nothing() {
        let odd = [
            segment(SegmentKind::Intro, 10.0, 12.9),
            segment(SegmentKind::Intro, 60.0, 20.0),
            segment(SegmentKind::Intro, f64::NAN, 20.0),
            segment(SegmentKind::Recap, 0.0, f64::INFINITY),
            segment(SegmentKind::Unknown, 0.0, 500.0),
        ];
        let mut skips = skips(&odd);
        for tenth in 0..600 {
            assert_eq!(offered(&mut skips, f64::from(tenth) / 10.0, f64::from(tenth), true), None);
        }
    }

    /// Any segments, any way of moving through them: a skip leads forward, into no other time than the title's, and out
    /// of the segment that it is of; and nothing that goes by itself goes twice.
    #[test]
    fn a_skip_always_leads_forward_whatever_overlaps() {
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let kinds = [SegmentKind::Intro, SegmentKind::Recap, SegmentKind::Credits];
        for _ in 0..500 {
            let segments: Vec<Segment> = (0..random(6))
                .map(|_| {
                    let start = random(990) as f64;
                    segment(kinds[random(3) as usize], start, start + random(120) as f64)
                })
                .collect();
            let mut skips = skips(&segments);
            skips.choices.intro = SkipChoice::Auto;
            let (mut time, mut jumps) = (0.0, 0);
            for now in 0..400 {
                let now = f64::from(now);
                if random(20) == 0 {
                    time = random(1000) as f64;
                    skips.sought(time);
                }
                match skips.played(time, LENGTH, now) {
                    Some(SkipTo::Time(to)) => {
                        assert!(to > time + REST - 1e-9 && to <= 1000.0, "{time} to {to}: {segments:?}");
                        (time, jumps) = (to, jumps + 1);
                    }
                    Some(SkipTo::End) => panic!("an intro does not end a title"),
                    None => {}
                }
                if let Some(Pill { to: SkipTo::Time(to), left, .. }) = skips.pill(time, LENGTH, (now, true)) {
                    assert!(to > time && left.is_none_or(|left| (0.0..=1.0).contains(&left)), "{time} to {to}");
                }
                time = (time + 1.0_f64).min(1000.0);
            }
            assert!(jumps <= segments.len(), "each goes by itself once");
        }
    }
}
