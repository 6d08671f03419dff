//! `lumen-qa probe`: what a manifest offers, in our vocabulary.

use super::args::ProbeArgs;
use crate::exit::Exit;
use player_core::PlayerConfig;
use player_core::chapters::ChapterTitle;
use player_core::drm::{KeySystems, SystemId};
use player_core::manifest::{DynamicRange, Presentation, Protection, Representation, TrackGroup};
use player_core::net::HttpFetcher;
use player_core::reader::Reader;
use serde::Serialize;
use std::sync::Arc;

/// Announcements of playlists that are looked at: each rung has those of the others.
const MAX_PROTECTIONS: usize = 1_024;

/// A manifest as JSON.
#[derive(Debug, Serialize)]
struct Offer {
    duration_s: Option<f64>,
    tracks: Vec<Track>,
    trick_play: Vec<Track>,
    thumbnails: Vec<Thumbnails>,
    chapters: Vec<ChapterOffer>,
    key_ids: Vec<String>,
    protection: Option<Protected>,
    events: Vec<Event>,
    excluded: Vec<super::report::Excluded>,
}

#[derive(Debug, Serialize)]
struct Track {
    kind: player_core::manifest::TrackKind,
    lang: Option<String>,
    name: String,
    default: bool,
    forced: bool,
    roles: Vec<String>,
    rungs: Vec<Rung>,
}

#[derive(Debug, Serialize)]
struct Rung {
    bitrate_bps: u64,
    codecs: String,
    width: u32,
    height: u32,
    frame_rate: Option<f32>,
    channels: u16,
    dynamic_range: DynamicRange,
    segments: Option<usize>,
}

/// Who has the keys, and with whom they can be had here.
#[derive(Debug, Serialize)]
struct Protected {
    /// Systems, by the names that people know; none where the manifest leaves it to the media.
    offered: Vec<String>,
    /// As `org.w3.clearkey`; `None` if none of them can be used here.
    key_system: Option<String>,
    /// Why this one, or why none.
    reason: String,
}

#[derive(Debug, Serialize)]
struct Thumbnails {
    width: u32,
    height: u32,
    columns: u32,
    rows: u32,
}

#[derive(Debug, Serialize)]
struct ChapterOffer {
    start_s: f64,
    end_s: Option<f64>,
    titles: Vec<ChapterTitle>,
    /// Is there a picture of it?
    image: bool,
}

#[derive(Debug, Serialize)]
struct Event {
    scheme: String,
    value: String,
    id: String,
    start_s: f64,
    duration_s: Option<f64>,
}

/// Runs the command.
pub async fn run(arguments: ProbeArgs) -> anyhow::Result<Exit> {
    let config = PlayerConfig::default();
    let reader = Reader::new(&arguments.url, Arc::new(HttpFetcher::new(&config.net)?), config.net, []);
    let presentation = match reader.presentation(&arguments.url).await {
        Ok(presentation) => presentation,
        Err(failure) => {
            eprintln!("error: {}", failure.error());
            return Ok(Exit::Assertion);
        }
    };
    let systems = KeySystems::installed(arguments.cdm.options()).await;
    let offer = offer(&reader, &presentation, &systems).await;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&offer)?);
    } else {
        print!("{}", list(&offer));
    }
    Ok(Exit::Pass)
}

