//! W3C Clear Key licence format (Encrypted Media Extensions, section 9.1).

use serde::{Deserialize, Serialize};

/// The challenge: which keys are needed. `kids` are base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClearKeyRequest {
    pub kids: Vec<String>,
    #[serde(rename = "type", default)]
    pub session: SessionType,
}

/// The licence: a JSON Web Key set.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClearKeyLicence {
    pub keys: Vec<ClearKey>,
    #[serde(rename = "type", default)]
    pub session: SessionType,
    /// Names a persistent licence; not in the W3C's format, which lets unknown members be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// When a persistent licence ends unless it is played, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
    /// How much longer the keys may be used, in seconds from now; absent if nobody says. Not in the W3C's format either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
}

/// A persistent licence. The answer to `POST /v1/licences/persistent/{licence}/first-play`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeptLicence {
    pub id: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

impl std::fmt::Debug for ClearKeyLicence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClearKeyLicence").field("keys", &self.keys.len()).field("session", &self.session).finish()
    }
}

/// One symmetric key. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClearKey {
    /// Always `oct`.
    pub kty: String,
    /// Key id, base64url without padding.
    pub kid: String,
    /// The key itself, base64url without padding.
    pub k: String,
}

impl std::fmt::Debug for ClearKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClearKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// How long a licence may be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SessionType {
    #[default]
    Temporary,
    PersistentLicense,
}
