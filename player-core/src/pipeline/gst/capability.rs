//! What this machine can decode.

use super::registry;
use crate::manifest::{Exclusion, Presentation, Representation};
use gstreamer as gst;

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
