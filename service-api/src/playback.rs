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
}
