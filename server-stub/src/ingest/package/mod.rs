//! From the encoder's files to a CMAF presentation: segments, encryption, playlists.
//!
//! ```text
//! source.rs  reads an encoder's file into samples      slice.rs     finds where an H.264 slice header ends
//! init.rs    writes the initialisation segment         cipher.rs    encrypts samples (ISO/IEC 23001-7)
//! segment.rs cuts, encrypts and writes media segments  playlist.rs  writes what players read first
//! ```

mod cipher;
mod init;
mod playlist;
mod segment;
mod slice;
mod source;

use super::{IngestError, catalogue::TitleDescriptor, key::ContentKey, ladder::Rung, subtitles, thumbnails};
use cipher::{Cipher, Scheme};
use playlist::{Audio, Media, Subtitles, Variant};
use service_api::catalog::Protection;
use source::Track;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What to package and where to.
pub(crate) struct Plan {
    pub(crate) title: TitleDescriptor,
    /// The key, if the title is protected.
    pub(crate) key: Option<ContentKey>,
    /// Rungs, best first, and the encoder's files.
    pub(crate) video: Vec<(Rung, PathBuf)>,
    pub(crate) audio: PathBuf,
    pub(crate) folder: PathBuf,
}

/// Packages a title: `master.m3u8`, `video/{rung}/`, `audio/`, `subtitles/`, `thumbnails/`.
pub(crate) fn package(plan: &Plan) -> Result<(), IngestError> {
    let title = &plan.title;
    let scheme = match title.protection {
        Protection::Clear => None,
        Protection::Cenc => Some(Scheme::Cenc),
        Protection::Cbcs => Some(Scheme::Cbcs),
    };
    let protection = match (scheme, &plan.key) {
        (None, _) => None,
        (Some(scheme), Some(key)) => Some((scheme, key)),
        (Some(_), None) => return Err(IngestError::package(title.id.as_str(), "it is protected but has no key")),
    };
    // One number for the whole title: no two samples under one key may share an initialisation vector.
    let seed: u32 = rand::random();
    let constant_iv: [u8; 16] = rand::random();
    let cipher = |track: u8| protection.map(|(scheme, key)| Cipher::new(scheme, key.clone(), constant_iv, seed, track));
    let key_line = protection.map(|(scheme, key)| playlist::key_attributes(scheme, &init::pssh(key)));

    let mut variants = Vec::new();
    for (index, (rung, path)) in plan.video.iter().enumerate() {
        let track = Track::read(path)?.video(title.frame_rate)?;
        let folder = plan.folder.join("video").join(rung.name());
        let cuts = track.video_cuts(title.frames_per_segment() as usize)?;
        let media = write_track(&track, &cuts, &folder, cipher(index as u8), key_line.as_deref())?;
        variants.push(Variant {
            uri: format!("video/{}/index.m3u8", rung.name()),
            codec: track.codec()?,
            size: (rung.width, rung.height),
            frame_rate: title.frame_rate,
            media,
        });
    }
    let track = Track::read(&plan.audio)?.audio()?;
    let folder = plan.folder.join("audio");
    let cuts = track.audio_cuts(f64::from(title.segment_s));
    let media = write_track(&track, &cuts, &folder, cipher(plan.video.len() as u8), key_line.as_deref())?;
    let audio = Audio { uri: "audio/index.m3u8".to_owned(), codec: track.codec()?, channels: 2, media };

    let mut subtitles = Vec::new();
    for language in &title.subtitle_languages {
        let folder = plan.folder.join("subtitles").join(language);
        create(&folder)?;
        write(&folder.join("all.vtt"), subtitles::webvtt(&title.cues, language).as_bytes())?;
        write(&folder.join("index.m3u8"), playlist::subtitle_playlist(title.duration_s).as_bytes())?;
        subtitles.push(Subtitles { uri: format!("subtitles/{language}/index.m3u8"), language: language.clone() });
    }
    let mut master = playlist::master(&variants, &audio, &subtitles, key_line.as_deref());
    master.push_str(&thumbnails::make(title, &plan.folder)?);
    write(&plan.folder.join("master.m3u8"), master.as_bytes())
}

/// Writes a track's segments and its playlist.
fn write_track(
    track: &Track,
    cuts: &[usize],
    folder: &Path,
    mut cipher: Option<Cipher>,
    key_line: Option<&str>,
) -> Result<Media, IngestError> {
    create(folder)?;
    write(&folder.join("init.mp4"), &init::init_segment(track, cipher.as_ref())?)?;
    let mut media = Media { timescale: track.timescale, segments: Vec::new() };
    for (index, pair) in cuts.windows(2).enumerate() {
        let bytes = segment::media_segment(track, pair[0]..pair[1], index as u32 + 1, cipher.as_mut())?;
        write(&folder.join(format!("seg-{:05}.m4s", index + 1)), &bytes)?;
        let ticks = track.samples[pair[0]..pair[1]].iter().map(|sample| u64::from(sample.duration)).sum();
        media.segments.push(playlist::Segment { ticks, bytes: bytes.len() as u64 });
    }
    write(&folder.join("index.m3u8"), playlist::media_playlist(&media, key_line).as_bytes())?;
    Ok(media)
}

fn create(folder: &Path) -> Result<(), IngestError> {
    fs::create_dir_all(folder).map_err(|error| IngestError::file("create", folder, error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), IngestError> {
    fs::write(path, bytes).map_err(|error| IngestError::file("write", path, error))
}

#[cfg(test)]
mod tests;
