//! The place where licence servers of other systems are joined.
//!
//! Widevine, PlayReady and FairPlay licences are made by services of their vendors, whose keys nobody else has. What is
//! ours is to decide whether there may be one and to say what it may allow; a [`LicenceProxy`] carries that on. The one
//! that is here, [`RecordingProxy`], keeps what it was asked and answers with what it was told to: with it the whole
//! way up to the vendor's door is tested, and nothing behind it.

use super::issue::{Asker, Issued};
use crate::{
    app::Shared,
    gateway::{ApiError, Principal},
};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::BoxFuture;
use serde::Serialize;
use service_api::{GrantId, TitleId, playback::Quality, problem::ProblemCode};
use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

/// A system whose licences come from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LicenceSystem {
    /// Google's.
    Widevine,
    /// Microsoft's.
    PlayReady,
    /// Apple's.
    FairPlay,
}

/// What is asked of a vendor's licence service: the challenge as it came, and what the licence may allow.
///
/// [`ProxyRequest::to_json`] is the form that Widevine's proxies take, and the one in which the others are asked too.
#[derive(Clone, Serialize)]
pub struct ProxyRequest {
    /// Which system.
    #[serde(skip)]
    pub system: LicenceSystem,
    /// The challenge, in base64.
    pub payload: String,
    /// The title, in base64.
    pub content_id: String,
    /// Who asks the vendor.
    pub provider: &'static str,
    /// The keys that may be in the licence.
    pub content_key_specs: Vec<KeySpec>,
    /// What the licence allows.
    pub policy_overrides: Policy,
}

/// A key in a [`ProxyRequest`]. Never printed.
#[derive(Clone, Serialize)]
pub struct KeySpec {
    /// `SD`, `HD`, `UHD1`, or `AUDIO` for what is not told apart.
    pub track_type: &'static str,
    /// In base64.
    pub key_id: String,
    /// In base64.
    pub key: String,
}

/// What a licence allows, in the vendor's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// May it be played?
    pub can_play: bool,
    /// May it be kept?
    pub can_persist: bool,
    /// May it be renewed?
    pub can_renew: bool,
    /// Seconds until it ends.
    pub license_duration_seconds: i64,
    /// Seconds until it is renewed: with each renewal everything is decided anew.
    pub renewal_delay_seconds: i64,
}

impl fmt::Debug for ProxyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyRequest")
            .field("system", &self.system)
            .field("keys", &self.content_key_specs.len())
            .field("policy", &self.policy_overrides)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for KeySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySpec").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Drop for KeySpec {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

impl ProxyRequest {
    /// The request as JSON. It holds keys: send it and forget it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always JSON")
    }
}

/// The vendor's service did not answer with a licence.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the licence service of {system:?} did not answer with a licence: {reason}")]
pub struct ProxyError {
    /// Which system.
    pub system: LicenceSystem,
    /// Why; without anything of the request.
    pub reason: String,
}

/// Carries licence requests to a vendor's service.
///
/// Called once per request that was allowed, from any task; may wait for the network, within its own time-out.
pub trait LicenceProxy: Send + Sync + fmt::Debug {
    /// The system it speaks for.
    fn system(&self) -> LicenceSystem;

    /// The licence, as bytes for the player.
    ///
    /// # Errors
    /// [`ProxyError`], which is answered as a bad gateway.
    fn licence(&self, request: ProxyRequest) -> BoxFuture<'_, Result<Vec<u8>, ProxyError>>;
}

/// Keeps what it was asked, and answers with what it was given.
#[derive(Debug)]
pub struct RecordingProxy {
    system: LicenceSystem,
    answer: Vec<u8>,
    asked: Mutex<Vec<ProxyRequest>>,
}

impl RecordingProxy {
    /// Answers every request with `answer`.
    pub fn new(system: LicenceSystem, answer: impl Into<Vec<u8>>) -> Self {
        Self { system, answer: answer.into(), asked: Mutex::default() }
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<ProxyRequest> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl LicenceProxy for RecordingProxy {
    fn system(&self) -> LicenceSystem {
        self.system
    }

    fn licence(&self, request: ProxyRequest) -> BoxFuture<'_, Result<Vec<u8>, ProxyError>> {
        Box::pin(async move {
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            Ok(self.answer.clone())
        })
    }
}

/// Decides as for every licence, then asks the vendor.
pub(crate) async fn licence(
    State(app): State<Shared>,
    who: Principal,
    Path((system, grant)): Path<(String, GrantId)>,
    headers: HeaderMap,
    challenge: Bytes,
) -> Result<Response, ApiError> {
    let system = match system.as_str() {
        "widevine" => LicenceSystem::Widevine,
        "playready" => LicenceSystem::PlayReady,
        "fairplay" => LicenceSystem::FairPlay,
        _ => return Err(ApiError::not_found("licence system")),
    };
    let proxy = app.licence_proxies.iter().find(|proxy| proxy.system() == system);
    let proxy = proxy.ok_or_else(|| {
        ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            ProblemCode::NotFound,
            "No licence service is joined for this system",
        )
    })?;
    if challenge.is_empty() {
        return Err(ApiError::invalid("send the challenge of the player as the body"));
    }
    let asker = Asker::new(who, &headers)?;
    // The challenge is opaque: every key of the title that the decision allows may be in the answer.
    let title = app.entitlement.grants.find(&grant).await?.map(|grant| grant.title);
    let kids = match &title {
        Some(title) => kids_of(&app, title).await?,
        None => Vec::new(),
    };
    let issued = app.issue(&asker, &grant, &kids, false).await?;
    let request = request(&issued, system, &challenge, &app);
    match proxy.licence(request).await {
        Ok(licence) => {
            let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/octet-stream")];
            Ok((headers, licence).into_response())
        }
        Err(error) => {
            tracing::warn!(%error, "a licence service has failed");
            Err(ApiError::unexplained(StatusCode::BAD_GATEWAY))
        }
    }
}

async fn kids_of(app: &Shared, title: &TitleId) -> Result<Vec<[u8; 16]>, ApiError> {
    let keys = app.keys.keys_of(title).await.map_err(|error| ApiError::internal(&error))?;
    Ok(keys.into_iter().map(|key| key.kid).collect())
}

fn request(issued: &Issued, system: LicenceSystem, challenge: &[u8], app: &Shared) -> ProxyRequest {
    let ends_at_ms = issued.grant.expires_at_ms.min(issued.allowance.until_ms.unwrap_or(i64::MAX));
    let heartbeat_s = i64::try_from(app.entitlement.leases.heartbeat().as_secs()).unwrap_or(i64::MAX);
    let specs = issued.keys.iter().map(|key| KeySpec {
        track_type: track_type(issued.allowance.quality),
        key_id: STANDARD.encode(key.kid),
        key: STANDARD.encode(key.key),
    });
    ProxyRequest {
        system,
        payload: STANDARD.encode(challenge),
        content_id: STANDARD.encode(issued.grant.title.as_str()),
        provider: "lumen",
        content_key_specs: specs.collect(),
        policy_overrides: Policy {
            can_play: true,
            can_persist: false,
            can_renew: true,
            license_duration_seconds: (ends_at_ms - app.clock.now_ms()).max(0) / 1_000,
            renewal_delay_seconds: heartbeat_s.saturating_mul(2),
        },
    }
}

fn track_type(quality: Quality) -> &'static str {
    match quality {
        Quality::Any => "AUDIO",
        Quality::Sd => "SD",
        Quality::Hd => "HD",
        Quality::Uhd => "UHD1",
    }
}
