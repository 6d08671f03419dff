//! Who is signed in.

use crate::{AccountId, ProfileId};
use serde::{Deserialize, Serialize};

/// `GET /v1/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    pub id: AccountId,
    pub email: String,
    /// Plan in the words of the account page, such as `Premium`.
    pub plan: String,
    pub profiles: Vec<Profile>,
}

/// One person of the household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    pub id: ProfileId,
    pub name: String,
    /// Avatar colour as `#RRGGBB`; the initial is drawn on it.
    pub colour: String,
    /// Highest maturity rating shown, in years; absent means no ceiling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maturity_ceiling: Option<u8>,
}

/// RFC 8414, the members that our client reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthorizationServer {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub revocation_endpoint: String,
    pub response_types_supported: Vec<String>,
    pub grant_types_supported: Vec<String>,
    pub code_challenge_methods_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// RFC 9207: the redirect carries `iss`.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// RFC 8628; absent if devices without a browser cannot sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
}

/// What an authorization server that is also an OpenID provider says of itself: RFC 8414, OpenID Connect Discovery 1.0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProviderMetadata {
    #[serde(flatten)]
    pub server: AuthorizationServer,
    pub jwks_uri: String,
    pub userinfo_endpoint: String,
    pub introspection_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub scopes_supported: Vec<String>,
    pub claims_supported: Vec<String>,
    pub claim_types_supported: Vec<String>,
    pub response_modes_supported: Vec<String>,
    pub subject_types_supported: Vec<String>,
    pub id_token_signing_alg_values_supported: Vec<String>,
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    pub dpop_signing_alg_values_supported: Vec<String>,
    pub acr_values_supported: Vec<String>,
    pub prompt_values_supported: Vec<String>,
    pub display_values_supported: Vec<String>,
    pub ui_locales_supported: Vec<String>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub require_request_uri_registration: bool,
    pub require_pushed_authorization_requests: bool,
}

/// One device or browser that is signed in: `GET /v1/account/devices`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Device {
    /// For [`crate::routes::ACCOUNT_DEVICE`].
    pub id: String,
    pub kind: DeviceKind,
    /// As people know it, such as `Lumen on Linux` or `Firefox on Windows`.
    pub name: String,
    /// Seconds since 1970.
    pub signed_in_at_s: f64,
    /// Seconds since 1970; to the minute.
    pub last_used_at_s: f64,
    /// Is it the one that asks?
    #[serde(default)]
    pub is_current: bool,
}

/// What kind of sign-in it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// An app that holds tokens.
    App,
    /// A browser with the pages of the service.
    Browser,
    /// A kind newer than this client.
    #[serde(other)]
    Other,
}

/// What an account may do: `PUT /v1/admin/accounts/{account}/role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Watches; changes nothing of the account.
    Viewer,
    /// Pays: also manages devices, profiles and the account itself.
    Owner,
    /// Tests: an owner who also sees faults, sessions and the request log.
    Qa,
    /// Edits the catalog.
    Editor,
    /// Helps: looks accounts up and signs devices out.
    Support,
    /// Everything, and roles.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 6] = [Self::Viewer, Self::Owner, Self::Qa, Self::Editor, Self::Support, Self::Admin];

    /// As on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Owner => "owner",
            Self::Qa => "qa",
            Self::Editor => "editor",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Body of `PUT /v1/admin/accounts/{account}/role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    pub role: Role,
}

/// One account as support sees it: `GET /v1/admin/accounts?email=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountSummary {
    pub id: AccountId,
    pub email: String,
    pub role: Role,
    pub plan: String,
}
