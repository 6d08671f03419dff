//! The verdict of a run, as files: `report.json`, `events.jsonl`, `frames/*.png`.

use crate::exit::Exit;
use crate::picture::PictureReport;
use abr::QoeReport;
use anyhow::Context as _;
use player_core::frame::VideoFrame;
use player_core::{ErrorCode, PlaybackError, PlaybackState, PlayerSnapshot};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Everything measured in one run. Durations are seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Version of this shape.
    pub v: u16,
    pub verdict: Verdict,
    /// Why the verdict is what it is, one sentence each; empty for a pass.
    pub failures: Vec<String>,
    /// What was played, without tokens.
    pub source: String,
    pub lumen: String,
    pub state: PlaybackState,
    pub error: Option<PlaybackError>,
    pub wall_s: f64,
    pub played_s: f64,
    /// Length of what was played, if the manifest says it.
    pub duration_s: Option<f64>,
    /// Where in the title the last picture belongs.
    pub last_picture_s: Option<f64>,
    /// From the request to the first picture.
    pub time_to_first_frame_s: Option<f64>,
    pub stalls: u32,
    pub stalled_s: f64,
    pub picture: PictureReport,
    pub dropped: u64,
    pub quality: QoeReport,
    pub throughput_kbps: Option<f64>,
    pub bytes: u64,
    pub segments: u32,
    pub abandoned: u32,
    pub load_failures: u32,
    pub video_decoder: Option<String>,
    pub audio_decoder: Option<String>,
    /// User and system time of the whole process.
    pub cpu_s: f64,
    /// Peak resident memory of the whole process.
    pub peak_rss_mib: f64,
    /// One, five and fifteen minutes: tells a slow player from a busy machine.
    pub load_average: [f64; 3],
    /// Pictures written, relative to the report.
    pub frames: Vec<PathBuf>,
}

/// Pass or fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
}

/// Process figures at the end of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessFigures {
    pub cpu_s: f64,
    pub peak_rss_mib: f64,
    pub load_average: [f64; 3],
}

impl ProcessFigures {
    /// Reads them from `/proc`; zeros where there is none.
    pub fn now() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        // After the name in brackets, utime and stime are the 12th and 13th fields, in hundredths on Linux.
        let stat = read("/proc/self/stat");
        let fields: Vec<f64> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse().ok())
            .collect();
        let status = read("/proc/self/status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        let mut load = [0.0; 3];
        for (slot, value) in load.iter_mut().zip(read("/proc/loadavg").split_whitespace()) {
            *slot = value.parse().unwrap_or(0.0);
        }
        Self {
            cpu_s: fields.iter().sum::<f64>() / 100.0,
            peak_rss_mib: peak.unwrap_or(0.0) / 1024.0,
            load_average: load,
        }
    }
}

impl Report {
    /// Fills in what the snapshot knows.
    pub fn from_snapshot(source: String, snapshot: &PlayerSnapshot, figures: ProcessFigures) -> Self {
        let stats = &snapshot.stats;
        Self {
            v: 1,
            verdict: Verdict::Pass,
            failures: Vec::new(),
            source,
            lumen: env!("CARGO_PKG_VERSION").to_owned(),
            state: snapshot.state,
            error: snapshot.error.clone(),
            wall_s: 0.0,
            played_s: 0.0,
            duration_s: snapshot.duration.map(|duration| duration.as_secs_f64()),
            last_picture_s: None,
            time_to_first_frame_s: stats.time_to_first_frame.map(|time| time.as_secs_f64()),
            stalls: stats.stalls,
            stalled_s: stats.stalled_for.as_secs_f64(),
            picture: PictureReport::default(),
            dropped: stats.frames_dropped,
            quality: QoeReport::default(),
            throughput_kbps: stats.throughput.map(|rate| rate.bps() as f64 / 1e3),
            bytes: stats.bytes.bytes(),
            segments: stats.segments,
            abandoned: stats.abandoned,
            load_failures: stats.failures,
            video_decoder: stats.video_decoder.clone(),
            audio_decoder: stats.audio_decoder.clone(),
            cpu_s: figures.cpu_s,
            peak_rss_mib: figures.peak_rss_mib,
            load_average: figures.load_average,
            frames: Vec::new(),
        }
    }

    /// Adds a reason to fail.
    pub fn fail(&mut self, reason: impl Into<String>) {
        self.verdict = Verdict::Fail;
        self.failures.push(reason.into());
    }

    /// What CI is told.
    pub fn exit(&self) -> Exit {
        match (self.verdict, &self.error) {
            (Verdict::Pass, _) => Exit::Pass,
            (Verdict::Fail, Some(error)) if error.code == ErrorCode::CodecUnsupported => Exit::Environment,
            (Verdict::Fail, _) => Exit::Assertion,
        }
    }

    /// A few lines for a terminal.
    pub fn summary(&self) -> String {
        let verdict = if self.verdict == Verdict::Pass { "pass" } else { "FAIL" };
        let ttff = self.time_to_first_frame_s.map_or_else(|| "none".into(), |time| format!("{:.0} ms", time * 1e3));
        let mut text = format!(
            "{verdict}  {}\n  first frame {ttff} · played {:.1} s in {:.1} s · {} stalls ({:.1} s) · {} frames, {} dropped\n  \
             {} segments, {:.1} MB · {:.0} kbit/s measured · CPU {:.1} s · peak {:.0} MiB · load {:.1}\n",
            self.source,
            self.played_s,
            self.wall_s,
            self.stalls,
            self.stalled_s,
            self.picture.frames,
            self.dropped,
            self.segments,
            self.bytes as f64 / 1e6,
            self.throughput_kbps.unwrap_or(0.0),
            self.cpu_s,
            self.peak_rss_mib,
            self.load_average[0],
        );
        if self.picture.with_counter > 0 {
            let PictureReport { with_counter, missing, repeated, out_of_order, rungs, .. } = &self.picture;
            text += &format!(
                "  burnt-in counter: {with_counter} read, {missing} missing, {repeated} repeated, {out_of_order} out of order, rungs {rungs:?}\n"
            );
        }
        for failure in &self.failures {
            text += &format!("  ✗ {failure}\n");
        }
        text
    }
}

/// Writes a frame as PNG.
pub fn write_png(frame: &VideoFrame, path: &Path) -> anyhow::Result<()> {
    let image =
        image::RgbaImage::from_raw(frame.width, frame.height, frame.to_rgba()).context("a frame of odd size")?;
    let opaque = image::DynamicImage::ImageRgba8(image).to_rgb8();
    opaque.save(path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: ErrorCode) -> Report {
        let mut report = Report::from_snapshot("title".into(), &PlayerSnapshot::initial(), ProcessFigures::default());
        report.error = Some(PlaybackError::fatal(code, "detail"));
        report.fail("it did not play");
        report
    }

    #[test]
    fn a_missing_decoder_is_the_machine_s_fault_and_nothing_else_is() {
        let passed = Report::from_snapshot("title".into(), &PlayerSnapshot::initial(), ProcessFigures::default());
        assert_eq!(passed.exit(), Exit::Pass);
        for code in ErrorCode::ALL {
            let expected = if *code == ErrorCode::CodecUnsupported { Exit::Environment } else { Exit::Assertion };
            assert_eq!(failed(*code).exit(), expected, "{code:?}");
        }
    }
}
