//! The decision, in one place.

use super::{
    Plan,
    place::{Country, Place},
    plan::PlanTerms,
};
use crate::{clock::DAY_MS, clock::HOUR_MS, gateway::ApiError};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use service_api::{
    identity::Profile,
    playback::{PlaybackDevice, Quality, SecurityLevel},
    problem::ProblemCode,
};

/// How long an offline licence lasts at most.
pub(crate) const OFFLINE_MS: i64 = 30 * DAY_MS;
/// And how long once it was played for the first time.
pub(crate) const OFFLINE_ONCE_PLAYED_MS: i64 = 48 * HOUR_MS;

/// Who wants to watch, from where, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) plan: Plan,
    /// Highest maturity rating of the profile, in years; none means no ceiling.
    pub(crate) ceiling: Option<u8>,
    pub(crate) place: Place,
    pub(crate) now_ms: i64,
}

impl Viewer {
    pub(crate) fn new(plan: Plan, profile: &Profile, place: Place, now_ms: i64) -> Self {
        Self { plan, ceiling: profile.maturity_ceiling, place, now_ms }
    }
}

/// A time in which a title is offered, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    /// Countries; none means everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "countries")]
    pub(crate) regions: Vec<Country>,
    /// From this moment, in milliseconds since 1970; absent means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from_ms: Option<i64>,
    /// Until before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until_ms: Option<i64>,
}

mod countries {
    use super::Country;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(regions: &[Country], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(regions.iter().map(Country::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Country>, D::Error> {
        let texts: Vec<String> = Vec::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}

/// What a title asks of its viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms<'a> {
    pub(crate) plan: Plan,
    /// Minimum age in years; none means suitable for all.
    pub(crate) maturity: Option<u8>,
    /// None at all means always and everywhere.
    pub(crate) windows: &'a [Window],
    /// May it be kept for offline?
    pub(crate) offline: bool,
}

/// What the title is wanted for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose<'a> {
    /// To be listed or shown on a page.
    Show,
    /// To be played: on this device, which has a stream or asks for one.
    Stream(&'a PlaybackDevice, Places),
    /// To be kept.
    Keep(&'a PlaybackDevice, Places),
}

/// What the tables of devices and streams say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) device: Slot,
    pub(crate) stream: Slot,
}

impl Places {
    /// Neither was asked for yet: everything else is decided first, so that a refused title takes no place.
    pub(crate) const OPEN: Self = Self { device: Slot::Open, stream: Slot::Open };
}

/// One of a number of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Open,
    Held,
    Full,
}

/// May the viewer?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed(Allowance),
    Refused(Refusal),
}

/// How far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// The best quality that has its keys given out.
    pub(crate) quality: Quality,
    /// When the title's window closes.
    pub(crate) until_ms: Option<i64>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not for this profile, which does not learn that the title exists.
    AboveCeiling,
    /// Never offered in this country, or not to be told where it is.
    NotHere,
    /// Where it comes from is hidden on purpose.
    HiddenAddress,
    /// Offered here, but not now.
    NotNow,
    /// The account may know the title, but its plan does not include it.
    NotInPlan,
    /// Not to be kept for offline.
    NotOffline,
    DeviceLimit,
    StreamLimit,
}

impl Refusal {
    /// Does the viewer not even learn that the title exists?
    pub(crate) fn hides(self) -> bool {
        matches!(self, Self::AboveCeiling | Self::NotHere | Self::NotNow)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let forbidden = |code, title| Self::new(StatusCode::FORBIDDEN, code, title);
        let legal = |code, title| Self::new(StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS, code, title);
        match refusal {
            Refusal::AboveCeiling => Self::not_found("title"),
            Refusal::NotHere => legal(ProblemCode::NotAvailableHere, "This title is not offered where you are"),
            Refusal::HiddenAddress => legal(ProblemCode::AddressHidden, "Your connection hides where you are")
                .detail("Switch the VPN or proxy off"),
            Refusal::NotNow => forbidden(ProblemCode::NotAvailableNow, "This title is not offered at this time"),
            Refusal::NotInPlan => forbidden(ProblemCode::NotEntitled, "Your plan does not include this title")
                .detail("It is part of Premium"),
            Refusal::NotOffline => {
                forbidden(ProblemCode::OfflineNotAllowed, "This title cannot be kept for offline here")
            }
            Refusal::DeviceLimit => forbidden(ProblemCode::DeviceLimit, "Too many devices are registered")
                .detail("Remove one that you no longer use"),
            Refusal::StreamLimit => forbidden(ProblemCode::StreamLimit, "Too many devices are watching")
                .detail("Stop one of them, or wait a minute after it was switched off"),
        }
    }
}

