//! What things of the player are called.

use super::{Phase, PlayerScreen};
use crate::{format, language::tr};
use player_core::{PlayerSnapshot, event::TrackInfo, text::captions::CaptionService};
use service_api::catalog::Chapter;
use std::time::Duration;

impl PlayerScreen {
    /// Everything about the error for a bug report; no addresses, and no more of media than their last part.
    pub(crate) fn error_details(&self) -> String {
        let mut lines = match (&self.phase, &self.snapshot.error) {
            (Phase::Failed(failure), _) => vec![failure.code.clone(), failure.detail.clone()],
            (_, Some(error)) => {
                let at = format::clock(Duration::try_from_secs_f64(self.position()).unwrap_or_default());
                vec![format!("E{} at {at}", error.code.number()), error.detail.clone()]
            }
            _ => return String::new(),
        };
        let snapshot = &self.snapshot;
        let shown = snapshot.shown_rung.and_then(|id| snapshot.rung(id)).map(|rung| rung.label());
        let decoder = snapshot.stats.video_decoder.clone();
        let session = snapshot.session.map(|id| format!("session {id}"));
        let lumen = format!("Lumen {} on {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS);
        let circumstances: Vec<String> = [Some(lumen), shown, decoder, session].into_iter().flatten().collect();
        lines.push(circumstances.join(" · "));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }
}

/// A speed in menus.
pub(crate) fn speed_label(speed: f64) -> String {
    format!("{}×", format::decimal(&speed.to_string()))
}

/// A delay of subtitles in menus.
pub(crate) fn delay_label(millis: i32) -> String {
    let seconds = f64::from(millis) / 1e3;
    match millis {
        0 => tr!("delay-none").to_owned(),
        1.. => tr!("delay-later", seconds = format::tenths(seconds)),
        _ => tr!("delay-earlier", seconds = format::tenths(-seconds)),
    }
}

pub(super) fn speed_note(speed: f64) -> String {
    tr!("note-speed", speed = speed_label(speed))
}

/// The stream's own chapters, for titles of which no catalog tells.
pub(super) fn chapters_of(snapshot: &PlayerSnapshot) -> Vec<Chapter> {
    let chapters = snapshot.chapters.as_slice().iter();
    chapters
        .map(|chapter| Chapter { start_s: chapter.start.as_secs_f64(), name: chapter.title(None).to_owned() })
        .collect()
}

/// What a track is called in menus.
pub(crate) fn track_name(track: &TrackInfo) -> String {
    let language = track.language.as_deref().map(format::language);
    // Captions that have no other name than their channel's.
    if let (Some(language), Some(service)) = (&language, CaptionService::of_track(track.id))
        && service.to_string() == track.name
    {
        return format!("{language} ({service})");
    }
    match (language, track.name.trim()) {
        (Some(language), "") => language,
        (Some(language), name) if name.eq_ignore_ascii_case(&language) => language,
        (Some(language), name) if track.language.as_deref() == Some(name) => language,
        (_, "") => tr!("track-unnamed").to_owned(),
        (_, name) => name.to_owned(),
    }
}
