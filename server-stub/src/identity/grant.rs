//! What was granted to an app: carried from the request through the code into the family of tokens, as JSON.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How somebody proved who he is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    #[default]
    Password,
    Passkey,
    /// At another provider.
    Federated,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Federated => "federated",
        }
    }

    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "passkey" => Self::Passkey,
            "federated" => Self::Federated,
            _ => Self::Password,
        }
    }

    /// The authentication context of id tokens.
    pub(crate) fn acr(self) -> &'static str {
        match self {
            Self::Password => ACR_VALUES[0],
            Self::Passkey => ACR_VALUES[1],
            Self::Federated => ACR_VALUES[2],
        }
    }

    /// Authentication methods (RFC 8176).
    pub(crate) fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            // User verification is asked for, so the key was unlocked by a person.
            Self::Passkey => &["hwk", "user", "mfa"],
            Self::Federated => &["fed"],
        }
    }
}

/// Values of `acr`.
pub(crate) const ACR_VALUES: [&str; 3] = ["urn:lumen:acr:password", "phrh", "urn:lumen:acr:federated"];

/// Single claims that were asked for (OpenID Connect Core, 5.5), by where they are to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimsRequest {
    #[serde(default)]
    pub(crate) userinfo: BTreeMap<String, Option<serde_json::Value>>,
    #[serde(default)]
    pub(crate) id_token: BTreeMap<String, Option<serde_json::Value>>,
}

/// The grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Grant {
    /// Space-separated. A row that is older than scopes is a player's.
    pub(crate) scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    /// When the person signed in, in milliseconds since 1970.
    pub(crate) auth_time_ms: i64,
    pub(crate) method: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<ClaimsRequest>,
    /// Thumbprint of the key that tokens are bound to (RFC 9449).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_jkt: Option<String>,
    /// As the list of devices names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// Where a device without a browser asked from, for the page that confirms it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// Was a third party asked for? Then roles above owner do not apply.
    pub(crate) is_third_party: bool,
}

impl Grant {
    pub(crate) fn scope(&self) -> &str {
        self.scope.as_deref().unwrap_or("watch")
    }

    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        contains(self.scope(), scope)
    }

    /// Written by this server only; an unreadable one grants nothing.
    pub(crate) fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self { scope: Some(String::new()), ..Self::default() })
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a grant has only text, numbers and maps with text keys")
    }
}

/// Is `one` in a space-separated list?
pub(crate) fn contains(scope: &str, one: &str) -> bool {
    scope.split(' ').any(|it| it == one)
}
