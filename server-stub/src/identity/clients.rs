//! The apps that may ask for a sign-in: our own, which are public and known without a row, and those registered here.

use super::{ending::end_client, secret::SecretHash};
use crate::{clock::Clock, store::Db};
use serde::{Deserialize, Serialize};
use service_api::routes::{CLIENT_ID, TV_CLIENT_ID};
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq;
use url::Url;

/// Shortest secret that is accepted: stored as a plain hash, it must not be guessable.
const MIN_SECRET: usize = 32;
const MAX_ID: usize = 100;
const MAX_REDIRECTS: usize = 20;

/// Scopes that there are. `watch` is the API of the player; the rest is OpenID Connect's.
pub(crate) const SCOPES: [&str; 7] = ["openid", "profile", "email", "address", "phone", "offline_access", "watch"];

/// How an app proves that it is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Not at all: it is installed on machines of other people (RFC 8252, 8.5).
    None,
    /// HTTP Basic.
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
}

/// An app to be registered, by configuration or `lumen-server client add`.
#[derive(Clone)]
pub struct ClientRegistration {
    /// Identifier, of visible ASCII without a colon.
    pub id: String,
    /// At least 32 characters; kept as a hash. None exactly if the app is public.
    pub secret: Option<String>,
    /// Everything else.
    pub document: ClientDocument,
}

impl fmt::Debug for ClientRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRegistration")
            .field("id", &self.id)
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

/// What is known of an app besides its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientDocument {
    /// As the consent page names it.
    pub name: String,
    /// How it authenticates.
    pub authentication: ClientAuthentication,
    /// Where answers may go, compared as text. `http` is for loopback addresses only, whose port does not count.
    pub redirect_uris: Vec<String>,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// May it sign in devices without a browser (RFC 8628)?
    #[serde(default)]
    pub device_grant: bool,
    /// Is it ours? Then nobody is asked for consent.
    #[serde(default)]
    pub first_party: bool,
    /// May it ask about tokens of other apps (RFC 7662)?
    #[serde(default)]
    pub resource_server: bool,
    /// Are its tokens always bound to a key (RFC 9449)?
    #[serde(default)]
    pub require_dpop: bool,
    /// Must its requests be pushed (RFC 9126)?
    #[serde(default)]
    pub require_par: bool,
    /// Algorithm of its id tokens: `EdDSA`, `ES256` or, as OpenID Connect's default, `RS256`.
    #[serde(default = "default_alg")]
    pub id_token_alg: String,
}

fn default_alg() -> String {
    "RS256".to_owned()
}

impl ClientDocument {
    /// A confidential app of somebody else for signing people in with OpenID Connect.
    pub fn new(name: impl Into<String>, redirect_uris: Vec<String>) -> Self {
        Self {
            name: name.into(),
            authentication: ClientAuthentication::ClientSecretBasic,
            redirect_uris,
            scopes: SCOPES.map(str::to_owned).to_vec(),
            device_grant: false,
            first_party: false,
            resource_server: false,
            require_dpop: false,
            require_par: false,
            id_token_alg: default_alg(),
        }
    }
}

/// Why an app is not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The registration contradicts itself or what is allowed.
    #[error("the client cannot be registered: {0}")]
    Refused(&'static str),
    /// The database failed.
    #[error("the client cannot be stored")]
    Store(#[from] sqlx::Error),
}

/// A known app.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    secret_hash: Option<Vec<u8>>,
    pub(crate) document: ClientDocument,
}

impl Client {
    pub(crate) fn is_public(&self) -> bool {
        self.document.authentication == ClientAuthentication::None
    }

    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        let stored = self.secret_hash.as_deref().unwrap_or_default();
        SecretHash::of(secret).as_bytes().ct_eq(stored).into()
    }

    /// Is the address one of the app's, as text? Only the port of a loopback address may differ (RFC 8252, 7.3).
    pub(crate) fn accepts_redirect(&self, uri: &str) -> bool {
        self.document.redirect_uris.iter().any(|registered| {
            registered == uri && !is_http(uri)
                || loopback_without_port(uri).is_some_and(|uri| loopback_without_port(registered) == Some(uri))
        })
    }

    /// Those scopes that exist and that the app may have, in the order of asking.
    pub(crate) fn allowed_scope(&self, asked: Option<&str>) -> String {
        let Some(asked) = asked else {
            // What the player has always got.
            return if self.document.first_party { "watch".to_owned() } else { String::new() };
        };
        let mut scopes: Vec<&str> = Vec::new();
        for scope in asked.split(' ') {
            if self.document.scopes.iter().any(|allowed| allowed == scope) && !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes.join(" ")
    }
}

fn is_http(uri: &str) -> bool {
    uri.starts_with("http:")
}

