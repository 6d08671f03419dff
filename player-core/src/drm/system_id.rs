//! Which protection system an announcement is for.

use std::fmt;
use std::str::FromStr;

/// Longest name that is repeated to people.
const MAX_NAME: usize = 64;

/// A protection system as manifests and `pssh` boxes name it. Not a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemId {
    /// The system's UUID, in the order in which it is written.
    Uuid([u8; 16]),
    /// A `KEYFORMAT` of HLS that has no UUID that we know; at most 64 characters.
    Format(String),
}

impl SystemId {
    /// W3C Clear Key as DASH-IF announces it.
    pub const CLEAR_KEY: Self = Self::of(0xe271_9d58_a985_b3c9_781a_b030_af78_d30e);
    /// The W3C common system: key ids and nothing else. Clear Key takes it.
    pub const COMMON: Self = Self::of(0x1077_efec_c0b2_4d02_ace3_3c1e_52e2_fb4b);
    pub const WIDEVINE: Self = Self::of(0xedef_8ba9_79d6_4ace_a3c8_27dc_d51d_21ed);
    pub const PLAYREADY: Self = Self::of(0x9a04_f079_9840_4286_ab92_e65b_e088_5f95);
    pub const FAIRPLAY: Self = Self::of(0x94ce_86fb_07ff_4f43_adb8_93d2_fa96_8ca2);

    const fn of(uuid: u128) -> Self {
        Self::Uuid(uuid.to_be_bytes())
    }

    /// From a `KEYFORMAT` of HLS or a `schemeIdUri` of DASH, in whatever case.
    pub fn from_format(format: &str) -> Self {
        let format = format.trim().to_ascii_lowercase();
        match &*format {
            "org.w3.clearkey" => Self::CLEAR_KEY,
            "com.widevine" | "com.widevine.alpha" => Self::WIDEVINE,
            "com.microsoft.playready" => Self::PLAYREADY,
            "com.apple.streamingkeydelivery" => Self::FAIRPLAY,
            other => match Self::from_urn(other) {
                Some(uuid) => uuid,
                None => Self::Format(other.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()),
            },
        }
    }

    /// From `urn:uuid:…`, in whatever case.
    pub fn from_urn(urn: &str) -> Option<Self> {
        let uuid = urn.trim().to_ascii_lowercase();
        uuid::Uuid::parse_str(uuid.strip_prefix("urn:uuid:")?).ok().map(|uuid| Self::Uuid(uuid.into_bytes()))
    }
}

impl fmt::Display for SystemId {
    /// The name that people know, else the one that was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::CLEAR_KEY | Self::COMMON => f.write_str("Clear Key"),
            Self::WIDEVINE => f.write_str("Widevine"),
            Self::PLAYREADY => f.write_str("PlayReady"),
            Self::FAIRPLAY => f.write_str("FairPlay Streaming"),
            Self::Uuid(uuid) => write!(f, "urn:uuid:{}", uuid::Uuid::from_bytes(uuid)),
            Self::Format(ref format) => f.write_str(format),
        }
    }
}

impl fmt::Debug for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SystemId {
    type Err = uuid::Error;

    /// A UUID, with or without dashes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        uuid::Uuid::parse_str(text.trim()).map(|uuid| Self::Uuid(uuid.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_system_has_many_spellings() {
        for spelling in ["com.widevine", "urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED", " com.widevine.alpha "] {
            assert_eq!(SystemId::from_format(spelling), SystemId::WIDEVINE, "{spelling}");
        }
        assert_eq!(SystemId::from_format("org.w3.clearkey"), SystemId::CLEAR_KEY);
        assert_eq!(SystemId::from_format("org.example").to_string(), "org.example");
        assert_eq!(SystemId::from_format(&"x".repeat(500)).to_string().len(), MAX_NAME);
        assert_eq!("1077efecc0b24d02ace33c1e52e2fb4b".parse(), Ok(SystemId::COMMON));
        assert_eq!(SystemId::from_urn("urn:mpeg:dash:mp4protection:2011"), None);
    }
}
