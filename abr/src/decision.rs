//! A decision and everything that explains it.

use std::fmt::Write as _;
use std::time::Duration;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::controller::AbrContext;
use crate::ladder::{Ladder, RungId};
use crate::serde_seconds;
use crate::throughput::ThroughputEstimate;
use crate::units::Bitrate;

/// Why the rung was chosen, for machines; [`Decision::sentence`] says it in words.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Nothing is known of the network: neither measured, nor remembered, nor configured.
    Start,
    /// The highest rung that the measured throughput carries.
    ThroughputCap,
    /// The buffer level decided.
    BufferUtility,
    /// A higher rung would be sustainable, but its next segment could arrive after the buffer is empty.
    InsufficientBuffer,
    /// Nothing is wrong with the current rung, and another one is not better by enough.
    Hysteresis,
    /// The best expectation over what the network may do next.
    ExpectedQuality {
        /// Probability, in percent, that the next segment would come after the buffer is empty: in the rung before
        /// where the decision goes down, in the chosen one otherwise.
        stall_risk: u8,
        /// The median of the rates that the next segment may have.
        expected: Bitrate,
    },
    /// The ladder has one rung.
    OnlyChoice,
    /// The segment in flight would come too late.
    Abandon {
        /// How long the rest of it would have taken, by the rate seen.
        #[serde(with = "serde_seconds")]
        remaining: Duration,
    },
    /// A constraint took the current rung away.
    Constrained,
    /// The viewer chose the rung.
    Fixed,
}

/// What became of one rung.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// This one.
    Chosen,
    /// Would have been possible; another one scored higher.
    #[default]
    Outscored,
    /// Needs more than the safe rate.
    AboveSafeRate,
    /// Its next segment could arrive after the buffer is empty.
    BufferTooThin,
    /// Possible, but the switch was held back to avoid changing to and fro.
    HeldBack,
}

/// One rung as the decision saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RungTrace {
    /// Which.
    pub rung: RungId,
    /// The rate it needs at the playback speed of the moment.
    pub needed: Bitrate,
    /// Higher is better; finite; the scale is the controller's own.
    pub score: f32,
    /// What became of it.
    pub verdict: Verdict,
}

/// The rungs of a trace, lowest first; stored in place so that a decision allocates nothing.
#[derive(Clone, Copy, PartialEq)]
pub struct RungTraces {
    entries: [RungTrace; Self::CAPACITY],
    len: usize,
}

impl RungTraces {
    /// The largest ladders in the wild have some twenty rungs per codec.
    pub const CAPACITY: usize = 24;

    /// No rung.
    pub fn new() -> Self {
        Self { entries: [RungTrace::default(); Self::CAPACITY], len: 0 }
    }

    /// Adds a rung. When full, only the chosen one still finds room, in place of the last.
    pub fn push(&mut self, entry: RungTrace) {
        if self.len < Self::CAPACITY {
            self.entries[self.len] = entry;
            self.len += 1;
        } else if entry.verdict == Verdict::Chosen {
            self.entries[Self::CAPACITY - 1] = entry;
        }
    }

    /// Lowest first.
    pub fn as_slice(&self) -> &[RungTrace] {
        &self.entries[..self.len]
    }

    /// Lowest first.
    pub fn iter(&self) -> std::slice::Iter<'_, RungTrace> {
        self.as_slice().iter()
    }

    /// The trace of one rung.
    pub fn get(&self, rung: RungId) -> Option<&RungTrace> {
        self.iter().find(|entry| entry.rung == rung)
    }
}

impl Default for RungTraces {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for RungTraces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl Serialize for RungTraces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.as_slice())
    }
}

impl<'de> Deserialize<'de> for RungTraces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = RungTraces;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of rungs")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RungTraces, A::Error> {
                let mut traces = RungTraces::new();
                while let Some(entry) = seq.next_element()? {
                    traces.push(entry);
                }
                Ok(traces)
            }
        }
        deserializer.deserialize_seq(Entries)
    }
}

