//! The session's side of adaptive bitrate: measures transfers, builds the context, asks the controller. No rule of its
//! own lives here.

use super::lookahead::Lookahead;
use super::output::TransferId;
use crate::command::QualityChoice;
use crate::config::AbrConfig;
use crate::manifest::TrackGroup;
use abr::{
    AbrContext, AbrController, BandwidthMeter, Bitrate, ByteCount, Constraint, ConstraintReason, Decision, History,
    InFlight, Ladder, PlaybackPlan, PlaybackRate, RememberedNetwork, Replacement, Rung, RungId, Stall, Switch,
    ThroughputEstimate, UpcomingSegment, WaitingSegment,
};
use std::time::Duration;

/// Chooses rungs of the video track.
#[derive(Debug)]
pub(super) struct QualityChooser {
    controller: Box<dyn AbrController>,
    meter: BandwidthMeter,
    history: History,
    ladder: Ladder,
    remembered: Option<RememberedNetwork>,
    choice: QualityChoice,
    viewport_height: Option<u32>,
    current: Option<RungId>,
    /// The segment duration that the controller was prepared for.
    prepared_for: Option<Duration>,
    /// When segments in the buffer were last thrown away for better ones.
    replaced_at: Option<Duration>,
}

/// Circumstances of a decision.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) now: Duration,
    pub(super) buffered: Duration,
    pub(super) target: Duration,
    pub(super) segment: Duration,
    pub(super) rate: PlaybackRate,
    pub(super) ahead: Lookahead,
}

impl QualityChooser {
    /// With the configured controller, or the default one where that name is unknown.
    pub(super) fn new(config: &AbrConfig, group: &TrackGroup) -> Option<Self> {
        let default = || abr::controller_by_name(abr::CONTROLLER_NAMES[0]);
        let controller = abr::controller_by_name(&config.controller).or_else(default)?;
        Self::with_controller(controller, config.remembered, group)
    }

    /// With any controller; `None` for a track that has nothing to choose from.
    pub(super) fn with_controller(
        controller: Box<dyn AbrController>,
        remembered: Option<RememberedNetwork>,
        group: &TrackGroup,
    ) -> Option<Self> {
        let rungs = group.representations.iter().map(|representation| Rung {
            id: representation.id,
            // A stream that is one playlist does not say; any rate will do for a ladder of one.
            bitrate: Bitrate::from_bps(representation.bitrate.bps().max(1)),
            average: representation.average,
            width: representation.width,
            height: representation.height,
            frame_rate: representation.frame_rate,
        });
        Some(Self {
            controller,
            meter: BandwidthMeter::new(),
            history: History::new(),
            ladder: Ladder::new(rungs.collect()).ok()?,
            remembered,
            choice: QualityChoice::Auto,
            viewport_height: None,
            current: None,
            prepared_for: None,
            replaced_at: None,
        })
    }

    pub(super) fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    pub(super) fn choice(&self) -> QualityChoice {
        self.choice
    }

    pub(super) fn set_choice(&mut self, choice: QualityChoice) {
        self.choice = choice;
    }

    pub(super) fn set_viewport(&mut self, height: u32) {
        self.viewport_height = (height > 0).then_some(height);
    }

    pub(super) fn throughput(&self) -> Option<Bitrate> {
        self.meter.estimate().map(|estimate| estimate.mean)
    }

    /// What a later session should know of the network; `None` before anything was measured.
    pub(super) fn learnt(&self) -> Option<RememberedNetwork> {
        self.meter.estimate().map(|estimate| RememberedNetwork { estimate, ttfb: self.meter.ttfb() })
    }

    /// Tells the controller what it will choose from. Again when a playlist says that segments are clearly longer or
    /// shorter than was thought; rounding is nothing to make tables anew for.
    pub(super) fn prepare(&mut self, segment: Duration, target: Duration) {
        let known = self.prepared_for.is_some_and(|known| known.abs_diff(segment) <= segment / 8);
        if !known {
            self.prepared_for = Some(segment);
            let plan =
                PlaybackPlan { ladder: &self.ladder, segment_duration: segment, buffer_target: target, live: false };
            self.controller.prepare(&plan);
        }
    }

    /// The rung for the next segment. `barred` rungs have failed for it. Nothing is chosen before [`Self::choose`].
    pub(super) fn decide(&mut self, moment: &Moment, barred: &[RungId]) -> Decision {
        let (ladder, upcoming) = (self.allowed(barred), moment.ahead.upcoming());
        let context = context(moment, &upcoming, &ladder, &self.history, self.current, self.expected());
        match self.choice {
            QualityChoice::Fixed(rung) => Decision::fixed(&context, rung),
            QualityChoice::Auto => self.controller.decide(&context),
        }
    }

    /// A decision is being carried out.
    pub(super) fn choose(&mut self, decision: &Decision, now: Duration) {
        if let Some(from) = self.current.filter(|from| *from != decision.rung) {
            let up = self.ladder.position(decision.rung) > self.ladder.position(from);
            self.history.push_switch(Switch { at: now, from, to: decision.rung, up });
        }
        self.current = Some(decision.rung);
    }

    /// Is it worth asking whether to give up a running transfer?
    pub(super) fn watches_transfers(&self) -> bool {
        self.choice == QualityChoice::Auto && self.controller.watches_transfers()
    }

