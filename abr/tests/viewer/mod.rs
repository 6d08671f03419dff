//! A viewer in virtual time: one track, one request at a time, a link whose rate changes in steps.
//!
//! It drives the crate exactly as the session does (policy, context, decision, meter, reconsideration, history), in
//! ticks of 20 ms. It is a yardstick for properties, not a benchmark: no TCP, no audio, no cross traffic.

use std::collections::VecDeque;
use std::time::Duration;

use abr::{
    AbrContext, AbrController, BandwidthMeter, Bitrate, BufferPolicy, BufferState, ByteCount, History, InFlight,
    Ladder, LoadVerdict, PlaybackPlan, PlaybackRate, QoeAccumulator, QoeReport, Rung, RungId, Stall, Switch,
    TransferId, UpcomingSegment,
};

pub(crate) const TICK: Duration = Duration::from_millis(20);
/// The window of the momentary rate.
const WINDOW: Duration = Duration::from_millis(500);

/// A ladder of these peak rates in kbit/s, with ids from zero.
pub(crate) fn ladder(kbps: &[u64]) -> Ladder {
    let rungs = kbps.iter().enumerate().map(|(i, kbps)| Rung {
        id: RungId(i as u16),
        bitrate: Bitrate::from_kbps(*kbps),
        average: None,
        width: 0,
        height: 180 * (i as u32 + 1),
        frame_rate: None,
    });
    Ladder::new(rungs.collect()).unwrap()
}

/// A rate from a moment on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) from: Duration,
    pub(crate) kbps: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) ladder: Ladder,
    /// By time, the first at zero.
    pub(crate) link: Vec<Step>,
    pub(crate) latency: Duration,
    pub(crate) segment: Duration,
    pub(crate) segments: usize,
    pub(crate) policy: BufferPolicy,
    pub(crate) rate: PlaybackRate,
    /// How large each segment is beside its rung's rate, over and over; empty for constant rate.
    pub(crate) sizes: Vec<f64>,
    /// Whether the controller is told the sizes.
    pub(crate) sizes_known: bool,
}

impl Scenario {
    /// Segments of 4 s, 40 ms of latency, the default policy, one rate for ever.
    pub(crate) fn steady(ladder: Ladder, kbps: u64, segments: usize) -> Self {
        Self {
            ladder,
            link: vec![Step { from: Duration::ZERO, kbps }],
            latency: Duration::from_millis(40),
            segment: Duration::from_secs(4),
            segments,
            policy: BufferPolicy::default(),
            rate: PlaybackRate::NORMAL,
            sizes: Vec::new(),
            sizes_known: false,
        }
    }

    fn kbps_at(&self, at: Duration) -> u64 {
        let after = self.link.partition_point(|step| step.from <= at);
        after.checked_sub(1).map_or(0, |index| self.link[index].kbps)
    }

    fn size(&self, rung: &Rung, index: usize) -> ByteCount {
        let factor = if self.sizes.is_empty() { 1.0 } else { self.sizes[index % self.sizes.len()] };
        rung.bitrate.scale(factor).bytes_in(self.segment)
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at: Duration,
    pub(crate) segment: usize,
    pub(crate) rung: RungId,
    pub(crate) buffered: Duration,
    pub(crate) sentence: String,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) requests: Vec<Request>,
    /// Changes of rung between segments that were completed, by the time of completion.
    pub(crate) switches: Vec<Duration>,
    pub(crate) wasted: ByteCount,
    pub(crate) qoe: QoeReport,
}

impl Outcome {
    /// The session as a story, for the message of a failed test.
    pub(crate) fn story(&self) -> String {
        let line = |r: &Request| format!("{:>8.2} #{} {}", r.at.as_secs_f64(), r.segment, r.sentence);
        let lines: Vec<String> = self.requests.iter().map(line).collect();
        format!("{}\n{:?}", lines.join("\n"), self.qoe)
    }
}

struct Flight {
    id: TransferId,
    segment: usize,
    rung: RungId,
    size: ByteCount,
    requested: Duration,
    /// In bits times 50, so that a tick of 20 ms at any whole kbit/s is exact.
    received: u64,
    first: Option<Duration>,
    recent: VecDeque<(Duration, u64)>,
}

