//! What belongs to one profile.

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
