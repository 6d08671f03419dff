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
}