/// The inputs of a decision and every rung it considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionTrace {
    /// Name of the controller, or of the caller who fixed the rung.
    pub controller: std::borrow::Cow<'static, str>,
    /// Time since the session began.
    #[serde(with = "serde_seconds")]
    pub at: Duration,
    /// The rung before.
    pub current: Option<RungId>,
    /// Media ahead of the playhead.
    #[serde(with = "serde_seconds")]
    pub buffered: Duration,
    /// What was measured.
    pub estimate: Option<ThroughputEstimate>,
    /// What of it was relied upon.
    pub safe: Option<Bitrate>,
    /// Measured time to first byte.
    #[serde(with = "serde_seconds::option")]
    pub ttfb: Option<Duration>,
    /// Lowest first.
    pub rungs: RungTraces,
}

impl DecisionTrace {
    /// The inputs of `ctx`, no rung considered yet.
    pub fn new(controller: &'static str, ctx: &AbrContext<'_>) -> Self {
        Self {
            controller: controller.into(),
            at: ctx.now,
            current: ctx.current,
            buffered: ctx.buffered,
            estimate: ctx.throughput,
            safe: None,
            ttfb: ctx.ttfb,
            rungs: RungTraces::new(),
        }
    }
}

/// The rung to fetch next, why, and what else was considered.
///
/// About 550 bytes in place; an event that carries one should box it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The rung.
    pub rung: RungId,
    /// Why.
    pub reason: Reason,
    /// Not to be requested before this time since the session began, and then to be decided anew; `None` for at once.
    #[serde(with = "serde_seconds::option", default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Duration>,
    /// From what.
    pub trace: DecisionTrace,
}

impl Decision {
    /// The viewer's own choice as a decision, so that the event log and the overlay have one shape. A rung that is not
    /// in the ladder becomes the highest.
    pub fn fixed(ctx: &AbrContext<'_>, rung: RungId) -> Self {
        let rung = ctx.ladder.get(rung).unwrap_or_else(|| ctx.ladder.highest()).id;
        let mut trace = DecisionTrace::new("fixed", ctx);
        for candidate in ctx.ladder {
            trace.rungs.push(RungTrace {
                rung: candidate.id,
                needed: ctx.demand(candidate).scale(f64::from(ctx.rate.get())),
                score: if candidate.id == rung { 1.0 } else { 0.0 },
                verdict: if candidate.id == rung { Verdict::Chosen } else { Verdict::Outscored },
            });
        }
        Self { rung, reason: Reason::Fixed, not_before: None, trace }
    }

    /// Whether it changes the rung.
    pub fn is_switch(&self) -> bool {
        self.trace.current.is_some_and(|current| current != self.rung)
    }

    /// The decision in words, from the numbers of the trace, as for an overlay:
    /// `1080p to 720p: safe estimate 3.1 Mbit/s is below the 4.2 needed, 6.4 s buffered`.
    ///
    /// `ladder` is the one before constraints, so that a rung that was taken away still has a name.
    pub fn sentence(&self, ladder: &Ladder) -> String {
        let mut text = match self.trace.current {
            Some(current) if current != self.rung => {
                format!("{} to {}: ", ladder.label(current), ladder.label(self.rung))
            }
            Some(_) => format!("{} stays: ", ladder.label(self.rung)),
            None => format!("{} first: ", ladder.label(self.rung)),
        };
        self.why(ladder, &mut text);
        let _ = write!(text, ", {:.1} s buffered", self.trace.buffered.as_secs_f64());
        text
    }

