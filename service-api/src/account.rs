//! The account as its owner sees it: plan, consents, what is known of it, and its end. And asking for help.

use crate::{
    AccountId,
    identity::Device,
    playback::{Quality, RegisteredDevice},
    profile::{ProfileDetails, Progress, Rating},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `GET /v1/account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountDetails {
    pub id: AccountId,
    /// What the person is called; never empty.
    pub name: String,
    pub email: String,
    #[serde(default)]
    pub is_email_verified: bool,
    /// Without one, whoever erases the account must have signed in a moment ago.
    #[serde(default)]
    pub has_password: bool,
    pub plan: PlanTerms,
    /// What else there is, the smallest first; the account's own among them.
    #[serde(default)]
    pub plans: Vec<PlanTerms>,
    #[serde(default)]
    pub consents: Consents,
}

/// What a plan includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanTerms {
    /// Such as `Premium`.
    pub name: String,
    /// Devices that may watch at the same time.
    pub streams: u32,
    /// Devices that may be registered.
    pub devices: u32,
    /// The best quality.
    pub quality: Quality,
    /// May titles be kept for offline?
    #[serde(default)]
    pub offline: bool,
}

/// What the owner has agreed to. `PUT /v1/account/consents`; what was never asked for is as by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Consents {
    /// What was watched decides what is suggested. On by default: without it "continue watching" stays, "because you
    /// watched" goes.
    pub recommendations: bool,
    /// Requests to support may carry technical details of the device. Off by default.
    pub diagnostics: bool,
}

impl Default for Consents {
    fn default() -> Self {
        Self { recommendations: true, diagnostics: false }
    }
}

/// `POST /v1/account/erase`. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EraseAccount {
    /// Absent if the account has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl fmt::Debug for EraseAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EraseAccount(..)")
    }
}

/// `GET /v1/account/export`: everything that the service keeps about an account, for whom it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountExport {
    /// Milliseconds since 1970.
    pub made_at_ms: i64,
    pub account: AccountDetails,
    pub profiles: Vec<ProfileExport>,
    /// Where the account is signed in.
    pub sign_ins: Vec<Device>,
    /// Devices that have asked for playback.
    pub playback_devices: Vec<RegisteredDevice>,
    /// What was asked of support.
    pub support: Vec<SupportRecord>,
}

/// One profile of an [`AccountExport`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProfileExport {
    pub profile: ProfileDetails,
    /// The latest first.
    pub watched: Vec<WatchedTitle>,
    /// Ids of titles, the latest first.
    pub list: Vec<String>,
    pub ratings: Vec<RatedTitle>,
}

/// How far a title was watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WatchedTitle {
    pub title: String,
    #[serde(flatten)]
    pub progress: Progress,
}

/// What somebody thinks of a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RatedTitle {
    pub title: String,
    pub rating: Rating,
}

/// What a request to support is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SupportTopic {
    /// Something does not play as it should.
    #[default]
    Playback,
    /// Sign-in, plan, devices.
    Account,
    /// A wish, or what somebody thinks.
    Feedback,
}

impl SupportTopic {
    /// As on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Playback => "playback",
            Self::Account => "account",
            Self::Feedback => "feedback",
        }
    }
}

/// `POST /v1/support`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SupportRequest {
    pub topic: SupportTopic,
    /// 1 to [`SupportRequest::MESSAGE_LIMIT`] characters.
    pub message: String,
    /// What the sender has seen and agreed to send, at most [`SupportRequest::DIAGNOSTICS_LIMIT`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<String>,
}

impl SupportRequest {
    /// Longest message, in characters.
    pub const MESSAGE_LIMIT: usize = 4000;
    /// Longest diagnostics, in bytes.
    pub const DIAGNOSTICS_LIMIT: usize = 16 << 10;
}

/// The answer: what to name when one asks again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SupportReceipt {
    /// Short enough to be read out.
    pub reference: String,
}

/// A request as it was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SupportRecord {
    pub reference: String,
    /// Milliseconds since 1970.
    pub sent_at_ms: i64,
    pub request: SupportRequest,
}

/// A request and whose it is: `GET /v1/admin/support`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SupportCase {
    pub account: AccountId,
    #[serde(flatten)]
    pub record: SupportRecord,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_does_not_print() {
        let erase = EraseAccount { password: Some("hunter2 hunter2".to_owned()) };
        assert_eq!(format!("{erase:?}"), "EraseAccount(..)");
        assert_eq!(serde_json::to_string(&EraseAccount::default()).unwrap(), "{}");
    }

    #[test]
    fn who_was_never_asked_has_agreed_to_what_is_harmless() {
        let account: AccountDetails = serde_json::from_str(
            r#"{"id":"a","name":"Mia","email":"mia@example.org",
                "plan":{"name":"Basic","streams":2,"devices":6,"quality":"hd"}}"#,
        )
        .unwrap();
        assert_eq!(account.consents, Consents { recommendations: true, diagnostics: false });
        assert!(!account.plan.offline);
    }
}