    /// Asks whether the running transfer `id` should be given up for a lower rung. What others took of the link while it
    /// ran does not count against it.
    pub(super) fn reconsider(&mut self, moment: &Moment, id: TransferId, in_flight: &InFlight) -> Option<Decision> {
        let body = in_flight.ttfb.map_or(Duration::ZERO, |ttfb| in_flight.elapsed.saturating_sub(ttfb));
        let elapsed = in_flight.elapsed.saturating_sub(body).saturating_add(body.mul_f64(self.meter.share(id)));
        let in_flight = &InFlight { elapsed, ..*in_flight };
        let (ladder, upcoming) = (self.allowed(&[]), moment.ahead.upcoming());
        let context = context(moment, &upcoming, &ladder, &self.history, self.current, self.expected());
        if let Some(so_far) = self.meter.link_sample(id, moment.now) {
            self.controller.progressed(&so_far);
        }
        self.controller.reconsider(&context, in_flight)
    }

    /// How many of the segments that wait to be played are to be thrown away, from the far end, for better ones in
    /// `rung`.
    pub(super) fn replace(&mut self, moment: &Moment, rung: RungId, waiting: &[WaitingSegment]) -> usize {
        if self.choice != QualityChoice::Auto {
            return 0;
        }
        let (ladder, upcoming) = (self.allowed(&[]), moment.ahead.upcoming());
        let context = context(moment, &upcoming, &ladder, &self.history, self.current, self.expected());
        let wish = Replacement { waiting, rung, last: self.replaced_at };
        let thrown = waiting.len() - abr::segments_to_keep(&context, &wish);
        if thrown > 0 {
            self.replaced_at = Some(moment.now);
        }
        thrown
    }

    pub(super) fn transfer_started(&mut self, id: TransferId, now: Duration) {
        self.meter.started(id, now);
    }

    pub(super) fn transfer_progressed(&mut self, id: TransferId, received: u64, now: Duration) {
        self.meter.progressed(id, ByteCount::new(received), now);
    }

    /// A whole body arrived; `ours` if it was of the track that is chosen here. What came from memory is no measurement.
    pub(super) fn transfer_finished(&mut self, id: TransferId, bytes: u64, cached: bool, ours: bool, now: Duration) {
        if cached {
            self.meter.cached(id);
        } else {
            self.meter.progressed(id, ByteCount::new(bytes), now);
            self.observe(id, ours, now);
            self.meter.finished(id, now);
        }
    }

    /// A transfer was given up; `ours` as above.
    pub(super) fn transfer_cancelled(&mut self, id: TransferId, ours: bool, now: Duration) {
        self.observe(id, ours, now);
        self.meter.cancelled(id, now);
    }

    /// A transfer failed: what had come says something about the link, but the controller has no use for half a segment
    /// that nobody gave up.
    pub(super) fn transfer_failed(&mut self, id: TransferId, now: Duration) {
        self.meter.cancelled(id, now);
    }

    fn observe(&mut self, id: TransferId, ours: bool, now: Duration) {
        if let Some(sample) = self.meter.link_sample(id, now).filter(|_| ours) {
            self.controller.observe(&sample);
        }
    }

    pub(super) fn stalled(&mut self, at: Duration, duration: Duration) {
        self.history.push_stall(Stall { at, duration });
    }

    /// Rate and wait to expect: as measured, or as remembered until there is a measurement.
    fn expected(&self) -> (Option<ThroughputEstimate>, Option<Duration>) {
        let remembered = self.remembered;
        let rate = self.meter.estimate().or(remembered.map(|network| network.estimate));
        (rate, self.meter.ttfb().or_else(|| remembered?.ttfb))
    }

    /// The ladder without barred rungs and without rungs of no use on this surface.
    fn allowed(&self, barred: &[RungId]) -> Ladder {
        let viewport = self.viewport_height.filter(|_| self.choice == QualityChoice::Auto);
        let constraint = viewport.map(|height| Constraint::height(height, ConstraintReason::Viewport));
        let (ladder, _) = self.ladder.constrained(constraint.as_slice());
        let usable: Vec<Rung> = ladder.iter().filter(|rung| !barred.contains(&rung.id)).cloned().collect();
        // A cap must not leave nothing while an uncapped rung still works.
        let usable = if usable.is_empty() {
            self.ladder.iter().filter(|rung| !barred.contains(&rung.id)).cloned().collect()
        } else {
            usable
        };
        Ladder::new(usable).unwrap_or(ladder)
    }
}

fn context<'a>(
    moment: &Moment,
    upcoming: &'a [UpcomingSegment<'a>],
    ladder: &'a Ladder,
    history: &'a History,
    current: Option<RungId>,
    (throughput, ttfb): (Option<ThroughputEstimate>, Option<Duration>),
) -> AbrContext<'a> {
    AbrContext {
        now: moment.now,
        current,
        buffered: moment.buffered,
        buffer_target: moment.rate.media_time(moment.target),
        rate: moment.rate,
        throughput,
        ttfb,
        segment_duration: moment.segment,
        upcoming,
        remaining: moment.ahead.remaining(),
        ..AbrContext::new(ladder, history)
    }
}
