//! What a subscription includes.

use super::Plan;
use service_api::playback::Quality;

/// The limits of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanTerms {
    /// Devices that may watch at the same time.
    pub streams: u32,
    /// Devices that may be registered.
    pub devices: u32,
    /// Registered devices that may be exchanged for others within 30 days.
    pub swaps: u32,
    /// The best quality.
    pub quality: Quality,
    /// May titles be kept for offline?
    pub offline: bool,
}

/// The limits of every plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plans {
    /// The smaller one.
    pub basic: PlanTerms,
    /// The larger one.
    pub premium: PlanTerms,
}

impl Default for Plans {
    fn default() -> Self {
        Self {
            basic: PlanTerms { streams: 2, devices: 6, swaps: 2, quality: Quality::Hd, offline: false },
            // A household: everybody watches something else, on a phone and on a television each.
            premium: PlanTerms { streams: 4, devices: 12, swaps: 4, quality: Quality::Uhd, offline: true },
        }
    }
}

impl Plans {
    pub(crate) fn of(&self, plan: Plan) -> PlanTerms {
        match plan {
            Plan::Basic => self.basic,
            Plan::Premium => self.premium,
        }
    }
}
