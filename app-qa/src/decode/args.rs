//! Command line of `lumen-qa decode` and `lumen-qa probe`.
// Addresses in what --help says are to be typed, not to be followed.
#![allow(rustdoc::bare_urls)]

use clap::Args;
use player_core::drm::{CdmOptions, ContentKey, KeyId, SystemId};
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;

/// Decodes a whole presentation, as fast as it goes, with the engine of the apps.
///
/// Everything between the address and the decoded picture is what plays in the apps; only the clock is missing. The exit
/// code is 0 only if the whole presentation came through.
///
/// Examples:
///
///   lumen-qa decode https://example.org/manifest.mpd --frame-hashes frames.md5 --json -
///
///   lumen-qa decode URL --key 31323334353637383930313233343536:32333435363738393021323334353637
///
///   lumen-qa decode URL --licence https://example.org/clearkey --header "Authorization: Bearer …"
///
///   lumen-qa decode URL --licence https://example.org/widevine --ocdm /usr/lib/libocdm.so
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct DecodeArgs {
    /// Address of an HLS playlist, an MPD, or a plain media file.
    pub url: Url,
    /// A content key, both parts as 32 hexadecimal digits. May be given several times.
    #[arg(long, value_name = "KID:KEY")]
    pub key: Vec<GivenKey>,
    /// Licence server that is asked for the keys that are missing: of Clear Key, or of the module's system.
    #[arg(long, value_name = "URL")]
    pub licence: Option<Url>,
    /// A header for the licence server. May be given several times.
    #[arg(long, value_name = "NAME: VALUE", requires = "licence")]
    pub header: Vec<Header>,
    #[command(flatten)]
    pub cdm: CdmArgs,
    /// Which encoding of the picture: `lowest`, `highest`, or its place from the lowest, counted from 0.
    #[arg(long, value_name = "RUNG", default_value = "highest")]
    pub rung: WantedRung,
    /// Write the MD5 of each picture, in the order in which they are shown, in the form of FFmpeg's framemd5.
    #[arg(long, value_name = "FILE")]
    pub frame_hashes: Option<PathBuf>,
    /// Write what was found as JSON; `-` for standard output, in place of the summary.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Says what a manifest offers, without decoding anything.
///
/// Example:
///
///   lumen-qa probe https://example.org/manifest.mpd --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ProbeArgs {
    /// Address of an HLS playlist or an MPD.
    pub url: Url,
    #[command(flatten)]
    pub cdm: CdmArgs,
    /// As JSON instead of a list.
    #[arg(long)]
    pub json: bool,
}

/// Which content decryption module there is, and for what.
#[derive(Clone, Debug, Default, Args)]
pub struct CdmArgs {
    /// An OpenCDM library, in place of the `libocdm.so` that the system finds.
    #[arg(long, value_name = "FILE", env = "LUMEN_OCDM")]
    pub ocdm: Option<PathBuf>,
    /// A key system of it that is not known here, and the system id of its `pssh` boxes. May be given several times.
    #[arg(long, value_name = "NAME=UUID")]
    pub ocdm_system: Vec<GivenSystem>,
}

impl CdmArgs {
    /// As the environment has it, and as is said here.
    pub fn options(&self) -> CdmOptions {
        let mut options = CdmOptions::from_environment();
        options.library = self.ocdm.clone().or(options.library);
        options.systems.extend(self.ocdm_system.iter().map(|system| (system.0.clone(), system.1.clone())));
        options
    }
}

/// `NAME=UUID`.
#[derive(Clone, Debug)]
pub struct GivenSystem(pub String, pub SystemId);

impl FromStr for GivenSystem {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, system) = text.split_once('=').ok_or("a name and a system id are needed, as NAME=UUID")?;
        Ok(Self(name.trim().to_owned(), system.parse().map_err(|_| "the system id is no UUID".to_owned())?))
    }
}

/// `KID:KEY`.
#[derive(Clone, Copy, Debug)]
pub struct GivenKey(pub KeyId, pub ContentKey);

impl FromStr for GivenKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, key) = text.split_once(':').ok_or("a key id and a key are needed, as KID:KEY")?;
        Ok(Self(KeyId(hex(id)?), ContentKey(hex(key)?)))
    }
}

/// 16 bytes from 32 digits; dashes, as UUIDs have them, are ignored.
fn hex(text: &str) -> Result<[u8; 16], String> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let wrong = || "32 hexadecimal digits are needed".to_owned();
    if digits.len() != 32 {
        return Err(wrong());
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(bytes)
}

/// `Name: value`.
#[derive(Clone)]
pub struct Header {
    pub name: String,
    pub value: String,
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').ok_or("a header is written as NAME: VALUE")?;
        Ok(Self { name: name.trim().to_owned(), value: value.trim().to_owned() })
    }
}

/// Which encoding of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedRung {
    Lowest,
    Highest,
    Place(usize),
}

impl FromStr for WantedRung {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "lowest" => Ok(Self::Lowest),
            "highest" => Ok(Self::Highest),
            place => place.parse().map(Self::Place).map_err(|_| "lowest, highest or a number is needed".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_never_shown() {
        let key: GivenKey = "31323334-3536-3738-3930-313233343536:32333435363738393021323334353637".parse().unwrap();
        assert_eq!(key.0.to_string(), "31323334353637383930313233343536");
        assert!(!format!("{key:?}").contains("3021323334353637"), "{key:?}");
        for wrong in ["", "31", "31323334353637383930313233343536", "zz323334353637383930313233343536:00"] {
            assert!(wrong.parse::<GivenKey>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_system_has_a_name_and_an_id() {
        let system: GivenSystem = "org.example=edef8ba9-79d6-4ace-a3c8-27dcd51d21ed".parse().unwrap();
        assert_eq!((system.0.as_str(), &system.1), ("org.example", &SystemId::WIDEVINE));
        let arguments = CdmArgs { ocdm: Some("libx.so".into()), ocdm_system: vec![system] };
        assert_eq!(arguments.options().systems.len(), CdmOptions::default().systems.len() + 1);
        assert!("org.example".parse::<GivenSystem>().is_err() && "a=b".parse::<GivenSystem>().is_err());
    }

    #[test]
    fn a_rung_is_named_or_counted() {
        assert_eq!("2".parse(), Ok(WantedRung::Place(2)));
        assert_eq!("lowest".parse(), Ok(WantedRung::Lowest));
        assert!("-1".parse::<WantedRung>().is_err());
    }
}
