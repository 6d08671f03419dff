//! Other providers: what they say of themselves, and what they say of a person.

use super::super::jose::{Jws, PublicJwk};
use crate::clock::{Clock, SECOND_MS};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use service_api::routes;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, fmt, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use url::{Host, Url};

/// Longest answer read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// How long a provider may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long what it says of itself is believed.
const CACHE_MS: i64 = 600 * SECOND_MS;
/// How far its clock may be off.
const SKEW_S: i64 = 60;

/// A provider, as configured: one object of the list in the file of `--identity-providers`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// Short name in addresses, of letters, digits and hyphens.
    pub id: String,
    /// As the button names it.
    pub name: String,
    /// Issuer, as the provider writes it; `https`, or `http` on a loopback address.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// Our secret there; sent by HTTP Basic.
    pub client_secret: String,
    /// Scopes to ask for.
    #[serde(default = "default_scopes")]
    pub scopes: String,
}

fn default_scopes() -> String {
    "openid email profile".to_owned()
}

impl fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderConfig").field("id", &self.id).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why somebody could not sign in elsewhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FederationError {
    #[error("the provider cannot be reached")]
    Network(#[source] reqwest::Error),
    #[error("the provider answers something else than expected: {0}")]
    Answer(&'static str),
    #[error("the provider's token is not accepted: {0}")]
    Token(&'static str),
    #[error("the database failed")]
    Store(#[from] sqlx::Error),
}

/// Who somebody is at the provider.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ExternalPerson {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) email_verified: bool,
    #[serde(default)]
    pub(super) name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a provider says of itself.
#[derive(Clone, Debug)]
struct Known {
    metadata: Metadata,
    keys: Vec<PublicJwk>,
    fetched_at_ms: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// One attempt, between leaving and coming back.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) verifier: &'a str,
    pub(super) nonce: &'a str,
}

/// The providers.
#[derive(Debug)]
pub(crate) struct Federation {
    providers: Vec<ProviderConfig>,
    /// Made at the first need: most servers have no providers.
    client: Option<Client>,
    /// By identifier. One lock each: whoever signs in at one must not wait for another that does not answer.
    known: HashMap<String, Mutex<Option<Known>>>,
    clock: Arc<dyn Clock>,
    /// Origin of this server.
    origin: String,
}

impl Federation {
    /// The client trusts the system's certificates; where there are none, providers cannot be reached.
    pub(crate) fn new(providers: Vec<ProviderConfig>, clock: Arc<dyn Clock>, origin: String) -> Self {
        let all_plain = providers.iter().all(|provider| provider.issuer.starts_with("http://"));
        let client = (!providers.is_empty()).then(|| {
            let builder = Client::builder().timeout(TIMEOUT).redirect(Policy::none());
            let builder = if all_plain { builder.no_proxy().tls_certs_only([]) } else { builder };
            builder.build().inspect_err(|error| tracing::error!(%error, "no client for identity providers")).ok()
        });
        let known = providers.iter().map(|provider| (provider.id.clone(), Mutex::default())).collect();
        Self { providers, client: client.flatten(), known, clock, origin }
    }

    /// Identifiers and names, for the buttons.
    pub(crate) fn names(&self) -> Vec<(String, String)> {
        self.providers.iter().map(|provider| (provider.id.clone(), provider.name.clone())).collect()
    }

    pub(super) fn find(&self, id: &str) -> Option<&ProviderConfig> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    fn redirect_uri(&self, provider: &ProviderConfig) -> String {
        format!("{}{}", self.origin, routes::fill(routes::FEDERATION_CALLBACK, &[("provider", &provider.id)]))
    }

    /// Where the browser goes.
    pub(super) async fn authorization_url(
        &self,
        provider: &ProviderConfig,
        state: &str,
        attempt: Attempt<'_>,
    ) -> Result<Url, FederationError> {
        let known = self.known(provider, false).await?;
        let mut url = checked(&known.metadata.authorization_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", &self.redirect_uri(provider))
            .append_pair("scope", &provider.scopes)
            .append_pair("state", state)
            .append_pair("nonce", attempt.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(attempt.verifier)))
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Whom a code stands for. `iss` is the parameter of the redirect.
    pub(super) async fn exchange(
        &self,
        provider: &ProviderConfig,
        code: &str,
        iss: Option<&str>,
        attempt: Attempt<'_>,
    ) -> Result<ExternalPerson, FederationError> {
        #[derive(Deserialize)]
        struct Answer {
            id_token: String,
            access_token: String,
        }
        let known = self.known(provider, false).await?;
        let is_from_there = match iss {
            Some(iss) => iss == provider.issuer,
            None => !known.metadata.authorization_response_iss_parameter_supported,
        };
        if !is_from_there {
            return Err(FederationError::Token("another issuer has answered"));
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri(provider)),
            ("code_verifier", attempt.verifier),
        ];
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = self.client()?.post(checked(&known.metadata.token_endpoint)?);
        let request = request.basic_auth(encode(&provider.client_id), Some(encode(&provider.client_secret)));
        let answer: Answer = read(request.form(&form)).await?;
        let mut person = self.verify(provider, &answer.id_token, attempt.nonce).await?;
        if person.email.is_none()
            && let Some(userinfo) = &known.metadata.userinfo_endpoint
        {
            #[derive(Deserialize)]
            struct Info {
                sub: String,
                #[serde(default)]
                email: Option<String>,
                #[serde(default)]
                email_verified: bool,
                #[serde(default)]
                name: Option<String>,
            }
            let info: Info = read(self.client()?.get(checked(userinfo)?).bearer_auth(&answer.access_token)).await?;
            if info.sub != person.sub {
                return Err(FederationError::Token("userinfo is of somebody else"));
            }
            person.email = info.email;
            person.email_verified = info.email_verified;
            person.name = person.name.or(info.name);
        }
        Ok(person)
    }

    /// OpenID Connect Core, 3.1.3.7.
    async fn verify(
        &self,
        provider: &ProviderConfig,
        token: &str,
        nonce: &str,
    ) -> Result<ExternalPerson, FederationError> {
        let jws = Jws::parse(token).map_err(|_| FederationError::Token("it cannot be read"))?;
        let mut known = self.known(provider, false).await?;
        if known.key_of(&jws).is_none() {
            // It may have rotated its keys.
            known = self.known(provider, true).await?;
        }
        let key = known.key_of(&jws).ok_or(FederationError::Token("its key is not known"))?;
        let person: ExternalPerson = jws.verify(key).map_err(|_| FederationError::Token("signature or claims"))?;
        let now_s = self.clock.now_ms() / SECOND_MS;
        let (is_audience, is_shared) = match &person.aud {
            Audience::One(aud) => (*aud == provider.client_id, false),
            Audience::Many(auds) => (auds.contains(&provider.client_id), auds.len() > 1),
        };
        let is_party = person.azp.as_ref().map_or(!is_shared, |azp| *azp == provider.client_id);
        let checks = [
            (person.iss == provider.issuer, "iss"),
            (is_audience && is_party, "aud"),
            (now_s < person.exp + SKEW_S, "exp"),
            (person.iat <= now_s + SKEW_S, "iat"),
            (person.nonce.as_deref() == Some(nonce), "nonce"),
            (!person.sub.is_empty() && person.sub.len() <= 255, "sub"),
        ];
        match checks.into_iter().find(|(holds, _)| !holds) {
            Some((_, claim)) => Err(FederationError::Token(claim)),
            None => Ok(person),
        }
    }

    /// What the provider says of itself, asked for at most every ten minutes or when `again` is needed. The lock is
    /// held meanwhile so that many who sign in ask once.
    async fn known(&self, provider: &ProviderConfig, again: bool) -> Result<Known, FederationError> {
        let cached = self.known.get(&provider.id).ok_or(FederationError::Answer("it is not one of ours"))?;
        let mut cached = cached.lock().await;
        let now_ms = self.clock.now_ms();
        if let Some(known) = &*cached
            && now_ms - known.fetched_at_ms < CACHE_MS
            && !again
        {
            return Ok(known.clone());
        }
        let address = format!("{}/.well-known/openid-configuration", provider.issuer.trim_end_matches('/'));
        let metadata: Metadata = read(self.client()?.get(checked(&address)?)).await?;
        if metadata.issuer != provider.issuer {
            return Err(FederationError::Answer("its issuer is another"));
        }
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<serde_json::Value>,
        }
        let keys: Keys = read(self.client()?.get(checked(&metadata.jwks_uri)?)).await?;
        let known = Known {
            // Kinds of keys that we do not know are not ours to refuse.
            keys: keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect(),
            metadata,
            fetched_at_ms: now_ms,
        };
        *cached = Some(known.clone());
        Ok(known)
    }

    fn client(&self) -> Result<&Client, FederationError> {
        self.client.as_ref().ok_or(FederationError::Answer("there is no client to ask it with"))
    }
}

impl Known {
    fn key_of(&self, jws: &Jws<'_>) -> Option<&PublicJwk> {
        let fits = |key: &&PublicJwk| key.algorithm() == Some(jws.alg) && key.usage.as_deref() != Some("enc");
        match &jws.header.kid {
            Some(kid) => self.keys.iter().filter(fits).find(|key| key.kid.as_ref() == Some(kid)),
            None => {
                let mut fitting = self.keys.iter().filter(fits);
                fitting.next().filter(|_| fitting.next().is_none())
            }
        }
    }
}

/// `https`, or `http` on a loopback address.
fn checked(address: &str) -> Result<Url, FederationError> {
    let bad = FederationError::Answer("an address of it is neither https nor on this machine");
    let Ok(url) = Url::parse(address) else { return Err(bad) };
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "https" || url.scheme() == "http" && is_here { Ok(url) } else { Err(bad) }
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, FederationError> {
    let lost = |error: reqwest::Error| FederationError::Network(error.without_url());
    let mut response: Response = request.send().await.map_err(lost)?;
    if !response.status().is_success() {
        return Err(FederationError::Answer("it refuses"));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(FederationError::Answer("it is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| FederationError::Answer("it cannot be read"))
}
