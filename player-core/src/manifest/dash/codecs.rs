//! Codec families: what one decoder takes.

use super::super::TrackKind;

/// In the order of preference: the first is what every machine decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    H264,
    H265,
    Vp9,
    Av1,
    Vp8,
    Aac,
    Eac3,
    Ac3,
    Opus,
    Vorbis,
    Flac,
    Mpeg,
    /// Text, whatever its form: it needs no decoder.
    Text,
    Image,
}

impl Family {
    /// For people, where it tells two tracks apart.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::H264 => "H.264",
            Self::H265 => "H.265",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
            Self::Vp8 => "VP8",
            Self::Aac => "AAC",
            Self::Eac3 => "Dolby Digital Plus",
            Self::Ac3 => "Dolby Digital",
            Self::Opus => "Opus",
            Self::Vorbis => "Vorbis",
            Self::Flac => "FLAC",
            Self::Mpeg => "MP3",
            Self::Text => "text",
            Self::Image => "pictures",
        }
    }

    /// By RFC 6381, else by the container; `None`: no decoder for it.
    pub(super) fn of(kind: TrackKind, codecs: &str, mime: &str) -> Option<Self> {
        let listed = || codecs.split(',').map(str::trim).filter(|codec| !codec.is_empty());
        if listed().next().is_none() {
            let is_webm = mime.ends_with("/webm");
            return match kind {
                TrackKind::Video => Some(if is_webm { Self::Vp9 } else { Self::H264 }),
                TrackKind::Audio => Some(if is_webm { Self::Opus } else { Self::Aac }),
                TrackKind::Text => Some(Self::Text),
            };
        }
        listed().find_map(|codec| Self::of_codec(codec).filter(|family| family.kind() == Some(kind)))
    }

    fn of_codec(codec: &str) -> Option<Self> {
        let codec = codec.to_ascii_lowercase();
        let (head, rest) = codec.split_once('.').unwrap_or((&codec, ""));
        Some(match head {
            "avc1" | "avc3" => Self::H264,
            "hvc1" | "hev1" | "dvh1" | "dvhe" => Self::H265,
            "vp9" | "vp09" => Self::Vp9,
            "vp8" | "vp08" => Self::Vp8,
            "av01" => Self::Av1,
            "mp4a" if matches!(rest, "69" | "6b" | "40.34") => Self::Mpeg,
            "mp4a" if matches!(rest, "a5") => Self::Ac3,
            "mp4a" if matches!(rest, "a6") => Self::Eac3,
            "mp4a" if rest.is_empty() || rest.starts_with("40") || matches!(rest, "66" | "67" | "68") => Self::Aac,
            "mp3" => Self::Mpeg,
            "ac-3" => Self::Ac3,
            "ec-3" | "ec+3" => Self::Eac3,
            "opus" => Self::Opus,
            "vorbis" => Self::Vorbis,
            "flac" => Self::Flac,
            "stpp" | "wvtt" | "vtt" | "webvtt" | "ttml" => Self::Text,
            _ => return None,
        })
    }

    fn kind(self) -> Option<TrackKind> {
        match self {
            Self::H264 | Self::H265 | Self::Vp9 | Self::Av1 | Self::Vp8 => Some(TrackKind::Video),
            Self::Text => Some(TrackKind::Text),
            Self::Image => None,
            _ => Some(TrackKind::Audio),
        }
    }
}

/// The kind of the first codec that is known.
pub(super) fn kind_of(codecs: &str) -> Option<TrackKind> {
    let kinds = || codecs.split(',').filter_map(|codec| Family::of_codec(codec.trim())?.kind());
    // Sound that is in with a picture comes along.
    kinds().find(|kind| *kind == TrackKind::Video).or_else(|| kinds().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_have_families() {
        for (kind, codecs, mime, expected) in [
            (TrackKind::Video, "avc3.64001f", "video/mp4", Some(Family::H264)),
            (TrackKind::Video, "mp4a.40.2, hvc1.1.6.L93", "video/mp4", Some(Family::H265)),
            (TrackKind::Video, "vvc1.1.L51", "video/mp4", None),
            (TrackKind::Video, "", "video/webm", Some(Family::Vp9)),
            (TrackKind::Audio, "mp4a.40.34", "audio/mp4", Some(Family::Mpeg)),
            (TrackKind::Audio, "fLaC", "audio/mp4", Some(Family::Flac)),
            (TrackKind::Audio, "avc1.64001f", "audio/mp4", None),
            (TrackKind::Text, "stpp.ttml.im1t", "application/mp4", Some(Family::Text)),
            (TrackKind::Text, "c608", "application/mp4", None),
        ] {
            assert_eq!(Family::of(kind, codecs, mime), expected, "{codecs}");
        }
        assert_eq!(kind_of("mp4a.40.2,avc1.42c00d"), Some(TrackKind::Video));
    }
}
