//! `lumen-qa stats`: reads what the stats overlay of an app has copied, and says it as a report.
//!
//! What is copied is the [`PlayerSnapshot`] that reports are made from, so nothing is translated on the way: a viewer's
//! figures and those of a run can be compared, and the session's name finds the viewer's log.

use crate::exit::Exit;
use crate::report::{ProcessFigures, Report};
use anyhow::{Context as _, bail};
use clap::Args;
use player_core::{PlaybackState, PlayerSnapshot};
use std::io::Read;
use std::path::PathBuf;

/// Longest text that is read, in bytes: a snapshot has some tens of kilobytes.
const LONGEST: u64 = 4 << 20;
/// Decisions that are printed, the newest ones.
const DECISIONS: usize = 5;

/// Reads stats that were copied from the overlay of a player (I, then Copy).
///
/// The exit code is 1 if the player had failed.
///
/// Examples:
///
///   wl-paste | lumen-qa stats
///
///   lumen-qa stats from-a-viewer.json --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct StatsArgs {
    /// File with the copied text; `-` for standard input.
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// Print a report as JSON instead of a summary.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// If the text cannot be read, is too long, or is no copied stats.
pub fn run(arguments: &StatsArgs) -> anyhow::Result<Exit> {
    let snapshot = if arguments.file.as_os_str() == "-" {
        read(std::io::stdin().lock())?
    } else {
        let name = arguments.file.display();
        let file = std::fs::File::open(&arguments.file).with_context(|| format!("cannot open {name}"))?;
        read(file).with_context(|| format!("cannot read {name}"))?
    };
    let report = report(&snapshot);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", summary(&snapshot, &report));
    }
    Ok(report.exit())
}

/// Reads a snapshot as it was copied. Fields of a newer player are passed over.
///
/// # Errors
/// If there is more than 4 MiB, or something else than a snapshot.
pub fn read(from: impl Read) -> anyhow::Result<PlayerSnapshot> {
    let mut text = String::new();
    let length = from.take(LONGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST {
        bail!("more than {} MiB are no copied stats", LONGEST >> 20);
    }
    serde_json::from_str(text.trim()).context("these are no stats copied from a player")
}

/// The same figures as those of a run; what only a run can know is zero.
pub fn report(snapshot: &PlayerSnapshot) -> Report {
    let name = snapshot.session.map_or_else(|| "copied stats".to_owned(), |id| format!("session {id}"));
    let mut report = Report::from_snapshot(name, snapshot, ProcessFigures::default());
    report.picture.frames = snapshot.stats.frames_shown;
    report.wall_s = snapshot.history.back().map_or(0.0, |point| point.since_load.as_secs_f64());
    report.last_picture_s = Some(snapshot.position.as_secs_f64());
    if let Some(error) = &snapshot.error {
        report.fail(format!("playback stopped: {error}"));
    } else if snapshot.state == PlaybackState::Failed {
        report.fail("playback stopped");
    }
    report
}

fn summary(snapshot: &PlayerSnapshot, report: &Report) -> String {
    let rung = |id| snapshot.rung(id).map_or_else(|| "none".to_owned(), |rung| rung.label());
    let shown = snapshot.shown_rung.map_or_else(|| "none".to_owned(), rung);
    let mut text = report.summary();
    text += &format!(
        "  {:?} at {} · {shown} of {} rungs · {:.1} s buffered · decoders {} and {}\n",
        snapshot.state,
        snapshot.position,
        snapshot.rungs.len(),
        snapshot.buffered.as_secs_f64(),
        report.video_decoder.as_deref().unwrap_or("none"),
        report.audio_decoder.as_deref().unwrap_or("none"),
    );
    for note in snapshot.decisions.iter().rev().take(DECISIONS) {
        text += &format!("  {} {}\n", note.at, note.sentence);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;
    use player_core::snapshot::{DecisionNote, HistoryPoint, Stats};
    use player_core::{Bitrate, ErrorCode, MediaTime, PlaybackError, RungId};
    use std::time::Duration;

    fn snapshot() -> PlayerSnapshot {
        let sentence = "1080p → 720p: the buffer is low".to_owned();
        PlayerSnapshot {
            state: PlaybackState::Playing,
            position: MediaTime::from_millis(61_000),
            stats: Stats {
                time_to_first_frame: Some(Duration::from_millis(412)),
                stalls: 2,
                stalled_for: Duration::from_millis(1_500),
                throughput: Some(Bitrate::from_kbps(18_400)),
                frames_shown: 1_464,
                frames_dropped: 3,
                video_decoder: Some("avdec_h264".into()),
                ..Stats::default()
            },
            decisions: [DecisionNote { at: MediaTime::from_millis(60_000), rung: RungId(3), sentence }].into(),
            history: [HistoryPoint {
                since_load: Duration::from_secs(63),
                buffered: Duration::from_secs(20),
                shown_rung: None,
                throughput: None,
            }]
            .into(),
            session: serde_json::from_str("\"00000000-0000-0000-0000-000000000007\"").unwrap(),
            ..PlayerSnapshot::initial()
        }
    }

    #[test]
    fn what_a_player_copies_is_read_back_and_reported() {
        // As the overlay writes it.
        let copied = serde_json::to_string_pretty(&snapshot()).unwrap();
        let read = read(format!("\n{copied}\n").as_bytes()).unwrap();
        assert_eq!(read, snapshot());
        let report = report(&read);
        assert_eq!((report.verdict, report.stalls, report.stalled_s), (Verdict::Pass, 2, 1.5));
        assert_eq!((report.time_to_first_frame_s, report.throughput_kbps), (Some(0.412), Some(18_400.0)));
        assert_eq!((report.picture.frames, report.dropped, report.wall_s), (1_464, 3, 63.0));
        let text = summary(&read, &report);
        for part in [
            "session 00000000-0000-0000-0000-000000000007",
            "412 ms",
            "Playing at 1:01",
            "avdec_h264",
            "the buffer is low",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_player_that_had_failed_fails() {
        let error = PlaybackError::fatal(ErrorCode::Unreachable, "connection refused");
        let failed = PlayerSnapshot { state: PlaybackState::Failed, error: Some(error), ..snapshot() };
        let report = report(&failed);
        assert_eq!(report.exit(), Exit::Assertion);
        assert!(report.failures[0].contains("E1001"), "{:?}", report.failures);
    }

    #[test]
    fn what_is_no_stats_is_said_to_be_none() {
        for wrong in ["", "{}", "[]", "null", "not json", "{\"state\": \"dancing\"}"] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(read(&[0xff, 0xfe][..]).is_err());
        let endless = read(std::io::repeat(b' ')).unwrap_err();
        assert!(endless.to_string().contains("4 MiB"), "{endless}");
        let mut newer = serde_json::to_value(snapshot()).unwrap();
        newer["field_of_tomorrow"] = 1.into();
        assert_eq!(read(newer.to_string().as_bytes()).unwrap(), snapshot());
        newer.as_object_mut().unwrap().remove("session");
        assert!(read(newer.to_string().as_bytes()).is_ok(), "an older player has no such name");
    }
}
