//! Settings of one player, with defaults and the reason for each.

use abr::{BufferPolicy, RememberedNetwork};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Everything that can be set. Defaults suit a desktop.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlayerConfig {
    pub buffer: BufferPolicy,
    pub abr: AbrConfig,
    pub net: NetConfig,
    pub recovery: RecoveryConfig,
    /// How far ahead of the playhead samples leave our queue. Enough for decoders to reorder and run in, little enough for
    /// seeks and quality changes to take hold at once.
    pub feed_ahead: Duration,
    /// Preferred subtitle language (BCP 47); `None` starts without subtitles.
    pub text_language: Option<String>,
    /// Preferred audio language (BCP 47).
    pub audio_language: Option<String>,
}

impl Default for PlayerConfig {
    fn default() -> Self {
        Self {
            buffer: BufferPolicy::default(),
            abr: AbrConfig::default(),
            net: NetConfig::default(),
            recovery: RecoveryConfig::default(),
            feed_ahead: Duration::from_secs(1),
            text_language: None,
            audio_language: None,
        }
    }
}

/// Which controller decides, and what it starts from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AbrConfig {
    /// Name in the registry of the `abr` crate.
    pub controller: String,
    /// What is assumed of the network before anything was measured: what earlier sessions learnt of it, or a setting
    /// ([`RememberedNetwork::of_rate`]).
    pub remembered: Option<RememberedNetwork>,
}

impl Default for AbrConfig {
    /// The registry's default controller, which knows nothing of the network.
    fn default() -> Self {
        Self { controller: abr::CONTROLLER_NAMES[0].into(), remembered: None }
    }
}

/// Limits on transfers. All of them guard against a peer that does not end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetConfig {
    /// To an established connection. Longer than three lost SYNs' back-off is of no use to a viewer.
    pub connect_timeout: Duration,
    /// Without a single byte. Progress resets it, so slow links are not cut.
    pub idle_timeout: Duration,
    /// Progress of a transfer is reported at least this often while bytes come. A controller that watches needs some ten
    /// looks at a segment.
    pub report_every: Duration,
    /// Largest manifest or playlist. A two-hour playlist of two-second segments has 0.4 MB.
    pub max_playlist_bytes: u64,
    /// Largest media or subtitle segment.
    pub max_segment_bytes: u64,
}

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(8),
            report_every: Duration::from_millis(100),
            max_playlist_bytes: 4 << 20,
            max_segment_bytes: 128 << 20,
        }
    }
}

/// How long to keep trying.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecoveryConfig {
    /// First wait; doubles with each failure.
    pub first_delay: Duration,
    pub max_delay: Duration,
    /// Failures in a row for this long end the session. A server's restart and a router's fit in it.
    pub patience: Duration,
}

impl Default for RecoveryConfig {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(4),
            patience: Duration::from_secs(60),
        }
    }
}
