//! The command line that both front-ends share.

use crate::{
    desktop::{
        address::Address,
        network::{NetworkChoice, ProxyChoice},
    },
    platform::Platform,
    video_surface::VideoPathWish,
};
use clap::Args;
use player_core::DecoderChoice;
use service_api::TitleId;
use std::{path::PathBuf, str::FromStr, time::Duration};
use url::Url;

/// Where the server is unless the command line or the environment says otherwise.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:7800";

/// Options of `lumen` and `lumen-tv`.
#[derive(Args, Clone, Debug)]
pub struct LaunchArgs {
    /// Play this at once: a file, or the address of an HLS playlist, an MPD or a media file (no sign-in is needed); or a title,
    /// as lumen://title/ID?t=SECONDS
    #[arg(value_name = "FILE|URL", value_parser = Address::parse)]
    pub open: Option<Address>,

    /// Address of the Lumen server with the catalog
    #[arg(long, value_name = "URL", env = "LUMEN_SERVER", default_value = DEFAULT_SERVER, value_parser = parse_url)]
    pub server: Url,

    /// Play this title of the catalog after signing in
    #[arg(long, value_name = "ID", conflicts_with = "open")]
    pub title: Option<String>,

    /// What this device is called in the list of devices of your account; remembered
    #[arg(long, value_name = "NAME", env = "LUMEN_DEVICE_NAME")]
    pub device_name: Option<String>,

    /// Open the player with its stats overlay (I toggles it)
    #[arg(long)]
    pub stats: bool,

    /// Start here instead of where you left off: seconds, MM:SS or H:MM:SS
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub start: Option<Duration>,

    /// Quality to play in: `auto`, or a height such as `1080p` to stay on it
    #[arg(long, value_name = "QUALITY")]
    pub quality: Option<QualityWish>,

    /// Decoder of pictures: `auto`, `software`, or the name of one, such as `vah264dec`; the menu of the player remembers one
    #[arg(long, value_name = "DECODER", value_parser = parse_decoder)]
    pub decoder: Option<DecoderChoice>,

    /// Fill the screen
    #[arg(long)]
    pub fullscreen: bool,

    /// What the machine can afford; found out by itself if not given
    #[arg(skip)]
    pub platform: Option<Platform>,

    /// Per cent of each edge that the panel cuts off; remembered
    #[arg(skip)]
    pub overscan: Option<u8>,

    /// Size of the window, for example 1280x720
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub windowed_size: Option<(u32, u32)>,

    /// Open a window of its own, although there is one already
    #[arg(long)]
    pub new_window: bool,

    /// Leave media keys and the desktop's media controls alone
    #[arg(long)]
    pub no_media_keys: bool,

    /// Proxy for everything but this machine: an address such as `http://proxy.example:3128`, `none`, or `system`
    #[arg(long, value_name = "PROXY", env = "LUMEN_PROXY", hide_env_values = true)]
    pub proxy: Option<ProxyChoice>,

    /// Believe the certificates in this file (PEM) besides those of the system
    #[arg(long, value_name = "FILE", env = "LUMEN_CA")]
    pub ca: Option<PathBuf>,

    /// For QA engineers: write what frames and keys cost, and what memory is used, as JSON, every 5 seconds and at the end;
    /// `lumen-qa figures FILE` reads it
    #[arg(long, value_name = "FILE")]
    pub figures: Option<PathBuf>,

    /// How pictures come to the screen
    #[arg(long, value_enum, value_name = "PATH", default_value_t)]
    pub video_path: VideoPathWish,

    /// Save a picture of the window as PNG after --after seconds, and quit
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,

    /// When to take the picture, in seconds after the start
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, requires = "screenshot")]
    pub after: f64,
}

impl LaunchArgs {
    /// Is something asked for that is to be opened in a way of its own?
    pub(crate) fn has_wishes(&self) -> bool {
        let is_stream = matches!(self.open, Some(Address::Stream(_)));
        let of_playback = self.quality.is_some() || self.decoder.is_some() || self.stats || self.fullscreen;
        of_playback || is_stream && self.start.is_some()
    }