async fn offer(reader: &Reader, presentation: &Presentation, systems: &KeySystems) -> Offer {
    let mut protections = presentation.protections.clone();
    let mut duration: Option<f64> = None;
    let mut tracks = Vec::new();
    for group in &presentation.tracks {
        let mut track = track(group);
        for (rung, representation) in track.rungs.iter_mut().zip(&group.representations) {
            // A list that cannot be read is left unknown here; decoding says why.
            if let Ok(index) = reader.list(&representation.index).await {
                rung.segments = Some(index.segments.len());
                let room = MAX_PROTECTIONS.saturating_sub(protections.len());
                protections.extend(index.protections.iter().take(room).cloned());
                let length = index.duration().as_secs_f64();
                duration = Some(duration.map_or(length, |longest| longest.max(length)));
            }
        }
        tracks.push(track);
    }
    let keys = presentation.protections.iter().flat_map(|protection| &protection.key_ids);
    let thumbnails = presentation.thumbnails.iter().map(|track| Thumbnails {
        width: track.width,
        height: track.height,
        columns: track.columns,
        rows: track.rows,
    });
    let events = presentation.events.iter().map(|event| Event {
        scheme: event.scheme.clone(),
        value: event.value.clone(),
        id: event.id.clone(),
        start_s: event.start.as_secs_f64(),
        duration_s: event.duration.map(|duration| duration.as_secs_f64()),
    });
    let chapters = reader.chapters(presentation).await;
    let chapters = chapters.as_slice().iter().map(|chapter| ChapterOffer {
        start_s: chapter.start.as_secs_f64(),
        end_s: chapter.end.map(|end| end.as_secs_f64()),
        titles: chapter.titles.clone(),
        image: chapter.image.is_some(),
    });
    let excluded = presentation.excluded.iter();
    Offer {
        duration_s: duration,
        tracks,
        trick_play: presentation.trick_play.iter().map(track).collect(),
        thumbnails: thumbnails.collect(),
        chapters: chapters.collect(),
        key_ids: keys.map(ToString::to_string).collect(),
        protection: protected(&protections, systems),
        events: events.collect(),
        excluded: excluded
            .map(|left_out| super::report::Excluded { what: left_out.what.clone(), why: left_out.why.clone() })
            .collect(),
    }
}

/// `None` for media in the clear, or of which the key itself is behind an address.
fn protected(protections: &[Protection], systems: &KeySystems) -> Option<Protected> {
    let by_licence = |protection: &&Protection| !protection.key_ids.is_empty() || !protection.systems.is_empty();
    protections.iter().find(by_licence)?;
    let offers = protections.iter().flat_map(|protection| &protection.systems);
    let mut offered: Vec<SystemId> = Vec::new();
    for offer in offers {
        if !offered.contains(&offer.system) {
            offered.push(offer.system.clone());
        }
    }
    let (key_system, reason) = match systems.choose(&offered, false) {
        Ok(choice) => (Some(choice.id().to_string()), choice.reason),
        Err(error) => (None, error.to_string()),
    };
    Some(Protected { offered: offered.iter().map(ToString::to_string).collect(), key_system, reason })
}

fn track(group: &TrackGroup) -> Track {
    Track {
        kind: group.kind,
        lang: group.language.clone(),
        name: group.name.clone(),
        default: group.default,
        forced: group.forced,
        roles: group.roles.clone(),
        rungs: group.representations.iter().map(rung).collect(),
    }
}

fn rung(representation: &Representation) -> Rung {
    Rung {
        bitrate_bps: representation.bitrate.bps(),
        codecs: representation.codecs.clone(),
        width: representation.width,
        height: representation.height,
        frame_rate: representation.frame_rate,
        channels: representation.channels,
        dynamic_range: representation.dynamic_range,
        segments: None,
    }
}

/// For people.
fn list(offer: &Offer) -> String {
    let mut lines = Vec::new();
    if let Some(duration) = offer.duration_s {
        lines.push(format!("{duration:.3} s"));
    }
    for track in &offer.tracks {
        let language = track.lang.as_deref().unwrap_or("-");
        lines.push(format!("{:?} {language} {}", track.kind, track.name));
        for rung in &track.rungs {
            let Rung { bitrate_bps, codecs, width, height, segments, .. } = rung;
            let segments = segments.map_or_else(|| "?".to_owned(), |count| count.to_string());
            lines.push(format!("  {:>6} kbit/s {width}x{height} {codecs}, {segments} segments", bitrate_bps / 1_000));
        }
    }
    if let Some(Protected { offered, key_system, reason }) = &offer.protection {
        let with = key_system.as_deref().unwrap_or("nothing that is here");
        lines.push(format!("protected ({}), played with {with}: {reason}", offered.join(", ")));
    }
    for left_out in &offer.excluded {
        lines.push(format!("left out {}: {}", left_out.what, left_out.why));
    }
    lines.join("\n") + "\n"
}
