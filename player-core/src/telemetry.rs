//! Readers of the event stream: a log file and a report.

use crate::event::{EventEnvelope, PlaybackEvent};
use crate::snapshot::{PlaybackState, PlayerSnapshot};
use abr::{QoeAccumulator, QoeReport};
use std::io::{self, Write};
use std::time::Duration;

/// Writes one JSON object per line.
#[derive(Debug)]
pub struct EventLog<W: Write> {
    out: W,
}

impl<W: Write> EventLog<W> {
    /// Writes to `out`; wrap files in a `BufWriter`.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Appends an event.
    pub fn write(&mut self, envelope: &EventEnvelope) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, envelope)?;
        self.out.write_all(b"\n")
    }

    /// Makes sure that everything is written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The quality of experience of a session, as a fold over its events.
#[derive(Debug)]
pub struct QoeFold {
    snapshot: PlayerSnapshot,
    accumulator: QoeAccumulator,
    last: Duration,
}

impl Default for QoeFold {
    fn default() -> Self {
        Self { snapshot: PlayerSnapshot::initial(), accumulator: QoeAccumulator::new(), last: Duration::ZERO }
    }
}

impl QoeFold {
    /// Takes one event into account.
    pub fn apply(&mut self, envelope: &EventEnvelope) {
        let elapsed = envelope.since_load.saturating_sub(self.last);
        self.last = envelope.since_load;
        // The state before this event lasted until it.
        let shown = self.snapshot.shown_rung.and_then(|rung| self.snapshot.rung(rung)).map(|rung| rung.bitrate);
        if let (PlaybackState::Playing, Some(bitrate)) = (self.snapshot.state, shown) {
            self.accumulator.rung_shown(bitrate, elapsed);
        }
        match &envelope.event {
            PlaybackEvent::FirstFrame => self.accumulator.started(envelope.since_load),
            PlaybackEvent::StallEnded { lasted } => self.accumulator.stalled(*lasted),
            PlaybackEvent::ManifestLoaded { rungs, .. } => {
                if let Some(top) = rungs.iter().map(|rung| rung.bitrate).max() {
                    self.accumulator.top_rung(top);
                }
            }
            _ => {}
        }
        self.snapshot.apply(envelope);
    }

    /// The report so far.
    pub fn report(&self) -> QoeReport {
        self.accumulator.report()
    }
}