    /// The part between the colon and the buffer level.
    fn why(&self, ladder: &Ladder, text: &mut String) {
        let position = |id| ladder.position(id);
        let (from, to) = (self.trace.current.and_then(position), position(self.rung));
        let safe = self.trace.safe.map_or_else(|| "nothing measured".to_owned(), |s| format!("safe estimate {s}"));
        let needed = |id| self.trace.rungs.get(id).map(|r| r.needed);
        // Writing to a String cannot fail.
        let _ = match self.reason {
            Reason::Start => write!(text, "nothing is known of the network yet"),
            Reason::OnlyChoice => write!(text, "the only rung"),
            Reason::Constrained => write!(text, "the rung before is no longer allowed, {safe}"),
            Reason::Fixed => write!(text, "chosen by the viewer"),
            Reason::Abandon { remaining } if remaining > MOST_WORTH_SAYING => {
                write!(text, "the segment in flight has stopped coming")
            }
            Reason::Abandon { remaining } => {
                write!(text, "the segment in flight would have taken {:.1} s more", remaining.as_secs_f64())
            }
            Reason::ThroughputCap if from > to => match self.trace.current.and_then(needed) {
                Some(needed) => write!(text, "{safe} is below the {} needed", in_unit_of(needed, self.trace.safe)),
                None => write!(text, "{safe}"),
            },
            Reason::ThroughputCap => match needed(self.rung) {
                Some(needed) if self.trace.safe.is_some_and(|safe| safe < needed) => {
                    write!(
                        text,
                        "{safe} is below the {} needed, and nothing needs less",
                        in_unit_of(needed, self.trace.safe)
                    )
                }
                Some(needed) => write!(text, "{safe} carries the {} needed", in_unit_of(needed, self.trace.safe)),
                None => write!(text, "{safe}"),
            },
            Reason::BufferUtility if from > to => write!(text, "the buffer no longer carries more, {safe}"),
            Reason::BufferUtility => write!(text, "the buffer carries it, {safe}"),
            Reason::InsufficientBuffer => write!(text, "the buffer is too thin for more, {safe}"),
            Reason::Hysteresis => write!(text, "not worth a switch, {safe}"),
            // Before the first segment every rung is late, which says nothing.
            Reason::ExpectedQuality { expected, .. } if self.trace.current.is_none() => {
                write!(text, "expected rate {expected}")
            }
            Reason::ExpectedQuality { stall_risk, expected } if from > to => {
                let before = self.trace.current.map(|current| ladder.label(current)).unwrap_or_default();
                write!(text, "{stall_risk} % risk of a stall at {before}, expected rate {expected}")
            }
            Reason::ExpectedQuality { stall_risk, expected } => {
                write!(text, "{stall_risk} % risk of a stall, expected rate {expected}")
            }
        };
    }
}

/// A prediction beyond this is not a number any more but a standstill.
const MOST_WORTH_SAYING: Duration = Duration::from_secs(120);

