//! What this machine can decode.

use super::registry;
use crate::decoding::DecoderChoice;
use crate::manifest::{Exclusion, Presentation, Representation};
use gstreamer as gst;
use gstreamer::prelude::*;

/// Leaves out what no decoder is installed for, and says so. Codecs that are not known by name stay: the media will tell.
///
/// Looks through the installed elements; milliseconds.
pub fn leave_out_undecodable(presentation: &mut Presentation) {
    if gst::init().is_err() {
        // Whoever wants to play will be told why.
        return;
    }
    let mut left_out = Vec::new();
    let groups = presentation.tracks.iter_mut().chain(&mut presentation.trick_play);
    for group in groups {
        group.representations.retain(|representation| {
            let Some(codec) = undecodable(representation) else { return true };
            let what = format!("{:?} {} at {}", group.kind, representation.codecs, representation.bitrate);
            left_out.push(Exclusion { what, why: format!("no decoder for {codec} is installed") });
            false
        });
    }
    presentation.tracks.retain(|group| !group.representations.is_empty());
    presentation.trick_play.retain(|group| !group.representations.is_empty());
    presentation.excluded.append(&mut left_out);
}

/// A codec, and who decodes it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecSupport {
    /// Its usual name.
    pub codec: &'static str,
    /// Name of the best element; `None` if there is none.
    pub decoder: Option<String>,
}

/// The codecs that streams are made of, each with its decoder. Opens each decoder once, because one that is installed
/// may still lack its hardware.
///
/// # Errors
/// A sentence, if the framework itself does not work.
pub fn installed_decoders() -> Result<Vec<CodecSupport>, String> {
    gst::init().map_err(|error| error.to_string())?;
    let known = [
        ("H.264", "avc1.64001e"),
        ("H.265", "hvc1.1.6.L93"),
        ("VP9", "vp09.00.10.08"),
        ("AV1", "av01.0.04M.08"),
        ("AAC", "mp4a.40.2"),
        ("MP3", "mp4a.40.34"),
        ("AC-3", "ac-3"),
        ("E-AC-3", "ec-3"),
        ("Opus", "opus"),
        ("FLAC", "flac"),
    ];
    let support = |(codec, name): (&'static str, &str)| {
        let found = caps(name).and_then(|caps| registry::decoder(&caps, &DecoderChoice::Auto).ok());
        let decoder = found.and_then(|(element, _)| Some(element.factory()?.name().to_string()));
        CodecSupport { codec, decoder }
    };
    Ok(known.into_iter().map(support).collect())
}

/// The first codec that nobody here decodes.
fn undecodable(representation: &Representation) -> Option<&str> {
    let mut codecs = representation.codecs.split(',').map(str::trim);
    codecs.find(|codec| caps(codec).is_some_and(|caps| !registry::has_decoder(&caps)))
}

/// Caps of a codec by its name of RFC 6381.
fn caps(codec: &str) -> Option<gst::Caps> {
    let lower = codec.to_ascii_lowercase();
    let family = lower.split('.').next().unwrap_or_default();
    let media = match family {
        "avc1" | "avc3" => "video/x-h264",
        "hvc1" | "hev1" | "dvh1" | "dvhe" => "video/x-h265",
        "vp8" | "vp08" => "video/x-vp8",
        "vp9" | "vp09" => "video/x-vp9",
        "av01" => "video/x-av1",
        "ac-3" => "audio/x-ac3",
        "ec-3" => "audio/x-eac3",
        "opus" => "audio/x-opus",
        "vorbis" => "audio/x-vorbis",
        "flac" => "audio/x-flac",
        "mp4a" if lower.starts_with("mp4a.40.34") || lower.starts_with("mp4a.6") => return Some(mpeg_audio(1)),
        // xHE-AAC: decoders of AAC do not say that they lack it.
        "mp4a" if lower == "mp4a.40.42" => "audio/x-usac",
        "mp4a" => return Some(mpeg_audio(4)),
        _ => return None,
    };
    Some(gst::Caps::new_empty_simple(media))
}

fn mpeg_audio(version: i32) -> gst::Caps {
    gst::Caps::builder("audio/mpeg").field("mpegversion", version).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_films_need_is_named_with_its_decoder() {
        let found = installed_decoders().unwrap();
        let decoder = |codec| found.iter().find(|found| found.codec == codec).unwrap().decoder.clone();
        assert!(decoder("H.264").is_some() && decoder("AAC").is_some());
    }

    #[test]
    fn names_of_codecs_lead_to_decoders_and_strange_ones_nowhere() {
        gst::init().unwrap();
        for (codec, media) in
            [("avc1.64001e", "video/x-h264"), ("HVC1.1.6.L93", "video/x-h265"), ("Opus", "audio/x-opus")]
        {
            assert_eq!(caps(codec).unwrap().structure(0).unwrap().name(), media);
        }
        assert_eq!(caps("stpp.ttml.im1t"), None);
        assert!(
            registry::has_decoder(&caps("mp4a.40.2").unwrap()) && !registry::has_decoder(&caps("mp4a.40.42").unwrap())
        );
        assert!(registry::has_decoder(&caps("avc1.64001e").unwrap()));
        assert!(!registry::has_decoder(&gst::Caps::new_empty_simple("video/x-not-a-codec")));
    }
}
