//! For whoever starts and watches the server.

use serde::{Deserialize, Serialize};

/// `GET /health/live`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Liveness {
    /// Always true: a process that is not alive does not answer.
    pub live: bool,
}

/// `GET /health/ready`; answered with 503 while `ready` is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Readiness {
    /// The store answers and the server is not stopping. Titles may still be in the making.
    pub ready: bool,
    /// Titles that can be watched.
    pub titles_ready: u32,
    /// Titles of the catalog.
    pub titles_total: u32,
}
