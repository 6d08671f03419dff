//! What the names of codecs (RFC 6381) say of a variant.

/// Codecs of pictures, in the order in which a player that changes no decoder in mid-play should prefer them: H.264 is
/// what every machine has, and Dolby Vision without a base layer is shown right by few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum VideoFamily {
    H264,
    Hevc,
    Vp9,
    Av1,
    Other,
    DolbyVision,
}

/// Codecs of sound, in the order of preference for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum AudioFamily {
    Aac,
    Mp3,
    Opus,
    Flac,
    Alac,
    Ac3,
    Eac3,
    Ac4,
    Other,
}

impl VideoFamily {
    /// As people know it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::H264 => "H.264",
            Self::Hevc => "HEVC",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
            Self::Other => "Other",
            Self::DolbyVision => "Dolby Vision",
        }
    }
}

/// Each name in a list.
pub(super) fn names(codecs: &str) -> impl Iterator<Item = &str> {
    codecs.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// The family of a list's picture, if there is one in it.
pub(super) fn video_family(codecs: &str) -> Option<VideoFamily> {
    names(codecs).find_map(video)
}

/// Sound of a list: its family and its name.
pub(super) fn audio(codecs: &str) -> Option<(AudioFamily, &str)> {
    names(codecs).find_map(|name| Some((audio_family(name)?, name)))
}

/// The part before the first full stop, in lower case.
fn kind(name: &str) -> String {
    name.split('.').next().unwrap_or_default().to_ascii_lowercase()
}

fn video(name: &str) -> Option<VideoFamily> {
    Some(match &*kind(name) {
        "avc1" | "avc2" | "avc3" | "avc4" | "dva1" | "dvav" => VideoFamily::H264,
        "hvc1" | "hev1" | "hvc2" | "hev2" => VideoFamily::Hevc,
        "vp09" | "vp9" => VideoFamily::Vp9,
        "av01" => VideoFamily::Av1,
        "dvh1" | "dvhe" | "dav1" => VideoFamily::DolbyVision,
        "mp4v" | "vp08" | "vp8" | "vvc1" | "vvi1" | "evc1" | "mjpg" | "jpeg" | "theora" | "s263" | "h263" | "apcn" => {
            VideoFamily::Other
        }
        _ => return None,
    })
}

fn audio_family(name: &str) -> Option<AudioFamily> {
    let lower = name.to_ascii_lowercase();
    Some(match &*kind(name) {
        "mp4a" => match &*lower {
            "mp4a.40.34" | "mp4a.6b" | "mp4a.69" => AudioFamily::Mp3,
            "mp4a.a5" => AudioFamily::Ac3,
            "mp4a.a6" => AudioFamily::Eac3,
            "mp4a.a9" | "mp4a.aa" | "mp4a.ab" | "mp4a.ac" => AudioFamily::Other,
            _ => AudioFamily::Aac,
        },
        "aac" => AudioFamily::Aac,
        "mp3" | ".mp3" => AudioFamily::Mp3,
        "opus" => AudioFamily::Opus,
        "flac" => AudioFamily::Flac,
        "alac" => AudioFamily::Alac,
        "ac-3" => AudioFamily::Ac3,
        "ec-3" => AudioFamily::Eac3,
        "ac-4" => AudioFamily::Ac4,
        "dtsc" | "dtse" | "dtsh" | "dtsl" | "dtsx" | "iamf" | "mhm1" | "mha1" | "samr" | "vorbis" => AudioFamily::Other,
        _ => return None,
    })
}