    /// The way to the network: what was said at the start, else what is in the settings.
    pub(crate) fn network(&self, kept: &NetworkChoice) -> NetworkChoice {
        NetworkChoice {
            proxy: self.proxy.clone().unwrap_or_else(|| kept.proxy.clone()),
            authorities: self.ca.clone().or_else(|| kept.authorities.clone()),
        }
    }

    /// The part that the model is interested in.
    pub(crate) fn launch(&self) -> Launch {
        let (url, linked, at) = match self.open.clone() {
            Some(Address::Stream(url)) => (Some(url), None, None),
            Some(Address::Title { id, at }) => (None, Some(id), at),
            None => (None, None, None),
        };
        Launch {
            url,
            server: self.server.clone(),
            title: linked.or_else(|| self.title.as_deref().map(TitleId::from)),
            stats: self.stats,
            start: self.start.or(at),
            quality: self.quality,
            decoder: self.decoder.clone(),
            full_screen: self.fullscreen,
        }
    }
}

/// What was asked for at the start.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Launch {
    pub(crate) url: Option<Url>,
    pub(crate) server: Url,
    pub(crate) title: Option<TitleId>,
    pub(crate) stats: bool,
    pub(crate) start: Option<Duration>,
    pub(crate) quality: Option<QualityWish>,
    pub(crate) decoder: Option<DecoderChoice>,
    pub(crate) full_screen: bool,
}

/// A viewer's wish for quality, before it is known which rungs a stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityWish {
    /// Whatever suits network and window.
    Auto,
    /// The rung of this height, if there is one.
    Height(u32),
}

impl FromStr for QualityWish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        match text.strip_suffix(['p', 'P']).unwrap_or(text).parse() {
            Ok(height @ 100..=8640) => Ok(Self::Height(height)),
            _ => Err("expected `auto` or a height such as `720p`".to_owned()),
        }
    }
}

fn parse_decoder(text: &str) -> Result<DecoderChoice, String> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    match text {
        "auto" => Ok(DecoderChoice::Auto),
        "software" => Ok(DecoderChoice::Software),
        name if !name.is_empty() && name.len() <= 64 && name.chars().all(is_letter) => {
            Ok(DecoderChoice::Named(name.to_owned()))
        }
        _ => Err("expected `auto`, `software` or the name of a decoder, as `lumen doctor` lists them".to_owned()),
    }
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; a complete address begins with https://"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err("only http and https addresses can be opened".to_owned())
    }
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once(['x', 'X']).ok_or("expected WIDTHxHEIGHT, such as 1280x720")?;
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| (100..=16384).contains(side));
    side(width).zip(side(height)).ok_or_else(|| "each side must be from 100 to 16384".to_owned())
}

fn parse_time(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected seconds, MM:SS or H:MM:SS";
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return Err(EXPECTED.to_owned());
    }
    let mut seconds = 0.0;
    for part in parts {
        let value: f64 = part.trim_end_matches('s').parse().map_err(|_| EXPECTED.to_owned())?;
        seconds = seconds * 60.0 + value;
    }
    if !(0.0..1e6).contains(&seconds) {
        return Err("the time must be from 0 to 277 hours".to_owned());
    }
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_can_be_written_in_three_ways() {
        assert_eq!(parse_time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("1:30"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("1:02:03.5"), Ok(Duration::from_millis(3_723_500)));
        for wrong in ["", "x", "1:2:3:4", "-5", "nan", "inf", "1e300"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn qualities_and_sizes_are_checked() {
        assert_eq!("auto".parse(), Ok(QualityWish::Auto));
        assert_eq!("1080p".parse(), Ok(QualityWish::Height(1080)));
        assert!("high".parse::<QualityWish>().is_err());
        assert_eq!(parse_size("1280x720"), Ok((1280, 720)));
        assert!(parse_size("1280").is_err() && parse_size("1x1").is_err());
        assert!(parse_url("file:///etc/passwd").is_err() && parse_url("movie").is_err());
    }
}
