//! What belongs to one profile.

use crate::identity::Profile;
use serde::{Deserialize, Serialize};

/// How far a title was watched. `PUT /v1/profiles/{profile}/progress/{title}` and everywhere a title is listed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Progress {
    pub position_s: f64,
    pub duration_s: f64,
    /// When the position was taken, in milliseconds since 1970 by the client's clock. The newest wins, so that a late
    /// retry cannot overwrite a later position.
    pub taken_at_ms: i64,
}

impl Progress {
    /// Watched share from which a title counts as finished.
    pub const FINISHED_SHARE: f64 = 0.95;
    /// How far before the saved position playback resumes, in seconds: enough to find back into the scene.
    pub const RESUME_LEAD_S: f64 = 3.0;

    /// Watched share, 0 to 1.
    pub fn share(&self) -> f64 {
        if self.duration_s > 0.0 { (self.position_s / self.duration_s).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Has the viewer seen it to the end?
    pub fn is_finished(&self) -> bool {
        self.share() >= Self::FINISHED_SHARE
    }

    /// Where to resume, in seconds: a little before the saved position; zero for a finished title.
    pub fn resume_at_s(&self) -> f64 {
        if self.is_finished() { 0.0 } else { (self.position_s - Self::RESUME_LEAD_S).max(0.0) }
    }
}

/// A profile, whole. `GET /v1/profiles/{profile}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProfileDetails {
    #[serde(flatten)]
    pub profile: Profile,
    /// Name of a picture; empty means the initial on the colour.
    #[serde(default)]
    pub avatar: String,
    /// Language of the interface as a tag such as `en` or `pt-BR`; empty means that of the device.
    #[serde(default)]
    pub language: String,
    /// For children: always has a ceiling.
    #[serde(default)]
    pub kids: bool,
    /// Does it take a PIN?
    #[serde(default)]
    pub has_pin: bool,
}

/// What to change of a profile, or what a new one begins with. `POST /v1/profiles`, `PATCH /v1/profiles/{profile}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As `#RRGGBB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kids: Option<bool>,
    /// In years, 0 to 99; 99 takes the ceiling away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maturity_ceiling: Option<u8>,
}

/// `PUT /v1/profiles/{profile}/pin` and `POST /v1/profiles/{profile}/unlock`. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Four to eight digits; empty takes the PIN away.
    pub pin: String,
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// What a profile thinks of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// -1 is not for me, 1 is good, 2 is great.
    pub thumbs: i8,
}
