//! Permission to play.

use crate::{GrantId, ProfileId, TitleId, catalog::Protection, profile::Progress};
use serde::{Deserialize, Serialize};

/// `POST /v1/playback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaybackRequest {
    pub title: TitleId,
    pub profile: ProfileId,
}

/// What asks for playback, in addition to [`PlaybackRequest`]; every member may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaybackDevice {
    /// What tells one device of an account from another: 1 to 64 of `A-Z a-z 0-9 . _ -`. Without it, the sign-in does.
    /// It is the newest sign-in's: an older one that says the same is another device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For the list of devices, at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub class: DeviceClass,
    /// Where keys are kept.
    #[serde(default)]
    pub security: SecurityLevel,
    /// Can every output be protected (HDCP 2.2)?
    #[serde(default)]
    pub protected_output: bool,
}

/// `POST /v1/playback`, whole: what is asked for and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaybackStart {
    #[serde(flatten)]
    pub request: PlaybackRequest,
    #[serde(default)]
    pub device: PlaybackDevice,
}

/// Kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeviceClass {
    #[default]
    Desktop,
    Browser,
    Phone,
    Tablet,
    Tv,
}

/// How well a device keeps keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SecurityLevel {
    /// In the memory of a program.
    #[default]
    Software,
    /// Where no program can read them.
    Hardware,
}

/// Quality classes that have keys of their own. The order is that of worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// Sound, and whatever is not told apart by quality.
    #[default]
    Any,
    /// Up to 576 lines.
    Sd,
    /// Up to 1080 lines.
    Hd,
    /// More.
    Uhd,
}

/// `POST /v1/playback/{id}/heartbeat`: where the player is. An empty object will do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Heartbeat {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_s: Option<f64>,
}

/// The answer to a [`Heartbeat`]: the stream goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HeartbeatAnswer {
    /// When the next one is due, in seconds.
    pub next_s: u32,
    /// When the grant ends, in milliseconds since 1970 by the server's clock.
    pub expires_at_ms: i64,
}

/// A device that has asked for playback. `GET /v1/playback/devices` lists them, the latest used first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisteredDevice {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub class: DeviceClass,
    pub registered_at_ms: i64,
    pub last_used_at_ms: i64,
    /// Is it watching now?
    pub streaming: bool,
}

/// The answer: where the media are, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaybackGrant {
    pub id: GrantId,
    pub title: TitleId,
    /// Path of the HLS multivariant playlist, relative to the server's origin, with the media token in it.
    pub manifest: String,
    /// Path for W3C Clear Key requests; absent for clear media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    #[serde(default)]
    pub protection: Protection,
    /// When the media token stops working, in milliseconds since 1970 by the server's clock. Ask again before.
    pub expires_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// How often to send a heartbeat, in seconds; segments count as well. After two that were missed another device may
    /// take the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_s: Option<u32>,
    /// The best quality that keys are given out for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
}