/// Host and path of `http://127.0.0.1[:port]/path` or `http://[::1][:port]/path`. Compared as text: a URL parser would
/// forgive what must not be forgiven, and `localhost` is a name that can be made to point elsewhere.
fn loopback_without_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"].into_iter().find(|host| rest.starts_with(host))?;
    let rest = &rest[host.len()..];
    let (port, path) = rest.split_at(rest.find('/')?);
    let is_port = |port: &str| {
        !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    };
    let is_well_formed = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    is_well_formed.then_some((host, path))
}

/// The registry.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Clients {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// The app of that id.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<Client>, sqlx::Error> {
        if let Some(ours) = built_in(id) {
            return Ok(Some(ours));
        }
        // PostgreSQL refuses to compare with U+0000.
        if id.len() > MAX_ID || id.contains('\0') {
            return Ok(None);
        }
        let row: Option<(Option<Vec<u8>>, String)> =
            sqlx::query_as("SELECT secret_hash, document FROM identity_clients WHERE id = $1")
                .bind(id)
                .fetch_optional(self.db.reader())
                .await?;
        let Some((secret_hash, document)) = row else { return Ok(None) };
        // Written by this module; a damaged row is an app that is not known.
        let Ok(document) = serde_json::from_str(&document) else { return Ok(None) };
        Ok(Some(Client { id: id.to_owned(), secret_hash, document }))
    }

    /// Registers an app, or replaces its registration.
    pub(crate) async fn register(&self, new: &ClientRegistration) -> Result<(), RegistrationError> {
        check(new).map_err(RegistrationError::Refused)?;
        let document = serde_json::to_string(&new.document).map_err(|_| RegistrationError::Refused("it is no text"))?;
        let mut transaction = self.db.transaction().await?;
        sqlx::query(
            "INSERT INTO identity_clients (id, secret_hash, document, created_at_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET secret_hash = excluded.secret_hash, document = excluded.document",
        )
        .bind(&new.id)
        .bind(new.secret.as_deref().map(|secret| SecretHash::of(secret).as_bytes().to_vec()))
        .bind(document)
        .bind(self.clock.now_ms())
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM identity_client_redirects WHERE client_id = $1")
            .bind(&new.id)
            .execute(&mut *transaction)
            .await?;
        for uri in new.document.redirect_uris.iter().filter(|uri| !is_http(uri)) {
            let added = sqlx::query(
                "INSERT INTO identity_client_redirects (uri, client_id) VALUES ($1, $2) ON CONFLICT (uri) DO NOTHING",
            )
            .bind(uri)
            .bind(&new.id)
            .execute(&mut *transaction)
            .await?;
            if added.rows_affected() == 0 {
                return Err(RegistrationError::Refused("another client has registered one of its redirect addresses"));
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Removes an app; says whether it was there. Its tokens are refused from then on, also when it is registered anew.
    pub(crate) async fn remove(&self, id: &str) -> Result<bool, sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        let removed =
            sqlx::query("DELETE FROM identity_clients WHERE id = $1").bind(id).execute(&mut *transaction).await?;
        if removed.rows_affected() == 1 {
            end_client(&mut transaction, id, self.clock.now_ms()).await?;
        }
        transaction.commit().await?;
        Ok(removed.rows_affected() == 1)
    }

    /// Identifiers and names of the registered apps.
    pub(crate) async fn list(&self) -> Result<Vec<(String, String)>, sqlx::Error> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT id, document FROM identity_clients ORDER BY id").fetch_all(self.db.reader()).await?;
        let name = |document: &str| serde_json::from_str::<ClientDocument>(document).map(|it| it.name);
        Ok(rows.into_iter().map(|(id, document)| (id, name(&document).unwrap_or_default())).collect())
    }
}

/// Our own apps. They are public: what proves their identity is that only a program on the viewer's machine can listen
/// on its loopback address, and that a person confirms what a device shows.
fn built_in(id: &str) -> Option<Client> {
    let ours = |name: &str, redirects: &[&str], device_grant| ClientDocument {
        authentication: ClientAuthentication::None,
        scopes: SCOPES.map(str::to_owned).to_vec(),
        device_grant,
        first_party: true,
        id_token_alg: "EdDSA".to_owned(),
        ..ClientDocument::new(name, redirects.iter().map(|&uri| uri.to_owned()).collect())
    };
    let document = match id {
        CLIENT_ID => ours("Lumen", &["http://127.0.0.1:1/callback", "http://[::1]:1/callback"], true),
        TV_CLIENT_ID => ours("Lumen for TV", &[], true),
        _ => return None,
    };
    Some(Client { id: id.to_owned(), secret_hash: None, document })
}

