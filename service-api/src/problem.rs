//! Errors on the wire: `application/problem+json` (RFC 9457) with a stable code.

use serde::{Deserialize, Serialize};

/// Media type of a [`Problem`] body.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// Why a request was not served. `code` is for programs and never changes its meaning; `title` is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// Stable identifier, also the fragment of the documentation address.
    pub code: ProblemCode,
    /// One sentence, sentence case, no full stop.
    pub title: String,
    /// HTTP status, repeated for readers of logs.
    pub status: u16,
    /// What to do about it, where there is something to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Joins this answer with the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Seconds until it is worth asking again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

/// The stable codes. A client must treat an unknown one by its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProblemCode {
    /// No or unusable access token: refresh it or sign in.
    Unauthenticated,
    /// The access token has expired: refresh it.
    TokenExpired,
    /// Signed in, but not allowed.
    Forbidden,
    /// The account's plan does not include the title.
    NotEntitled,
    /// No such thing, or none that this account may know of.
    NotFound,
    /// The title exists but its media are still being made.
    NotReady,
    /// The request cannot be understood; `detail` says what is wrong.
    InvalidRequest,
    /// Too large a body, or too long a value.
    TooLarge,
    /// Too many requests; see `retry_after_s`.
    RateLimited,
    /// The media token in the URL is expired or was altered: ask for a new grant.
    MediaTokenInvalid,
    /// The licence was asked for with a grant that has expired.
    GrantExpired,
    /// A key was asked for that does not belong to the granted title.
    UnknownKey,
    /// As many devices of the account are watching as its plan allows.
    StreamLimit,
    /// As many devices are registered as the plan allows, or too many were exchanged this month.
    DeviceLimit,
    /// The title is not offered where the request comes from.
    NotAvailableHere,
    /// The request comes through a service that hides where it comes from.
    AddressHidden,
    /// The title is not offered yet, or not any more.
    NotAvailableNow,
    /// The plan, the title or the device does not allow keeping it for offline.
    OfflineNotAllowed,
    /// The permission was taken back.
    Revoked,
    /// The same message came a second time.
    Replayed,
    /// The profile is locked: send its PIN.
    PinRequired,
    /// The PIN is wrong, or was wrong too often; see `retry_after_s`.
    PinWrong,
    /// A limit on how many of a thing one account may have.
    LimitReached,
    /// Our fault.
    Internal,
    /// A code newer than this client.
    #[serde(other)]
    Other,
}