/// `4.2` where the sentence has just said `3.1 Mbit/s`, with the unit where it differs.
fn in_unit_of(rate: Bitrate, said: Option<Bitrate>) -> String {
    let text = rate.to_string();
    match (text.split_once(' '), said.map(|s| s.to_string())) {
        (Some((number, unit)), Some(said)) if said.ends_with(&format!(" {unit}")) => number.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::ladder::Rung;

    fn ladder() -> Ladder {
        let rungs = [(640, 360), (2_100, 720), (4_200, 1080)].iter().enumerate().map(|(i, (kbps, height))| Rung {
            id: RungId(i as u16),
            bitrate: Bitrate::from_kbps(*kbps),
            average: None,
            width: 0,
            height: *height,
            frame_rate: None,
        });
        Ladder::new(rungs.collect()).unwrap()
    }

    fn sentence(from: Option<u16>, to: u16, reason: Reason, safe_kbps: u64) -> String {
        let (ladder, history) = (ladder(), History::new());
        let current = from.map(RungId);
        let buffered = Duration::from_millis(6_400);
        let ctx = AbrContext { current, buffered, ..AbrContext::new(&ladder, &history) };
        let mut decision = Decision::fixed(&ctx, RungId(to));
        decision.reason = reason;
        decision.trace.safe = Some(Bitrate::from_kbps(safe_kbps));
        decision.sentence(&ladder)
    }

    #[test]
    fn every_reason_is_a_sentence() {
        let remaining = Duration::from_millis(9_500);
        let expected = Reason::ExpectedQuality { stall_risk: 2, expected: Bitrate::from_kbps(3_100) };
        for (from, to, reason, safe, text) in [
            (
                Some(2),
                1,
                Reason::ThroughputCap,
                3_100,
                "1080p to 720p: safe estimate 3.1 Mbit/s is below the 4.2 needed",
            ),
            (
                Some(1),
                2,
                Reason::ThroughputCap,
                5_000,
                "720p to 1080p: safe estimate 5.0 Mbit/s carries the 4.2 needed",
            ),
            (Some(1), 1, Reason::ThroughputCap, 3_000, "720p stays: safe estimate 3.0 Mbit/s carries the 2.1 needed"),
            (
                Some(0),
                0,
                Reason::ThroughputCap,
                300,
                "360p stays: safe estimate 300 kbit/s is below the 640 needed, and nothing needs less",
            ),
            (
                Some(2),
                0,
                Reason::ThroughputCap,
                800,
                "1080p to 360p: safe estimate 800 kbit/s is below the 4.2 Mbit/s needed",
            ),
            (None, 0, Reason::Start, 0, "360p first: nothing is known of the network yet"),
            (Some(2), 2, Reason::BufferUtility, 4_000, "1080p stays: the buffer carries it, safe estimate 4.0 Mbit/s"),
            (
                Some(2),
                1,
                Reason::BufferUtility,
                4_000,
                "1080p to 720p: the buffer no longer carries more, safe estimate 4.0 Mbit/s",
            ),
            (
                Some(1),
                0,
                Reason::InsufficientBuffer,
                4_000,
                "720p to 360p: the buffer is too thin for more, safe estimate 4.0 Mbit/s",
            ),
            (Some(1), 1, Reason::Hysteresis, 4_000, "720p stays: not worth a switch, safe estimate 4.0 Mbit/s"),
            (
                Some(2),
                0,
                Reason::Abandon { remaining },
                500,
                "1080p to 360p: the segment in flight would have taken 9.5 s more",
            ),
            (
                Some(2),
                0,
                Reason::Abandon { remaining: Duration::from_secs(3600) },
                0,
                "1080p to 360p: the segment in flight has stopped coming",
            ),
            (
                Some(7),
                1,
                Reason::Constrained,
                3_000,
                "rung 7 to 720p: the rung before is no longer allowed, safe estimate 3.0 Mbit/s",
            ),
            (Some(1), 2, Reason::Fixed, 0, "720p to 1080p: chosen by the viewer"),
            (Some(0), 0, Reason::OnlyChoice, 0, "360p stays: the only rung"),
            (None, 1, expected, 2_000, "720p first: expected rate 3.1 Mbit/s"),
            (Some(1), 1, expected, 2_000, "720p stays: 2 % risk of a stall, expected rate 3.1 Mbit/s"),
            (Some(2), 1, expected, 2_000, "1080p to 720p: 2 % risk of a stall at 1080p, expected rate 3.1 Mbit/s"),
        ] {
            assert_eq!(sentence(from, to, reason, safe), format!("{text}, 6.4 s buffered"));
        }
    }

    #[test]
    fn the_viewers_choice_stays_within_the_ladder() {
        let (ladder, history) = (ladder(), History::new());
        let ctx = AbrContext { current: Some(RungId(1)), ..AbrContext::new(&ladder, &history) };
        assert_eq!(Decision::fixed(&ctx, RungId(0)).rung, RungId(0));
        assert!(Decision::fixed(&ctx, RungId(0)).is_switch());
        assert!(!Decision::fixed(&ctx, RungId(1)).is_switch());
        assert_eq!(Decision::fixed(&ctx, RungId(9)).rung, RungId(2));
    }

    #[test]
    fn reasons_are_tagged_in_json() {
        assert_eq!(serde_json::to_string(&Reason::ThroughputCap).unwrap(), r#"{"kind":"throughput_cap"}"#);
        let abandon = Reason::Abandon { remaining: Duration::from_millis(2_500) };
        assert_eq!(serde_json::to_string(&abandon).unwrap(), r#"{"kind":"abandon","remaining":2.5}"#);
    }

    #[test]
    fn a_full_trace_still_shows_the_chosen_rung() {
        let mut traces = RungTraces::new();
        for i in 0..40 {
            let verdict = if i == 38 { Verdict::Chosen } else { Verdict::Outscored };
            traces.push(RungTrace { rung: RungId(i), verdict, ..RungTrace::default() });
        }
        assert_eq!(traces.as_slice().len(), RungTraces::CAPACITY);
        assert_eq!(traces.get(RungId(38)).map(|t| t.verdict), Some(Verdict::Chosen));
    }
}