fn check(new: &ClientRegistration) -> Result<(), &'static str> {
    let document = &new.document;
    let is_id = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    if new.id.is_empty() || new.id.len() > MAX_ID || !new.id.bytes().all(is_id) {
        return Err("the id must be visible ASCII without a colon");
    }
    if built_in(&new.id).is_some() {
        return Err("the id is that of an app of ours");
    }
    match (&new.secret, document.authentication) {
        (None, ClientAuthentication::None) => {}
        (Some(secret), ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost)
            if secret.len() >= MIN_SECRET => {}
        (Some(_), ClientAuthentication::None) => return Err("a public client has no secret"),
        _ => return Err("a confidential client needs a secret of at least 32 characters"),
    }
    if document.name.trim().is_empty() || document.name.chars().count() > 60 {
        return Err("the name must have 1 to 60 characters");
    }
    if document.redirect_uris.len() > MAX_REDIRECTS {
        return Err("there are too many redirect addresses");
    }
    document.redirect_uris.iter().try_for_each(|uri| check_redirect(uri))?;
    if document.scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err("there is no such scope");
    }
    if super::jose::Alg::from_name(&document.id_token_alg).is_none() {
        return Err("id tokens are signed with EdDSA, ES256 or RS256");
    }
    Ok(())
}

/// `https`, loopback `http` by address, or a scheme in reverse domain order (RFC 8252, 7.1).
fn check_redirect(uri: &str) -> Result<(), &'static str> {
    let is_plain =
        uri.bytes().all(|byte| byte.is_ascii_graphic()) && !uri.contains(['*', '\\', '#', '"', '\'', ';', ',']);
    let (true, Ok(url)) = (is_plain && uri.len() <= 512, Url::parse(uri)) else {
        return Err("a redirect address must be a plain absolute URI without a fragment or wildcard");
    };
    if url.has_authority() && (!url.username().is_empty() || url.password().is_some()) {
        return Err("a redirect address has no user name");
    }
    match url.scheme() {
        // Written as it will be compared, or it could never match.
        "https" if url.as_str() == uri => Ok(()),
        "https" => Err("a redirect address must be written in its normal form"),
        "http" if loopback_without_port(uri).is_some() => Ok(()),
        "http" => Err("plain http is for loopback addresses only, and localhost is not one"),
        scheme if scheme.contains('.') => Ok(()),
        _ => Err("a scheme of one's own must be a domain in reverse order, such as org.example.app"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_loopback_callback_is_redirected_to() {
        let app = built_in(CLIENT_ID).unwrap();
        for uri in ["http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]:4321/callback"] {
            assert!(app.accepts_redirect(uri), "{uri}");
        }
        let refused = [
            "",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:080/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:+80/callback",
            "http://127.0.0.1:4321/callback/",
            "http://127.0.0.1:4321/callback/extra",
            "http://127.0.0.1:4321/callback?x=1",
            "http://127.0.0.1:4321/callback#x",
            "http://127.0.0.1:4321/Callback",
            "http://127.0.0.1:4321/%63allback",
            "http://127.0.0.1:4321/../callback",
            "http://127.0.0.1:4321//callback",
            "http://127.0.0.1:4321@evil.example/callback",
            "http://user@127.0.0.1:4321/callback",
            "http://127.0.0.1.evil.example:4321/callback",
            "http://127.0.0.2:4321/callback",
            "http://localhost:4321/callback",
            "http://[::1%25lo]:4321/callback",
            "http://[::2]:4321/callback",
            "https://127.0.0.1:4321/callback",
            "HTTP://127.0.0.1:4321/callback",
            "lumen://callback",
            "javascript:alert(1)",
            "http://evil.example/callback",
            "http://127.0.0.1:4321/callback\r\nx: y",
        ];
        for uri in refused {
            assert!(!app.accepts_redirect(uri), "{uri}");
        }
        assert!(!built_in(TV_CLIENT_ID).unwrap().accepts_redirect("http://127.0.0.1:1/callback"));
    }

    #[test]
    fn a03_registration_refuses_addresses_that_others_could_answer_at() {
        let good = ["https://rp.example/cb", "http://127.0.0.1/cb", "http://[::1]/cb", "org.example.app:/cb"];
        for uri in good {
            assert_eq!(check_redirect(uri), Ok(()), "{uri}");
        }
        let bad = [
            "lumen://cb",
            "http://localhost/cb",
            "http://rp.example/cb",
            "https://rp.example/cb#x",
            "https://*.rp.example/cb",
            "https://rp.example",
            "https://mia@rp.example/cb",
            "https://RP.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "/cb",
            "",
        ];
        for uri in bad {
            assert!(check_redirect(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn scopes_that_do_not_exist_or_are_not_the_apps_are_left_out() {
        let mut client = built_in(CLIENT_ID).unwrap();
        assert_eq!(client.allowed_scope(None), "watch");
        assert_eq!(client.allowed_scope(Some("watch admin openid watch")), "watch openid");
        client.document.scopes = vec!["openid".to_owned()];
        assert_eq!(client.allowed_scope(Some("watch openid")), "openid");
    }
}