/// Decides from nothing but its arguments. The ceiling comes first: a child is not offered an upgrade.
pub(crate) fn decide(viewer: Viewer, terms: Terms<'_>, plan: PlanTerms, purpose: Purpose<'_>) -> Decision {
    match refusal(viewer, terms, plan, purpose) {
        Some(refusal) => Decision::Refused(refusal),
        None => Decision::Allowed(Allowance {
            quality: quality(plan, purpose),
            until_ms: open_window(viewer, terms).and_then(|window| window.until_ms),
        }),
    }
}

fn refusal(viewer: Viewer, terms: Terms<'_>, plan: PlanTerms, purpose: Purpose<'_>) -> Option<Refusal> {
    if let (Some(ceiling), Some(maturity)) = (viewer.ceiling, terms.maturity)
        && maturity > ceiling
    {
        return Some(Refusal::AboveCeiling);
    }
    let is_restricted = terms.windows.iter().any(|window| !window.regions.is_empty());
    if is_restricted && viewer.place.is_hidden {
        return Some(Refusal::HiddenAddress);
    }
    if !terms.windows.is_empty() && !terms.windows.iter().any(|window| is_for(window, viewer.place)) {
        return Some(Refusal::NotHere);
    }
    if !terms.windows.is_empty() && open_window(viewer, terms).is_none() {
        return Some(Refusal::NotNow);
    }
    if viewer.plan < terms.plan {
        return Some(Refusal::NotInPlan);
    }
    let places = match purpose {
        Purpose::Show => return None,
        Purpose::Keep(..) if !(terms.offline && plan.offline) => return Some(Refusal::NotOffline),
        Purpose::Stream(_, places) | Purpose::Keep(_, places) => places,
    };
    if places.device == Slot::Full {
        return Some(Refusal::DeviceLimit);
    }
    (places.stream == Slot::Full).then_some(Refusal::StreamLimit)
}

fn is_for(window: &Window, place: Place) -> bool {
    window.regions.is_empty() || place.country.is_some_and(|country| window.regions.contains(&country))
}

/// The window that is open for the viewer: the one that stays open longest.
fn open_window<'a>(viewer: Viewer, terms: Terms<'a>) -> Option<&'a Window> {
    let is_open = |window: &&Window| {
        is_for(window, viewer.place)
            && window.from_ms.is_none_or(|from| from <= viewer.now_ms)
            && window.until_ms.is_none_or(|until| viewer.now_ms < until)
    };
    terms.windows.iter().filter(is_open).max_by_key(|window| window.until_ms.unwrap_or(i64::MAX))
}

/// What is best of all is kept from programs that keep keys where they can be read, and from outputs that can be
/// recorded.
fn quality(plan: PlanTerms, purpose: Purpose<'_>) -> Quality {
    let (Purpose::Stream(device, _) | Purpose::Keep(device, _)) = purpose else { return plan.quality };
    let of_device = match (device.security, device.protected_output) {
        (SecurityLevel::Hardware, true) => Quality::Uhd,
        (SecurityLevel::Hardware, false) => Quality::Hd,
        (SecurityLevel::Software, true) => Quality::Hd,
        (SecurityLevel::Software, false) => Quality::Sd,
    };
    of_device.min(plan.quality)
}

/// When a licence that was kept ends: with the window, a month after it was given out, or two days after it was first
/// played, whichever comes first.
pub(crate) fn offline_end(issued_at_ms: i64, first_played_at_ms: Option<i64>, window_until_ms: Option<i64>) -> i64 {
    let ends = [
        Some(issued_at_ms + OFFLINE_MS),
        first_played_at_ms.map(|at_ms| at_ms + OFFLINE_ONCE_PLAYED_MS),
        window_until_ms,
    ];
    ends.into_iter().flatten().min().unwrap_or(issued_at_ms)
}

#[cfg(test)]
mod tests;
