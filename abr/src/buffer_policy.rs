//! When to load, when to start, when to resume: the thresholds around the buffer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::serde_seconds;
use crate::units::{ByteCount, PlaybackRate};

/// How far playback may run ahead of the network.
///
/// Thresholds are media time at normal rate; they are scaled by the playback rate, because a viewer at double speed
/// empties the buffer twice as fast. Start is lower than resume on purpose: the first picture should come fast, the
/// second stall should not come at all. In configuration, times are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BufferPolicy {
    /// Media needed before the first frame is shown, also after a seek.
    #[serde(with = "serde_seconds")]
    pub start: Duration,
    /// Media needed before playback resumes after a stall.
    #[serde(with = "serde_seconds")]
    pub resume: Duration,
    /// Loading pauses from here on and goes on one segment below it.
    #[serde(with = "serde_seconds")]
    pub target: Duration,
    /// Media kept behind the playhead, so that a short jump back needs no network.
    #[serde(with = "serde_seconds")]
    pub back: Duration,
    /// Hard limit for all tracks together, ahead and behind.
    pub budget: ByteCount,
}

impl Default for BufferPolicy {
    /// - start 1 s: one second is a quarter of a common segment, so one segment always suffices, and it covers the
    ///   jitter of the decoder's first frames;
    /// - resume 4 s: a common segment, so that the second stall is not the first one's echo;
    /// - target 30 s: it spans the outages of 10 to 20 s that recorded mobile traces show, and what a viewer who
    ///   leaves has wasted is half a minute;
    /// - back 10 s: one press of "back ten seconds";
    /// - budget 150 MiB: 30 s + 10 s at 25 Mbit/s is 125 MB.
    fn default() -> Self {
        Self {
            start: Duration::from_secs(1),
            resume: Duration::from_secs(4),
            target: Duration::from_secs(30),
            back: Duration::from_secs(10),
            budget: ByteCount::from_mib(150),
        }
    }
}

/// The buffer at one moment, as the policy sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BufferState {
    /// Media ahead of the playhead that every active track has.
    pub buffered: Duration,
    /// Bytes held by all tracks together, ahead and behind.
    pub held: ByteCount,
    /// Nominal duration of the next segment.
    pub segment_duration: Duration,
    /// Playback speed.
    pub rate: PlaybackRate,
    /// Whether the loader fetches now (and not: pauses because the buffer was full).
    pub loading: bool,
    /// Whether everything up to the end of the presentation is buffered.
    pub end_buffered: bool,
}

/// Whether to fetch the next segment now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadVerdict {
    /// Fetch.
    Load,
    /// Wait; ask again when the buffer has drained or memory was freed.
    Hold,
}

impl BufferPolicy {
    /// Whether the next segment should be fetched.
    ///
    /// Above the target or at the byte budget loading pauses; after a pause it goes on one segment below the target,
    /// so that a full buffer fetches one whole segment at a time and the radio can sleep in between. The budget does
    /// not hold back a buffer below the start threshold: a budget too small for one segment slows playback down, but
    /// must not end it.
    pub fn should_load(&self, state: &BufferState) -> LoadVerdict {
        let target = state.rate.media_time(self.target);
        let limit = if state.loading { target } else { target.saturating_sub(state.segment_duration) };
        // A segment longer than the target would make the limit zero and loading impossible.
        let limit = limit.max(state.rate.media_time(self.start));
        let below_budget = state.held < self.budget || state.buffered < state.rate.media_time(self.start);
        if !state.end_buffered && below_budget && state.buffered < limit {
            LoadVerdict::Load
        } else {
            LoadVerdict::Hold
        }
    }

    /// Whether there is enough to show the first frame, also after a seek.
    pub fn may_start(&self, state: &BufferState) -> bool {
        self.enough(state, self.start)
    }

    /// Whether there is enough to go on after a stall.
    pub fn may_resume(&self, state: &BufferState) -> bool {
        self.enough(state, self.resume)
    }

    fn enough(&self, state: &BufferState, needed: Duration) -> bool {
        // Nothing more is coming when loading holds, so waiting for more would wait for ever.
        let needed = state.rate.media_time(needed.min(self.target));
        state.end_buffered || state.buffered >= needed || (state.held >= self.budget && !state.buffered.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(buffered_s: f64) -> BufferState {
        BufferState {
            buffered: Duration::from_secs_f64(buffered_s),
            held: ByteCount::ZERO,
            segment_duration: Duration::from_secs(4),
            rate: PlaybackRate::NORMAL,
            loading: true,
            end_buffered: false,
        }
    }

    #[test]
    fn loading_pauses_at_the_target_and_goes_on_a_segment_below() {
        let policy = BufferPolicy::default();
        for (buffered, loading, verdict) in [
            (0.0, false, LoadVerdict::Load),
            (29.9, true, LoadVerdict::Load),
            (30.0, true, LoadVerdict::Hold),
            (27.0, false, LoadVerdict::Hold),
            (26.0, false, LoadVerdict::Hold),
            (25.9, false, LoadVerdict::Load),
        ] {
            assert_eq!(policy.should_load(&BufferState { loading, ..state(buffered) }), verdict, "{buffered}");
        }
        let whole = BufferState { end_buffered: true, ..state(3.0) };
        assert_eq!(policy.should_load(&whole), LoadVerdict::Hold);
        let long = BufferState { segment_duration: Duration::from_secs(60), loading: false, ..state(0.5) };
        assert_eq!(policy.should_load(&long), LoadVerdict::Load);
    }

    #[test]
    fn the_budget_holds_but_never_starves() {
        let policy = BufferPolicy::default();
        let full = BufferState { held: policy.budget, ..state(5.0) };
        assert_eq!(policy.should_load(&full), LoadVerdict::Hold);
        assert_eq!(policy.should_load(&BufferState { buffered: Duration::ZERO, ..full }), LoadVerdict::Load);
        assert!(policy.may_resume(&BufferState { buffered: Duration::from_secs(2), ..full }));
    }

    #[test]
    fn start_is_easier_than_resume_and_speed_scales_both() {
        let policy = BufferPolicy::default();
        assert!(policy.may_start(&state(1.0)) && !policy.may_start(&state(0.9)));
        assert!(policy.may_resume(&state(4.0)) && !policy.may_resume(&state(3.9)));
        let double = PlaybackRate::new(2.0).unwrap();
        assert!(!policy.may_start(&BufferState { rate: double, ..state(1.5) }));
        assert!(policy.may_start(&BufferState { end_buffered: true, ..state(0.2) }));
        // A target below the resume threshold does not lock playback up.
        let tiny = BufferPolicy { target: Duration::from_secs(2), ..policy };
        assert!(tiny.may_resume(&state(2.0)));
    }

    #[test]
    fn configuration_is_seconds_and_refuses_nonsense() {
        let policy: BufferPolicy = serde_json::from_str(r#"{"start": 0.5, "budget": 1000}"#).unwrap();
        assert_eq!(policy.start, Duration::from_millis(500));
        assert_eq!(policy.target, BufferPolicy::default().target);
        assert!(serde_json::from_str::<BufferPolicy>(r#"{"start": -1.0}"#).is_err());
        assert!(serde_json::from_str::<BufferPolicy>(r#"{"begin": 1.0}"#).is_err());
    }
}
