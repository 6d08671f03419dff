//! The session's side of adaptive bitrate: measures transfers, builds the context, asks the controller. No rule of its
//! own lives here.

use super::output::TransferId;
use crate::command::QualityChoice;
use crate::config::AbrConfig;
use crate::manifest::TrackGroup;
use abr::{
    AbrContext, AbrController, BandwidthMeter, Bitrate, ByteCount, Constraint, ConstraintReason, Decision, History,
    InFlight, Ladder, Rung, RungId, Stall, Switch, ThroughputEstimate,
};
use std::time::Duration;

/// Chooses rungs of the video track.
#[derive(Debug)]
pub(super) struct QualityChooser {
    controller: Box<dyn AbrController>,
    meter: BandwidthMeter,
    history: History,
    ladder: Ladder,
    assumed: Option<ThroughputEstimate>,
    choice: QualityChoice,
    viewport_height: Option<u32>,
    current: Option<RungId>,
}

/// Circumstances of a decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Duration,
    pub(super) buffered: Duration,
    pub(super) target: Duration,
    pub(super) segment: Duration,
}

impl QualityChooser {
    pub(super) fn new(config: &AbrConfig, group: &TrackGroup) -> Option<Self> {
        let rungs = group.representations.iter().map(|representation| Rung {
            id: representation.id,
            // A stream that is one playlist does not say; any rate will do for a ladder of one.
            bitrate: Bitrate::from_bps(representation.bitrate.bps().max(1)),
            average: representation.average,
            width: representation.width,
            height: representation.height,
            frame_rate: representation.frame_rate,
        });
        let controller = abr::controller_by_name(&config.controller).or_else(|| abr::controller_by_name("dynamic"))?;
        Some(Self {
            controller,
            meter: BandwidthMeter::new(),
            history: History::new(),
            ladder: Ladder::new(rungs.collect()).ok()?,
            assumed: config.initial_throughput.map(ThroughputEstimate::certain),
            choice: QualityChoice::Auto,
            viewport_height: None,
            current: None,
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

    /// The rung for the next segment. `barred` rungs have failed for it.
    pub(super) fn decide(&mut self, moment: &Moment, barred: &[RungId]) -> Decision {
        let ladder = self.allowed(barred);
        let mut context = AbrContext::new(&ladder, &self.history);
        fill(&mut context, moment, self.current, self.estimate(), self.meter.ttfb());
        let decision = match self.choice {
            QualityChoice::Fixed(rung) => Decision::fixed(&context, rung),
            QualityChoice::Auto => self.controller.decide(&context),
        };
        if let Some(from) = self.current.filter(|from| *from != decision.rung) {
            let up = self.ladder.position(decision.rung) > self.ladder.position(from);
            self.history.push_switch(Switch { at: moment.now, from, to: decision.rung, up });
        }
        self.current = Some(decision.rung);
        decision
    }

    /// Asks whether a running transfer should be given up for a lower rung.
    pub(super) fn reconsider(&mut self, moment: &Moment, in_flight: &InFlight) -> Option<Decision> {
        if self.choice != QualityChoice::Auto {
            return None;
        }
        let ladder = self.allowed(&[]);
        let mut context = AbrContext::new(&ladder, &self.history);
        fill(&mut context, moment, self.current, self.estimate(), self.meter.ttfb());
        let decision = self.controller.reconsider(&context, in_flight)?;
        self.current = Some(decision.rung);
        Some(decision)
    }

    pub(super) fn transfer_started(&mut self, id: TransferId, now: Duration) {
        self.meter.started(id, now);
    }

    pub(super) fn transfer_progressed(&mut self, id: TransferId, received: u64, now: Duration) {
        self.meter.progressed(id, ByteCount::new(received), now);
    }

    /// A whole body arrived. What came from memory is no measurement.
    pub(super) fn transfer_finished(&mut self, id: TransferId, bytes: u64, cached: bool, now: Duration) {
        if cached {
            self.meter.cached(id);
        } else {
            self.meter.progressed(id, ByteCount::new(bytes), now);
            self.meter.finished(id, now);
        }
    }

    pub(super) fn transfer_ended_early(&mut self, id: TransferId, now: Duration) {
        self.meter.cancelled(id, now);
    }

    pub(super) fn stalled(&mut self, at: Duration, duration: Duration) {
        self.history.push_stall(Stall { at, duration });
    }

    fn estimate(&self) -> Option<ThroughputEstimate> {
        self.meter.estimate().or(self.assumed)
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

fn fill<'a>(
    context: &mut AbrContext<'a>,
    moment: &Moment,
    current: Option<RungId>,
    throughput: Option<ThroughputEstimate>,
    ttfb: Option<Duration>,
) {
    context.now = moment.now;
    context.current = current.filter(|rung| context.ladder.get(*rung).is_some());
    context.buffered = moment.buffered;
    context.buffer_target = moment.target;
    context.segment_duration = moment.segment;
    context.throughput = throughput;
    context.ttfb = ttfb;
}