/// Plays the scenario to its end, or for four hours.
pub(crate) fn play(scenario: &Scenario, controller: &mut dyn AbrController) -> Outcome {
    let ladder = &scenario.ladder;
    let mut meter = BandwidthMeter::new();
    let mut history = History::new();
    let mut qoe = QoeAccumulator::new();
    qoe.top_rung(ladder.highest().bitrate);
    let mut outcome =
        Outcome { requests: Vec::new(), switches: Vec::new(), wasted: ByteCount::ZERO, qoe: QoeReport::default() };
    let mut now = Duration::ZERO;
    let mut buffered = Duration::ZERO;
    // What is in the buffer: bitrate and media left of each segment.
    let mut queue: VecDeque<(Bitrate, Duration)> = VecDeque::new();
    let mut current: Option<RungId> = None;
    let mut completed: Option<RungId> = None;
    let mut flight: Option<Flight> = None;
    let (mut next, mut loading, mut transfers) = (0, true, 0);
    // When the controller that asked to wait is asked again.
    let mut not_before = Duration::ZERO;
    let mut playing = false;
    let mut started = false;
    let mut stalled_since: Option<Duration> = None;
    controller.prepare(&PlaybackPlan {
        ladder,
        segment_duration: scenario.segment,
        buffer_target: scenario.rate.media_time(scenario.policy.target),
        live: false,
    });

    while now < Duration::from_secs(4 * 3600) {
        let state = BufferState {
            buffered,
            held: ByteCount::ZERO,
            segment_duration: scenario.segment,
            rate: scenario.rate,
            loading,
            end_buffered: next == scenario.segments && flight.is_none(),
        };
        if state.end_buffered && buffered.is_zero() {
            break;
        }
        // The sizes of the next five segments, the one in flight first.
        let first = flight.as_ref().map_or(next, |f| f.segment);
        let last = scenario.segments.min(first + 5);
        let sizes: Vec<Vec<(RungId, ByteCount)>> = (first..last)
            .map(|index| {
                let known = ladder.iter().filter(|_| scenario.sizes_known);
                known.map(|rung| (rung.id, scenario.size(rung, index))).collect()
            })
            .collect();
        let upcoming: Vec<UpcomingSegment<'_>> =
            sizes.iter().map(|bytes| UpcomingSegment { duration: scenario.segment, bytes }).collect();
        let ctx = AbrContext {
            now,
            current,
            buffered,
            buffer_target: scenario.rate.media_time(scenario.policy.target),
            rate: scenario.rate,
            throughput: meter.estimate(),
            ttfb: meter.ttfb(),
            segment_duration: scenario.segment,
            upcoming: &upcoming,
            ..AbrContext::new(ladder, &history)
        };
        let mut decision = None;
        if let Some(f) = &mut flight {
            let bytes = ByteCount::new(f.received / 400);
            let old = f.recent.front().map_or((now, f.received), |old| *old);
            let in_flight = InFlight {
                rung: f.rung,
                received: bytes,
                expected: f.first.map(|_| f.size),
                elapsed: now.saturating_sub(f.requested),
                ttfb: f.first.map(|first| first.saturating_sub(f.requested)),
                segment_duration: scenario.segment,
                current_rate: (now.saturating_sub(old.0) >= WINDOW).then(|| {
                    let bytes = ByteCount::new((f.received - old.1) / 400);
                    Bitrate::from_transfer(bytes, now.saturating_sub(old.0)).unwrap_or_default()
                }),
            };
            if let Some(so_far) = meter.link_sample(f.id, now) {
                controller.progressed(&so_far);
            }
            decision = controller.reconsider(&ctx, &in_flight);
            if let Some(decision) = &decision {
                assert!(ladder.position(decision.rung) < ladder.position(f.rung), "abandonment goes down");
                if let Some(sample) = meter.link_sample(f.id, now) {
                    controller.observe(&sample);
                }
                meter.cancelled(f.id, now);
                outcome.wasted += bytes;
                next = f.segment;
                flight = None;
            }
        } else if next < scenario.segments {
            loading = scenario.policy.should_load(&state) == LoadVerdict::Load;
            if loading && now >= not_before {
                let wish = controller.decide(&ctx);
                not_before = wish.not_before.unwrap_or_default();
                decision = (not_before <= now).then_some(wish);
            }
        }
        if let Some(decision) = decision {
            let rung = ladder.get(decision.rung).unwrap();
            if let Some(from) = current.filter(|from| *from != rung.id) {
                let up = ladder.position(rung.id) > ladder.position(from);
                history.push_switch(Switch { at: now, from, to: rung.id, up });
            }
            current = Some(rung.id);
            outcome.requests.push(Request {
                at: now,
                segment: next,
                rung: rung.id,
                buffered,
                sentence: decision.sentence(ladder),
            });
            transfers += 1;
            meter.started(TransferId(transfers), now);
            flight = Some(Flight {
                id: TransferId(transfers),
                segment: next,
                rung: rung.id,
                size: scenario.size(rung, next),
                requested: now,
                received: 0,
                first: None,
                recent: VecDeque::new(),
            });
            next += 1;
        }

        // Time passes.
        let kbps = scenario.kbps_at(now);
        now += TICK;
        if let Some(f) = &mut flight
            && now.saturating_sub(f.requested) > scenario.latency
            && kbps > 0
        {
            f.received = (f.received + kbps * 1000).min(f.size.bytes() * 400);
            f.first.get_or_insert(now);
            meter.progressed(f.id, ByteCount::new(f.received / 400), now);
        }
        if let Some(f) = &mut flight {
            if f.first.is_some() {
                f.recent.push_back((now, f.received));
            }
            while f.recent.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW) {
                f.recent.pop_front();
            }
            if f.received / 400 >= f.size.bytes() {
                if let Some(sample) = meter.link_sample(f.id, now) {
                    controller.observe(&sample);
                }
                meter.finished(f.id, now);
                buffered += scenario.segment;
                queue.push_back((ladder.get(f.rung).unwrap().bitrate, scenario.segment));
                if completed.replace(f.rung).is_some_and(|before| before != f.rung) {
                    outcome.switches.push(now);
                }
                flight = None;
            }
        }
        if playing {
            let mut played = scenario.rate.media_time(TICK).min(buffered);
            buffered -= played;
            while let Some((bitrate, left)) = queue.front_mut() {
                let part = played.min(*left);
                qoe.rung_shown(*bitrate, part);
                *left -= part;
                played -= part;
                if !left.is_zero() {
                    break;
                }
                queue.pop_front();
            }
            let end = next == scenario.segments && flight.is_none();
            if buffered.is_zero() && !end {
                playing = false;
                stalled_since = Some(now);
            }
        } else {
            let end_buffered = next == scenario.segments && flight.is_none();
            let state = BufferState { buffered, end_buffered, ..state };
            if !started && scenario.policy.may_start(&state) {
                (playing, started) = (true, true);
                qoe.started(now);
            } else if started && scenario.policy.may_resume(&state) {
                playing = true;
                if let Some(since) = stalled_since.take() {
                    let duration = now.saturating_sub(since);
                    history.push_stall(Stall { at: since, duration });
                    qoe.stalled(duration);
                }
            }
        }
    }
    outcome.qoe = qoe.report();
    outcome
}
