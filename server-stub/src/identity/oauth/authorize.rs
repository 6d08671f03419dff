//! The authorization request (RFC 6749, 7636, 8252, 9126, 9207; OpenID Connect Core, 3.1.2): what is asked for, and
//! where the answer may go.

use super::super::{clients::Client, grant::ClaimsRequest};
use crate::{app::Shared, gateway::extract::Pairs};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

/// Longest `state`, in characters. Ours is 22; this is for clients that put a JSON document there.
const MAX_STATE: usize = 512;
/// Longest `nonce`, `login_hint` and so on, in bytes.
const MAX_VALUE: usize = 512;
/// Longest `claims` and `id_token_hint`, in bytes.
const MAX_DOCUMENT: usize = 4_096;

/// What is read of a request.
pub(crate) const PARAMETERS: [&str; 15] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "state",
    "code_challenge",
    "code_challenge_method",
    "scope",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "claims",
    "id_token_hint",
    "dpop_jkt",
];

/// A request that may be shown a sign-in page.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client: Client,
    /// One of the client's, checked.
    pub(crate) redirect_uri: String,
    /// Returned as it came.
    pub(crate) state: Option<String>,
    /// Base64url of a SHA-256: 43 characters.
    pub(crate) code_challenge: String,
    /// Those that the client may have, space-separated.
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) prompt: Prompt,
    /// Oldest sign-in that will do, in seconds.
    pub(crate) max_age_s: Option<i64>,
    pub(crate) login_hint: Option<String>,
    /// The account that an id token of ours names.
    pub(crate) hinted_account: Option<String>,
    pub(crate) claims: Option<ClaimsRequest>,
    /// Key that the code will be bound to.
    pub(crate) dpop_jkt: Option<String>,
    /// The pushed request that this is.
    pub(crate) request_uri: Option<String>,
}

/// What the client wants the person to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
}

/// Why there is no sign-in page.
#[derive(Debug)]
pub(crate) enum AuthorizeError {
    /// Nobody may be redirected: the client or the address is not known to be ours.
    Refused(&'static str),
    /// The client is ours and made a mistake; it is told by redirect.
    Returned {
        redirect_uri: String,
        state: Option<String>,
        error: &'static str,
        description: &'static str,
    },
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for AuthorizeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl AuthorizationRequest {
    /// Reads the query. The order matters: nothing is redirected before client and address are known to be ours.
    pub(crate) async fn parse(app: &Shared, query: &Pairs) -> Result<Self, AuthorizeError> {
        if query.doubled().is_some_and(|name| matches!(name, "client_id" | "redirect_uri" | "request_uri")) {
            return Err(AuthorizeError::Refused("The link names its app twice."));
        }
        let unknown = AuthorizeError::Refused("The link does not come from an app of this service.");
        let Some(id) = query.get("client_id") else { return Err(unknown) };
        let Some(client) = app.identity.clients.find(id).await? else { return Err(unknown) };
        if let Some(uri) = query.get("request_uri").filter(|uri| super::par::is_ours(uri)) {
            let pushed = app.identity.pushed.find(uri, &client.id).await?;
            let text = "The link has expired or was used before.";
            let pushed = pushed.ok_or(AuthorizeError::Refused(text))?;
            let mut request = Self::read(app, &Pairs::parse(&pushed), client).await?;
            request.request_uri = Some(uri.to_owned());
            return Ok(request);
        }
        if client.document.require_par {
            return Err(AuthorizeError::Refused("The app must send its request to the server first."));
        }
        Self::read(app, query, client).await
    }

    /// The same for a request that is pushed: it comes from the client itself.
    pub(crate) async fn read(app: &Shared, query: &Pairs, client: Client) -> Result<Self, AuthorizeError> {
        let not_allowed = "The link asks for the answer to be sent to an address that is not allowed.";
        let redirect_uri = query
            .get("redirect_uri")
            .filter(|uri| client.accepts_redirect(uri))
            .ok_or(AuthorizeError::Refused(not_allowed))?
            .to_owned();
        let state = query.get("state").filter(|state| is_state(state)).map(str::to_owned);
        let returned = |error, description| AuthorizeError::Returned {
            redirect_uri: redirect_uri.clone(),
            state: state.clone(),
            error,
            description,
        };
        if query.doubled().is_some() {
            return Err(returned("invalid_request", "a parameter is given twice"));
        }
        if query.get("request").is_some() {
            return Err(returned("request_not_supported", "request objects are not supported"));
        }
        if query.get("request_uri").is_some() {
            return Err(returned("request_uri_not_supported", "only addresses of pushed requests are supported"));
        }
        match query.get("response_type") {
            Some("code") => {}
            Some(_) => return Err(returned("unsupported_response_type", "only code is supported")),
            None => return Err(returned("invalid_request", "response_type is missing")),
        }
        if query.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(returned("invalid_request", "response_mode must be query"));
        }
        // An installed app has nothing but state and verifier to tell its own redirect from a forged one.
        if state.is_none() && (client.is_public() || query.get("state").is_some()) {
            return Err(returned("invalid_request", "state is missing, too long or not printable ASCII"));
        }
        if query.get("code_challenge_method") != Some("S256") {
            return Err(returned("invalid_request", "code_challenge_method must be S256"));
        }
        let code_challenge = query
            .get("code_challenge")
            .filter(|challenge| is_challenge(challenge))
            .ok_or_else(|| returned("invalid_request", "code_challenge must be 43 characters of base64url"))?
            .to_owned();
        let short = |name: &str, limit: usize| match query.get(name) {
            Some(value) if value.len() > limit => Err(returned("invalid_request", "a parameter is too long")),
            value => Ok(value.map(str::to_owned)),
        };
        let prompt = Prompt::parse(query.get("prompt")).map_err(|text| returned("invalid_request", text))?;
        let max_age_s = match query.get("max_age").map(str::parse::<i64>) {
            Some(Ok(seconds @ 0..)) => Some(seconds),
            Some(_) => return Err(returned("invalid_request", "max_age must be a number of seconds")),
            None => None,
        };
        let claims = match short("claims", MAX_DOCUMENT)? {
            Some(text) => {
                let bad = |_| returned("invalid_request", "claims cannot be read");
                Some(serde_json::from_str::<ClaimsRequest>(&text).map_err(bad)?)
            }
            None => None,
        };
        let hinted_account = match short("id_token_hint", MAX_DOCUMENT)? {
            Some(token) => {
                let hinted = app.identity.subject_of_own_token(&token).await;
                Some(hinted.ok_or_else(|| returned("invalid_request", "id_token_hint is not a token of ours"))?)
            }
            None => None,
        };
        let dpop_jkt = short("dpop_jkt", MAX_VALUE)?;
        if client.document.require_dpop && dpop_jkt.is_none() && client.is_public() {
            return Err(returned("invalid_request", "dpop_jkt is missing"));
        }
        let scope = client.allowed_scope(query.get("scope"));
        if scope.is_empty() {
            return Err(returned("invalid_scope", "none of the scopes can be granted"));
        }
        let nonce = short("nonce", MAX_VALUE)?;
        let login_hint = short("login_hint", MAX_VALUE)?;
        Ok(Self {
            client,
            state,
            code_challenge,
            scope,
            nonce,
            prompt,
            max_age_s,
            login_hint,
            hinted_account,
            claims,
            dpop_jkt,
            request_uri: None,
            redirect_uri,
        })
    }

    /// Where the browser goes with a code.
    pub(crate) fn granted(&self, code: &str, issuer: &str) -> String {
        let mut parameters = vec![("code", code)];
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", issuer));
        answer(&self.redirect_uri, &parameters)
    }

    /// Where the browser goes with an error.
    pub(crate) fn refused(&self, error: (&'static str, &'static str), issuer: &str) -> String {
        error_redirect(&self.redirect_uri, self.state.as_deref(), error, issuer)
    }

    /// Where the browser will be sent, as a source expression: the page's policy must allow the form to end up there.
    pub(crate) fn redirect_origin(&self) -> String {
        let scheme = || self.redirect_uri.split(':').next().unwrap_or_default();
        match url::Url::parse(&self.redirect_uri) {
            Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
            _ => format!("{}:", scheme()),
        }
    }

    /// What forms and continuations for this request are bound to.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let parts = [
            self.client.id.clone(),
            self.redirect_uri.clone(),
            optional(&self.state),
            self.code_challenge.clone(),
            self.scope.clone(),
            optional(&self.nonce),
            optional(&self.dpop_jkt),
            optional(&self.request_uri),
        ];
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        digest.finalize().into()
    }
}

impl Prompt {
    fn parse(text: Option<&str>) -> Result<Self, &'static str> {
        let mut prompt = Self::default();
        let mut count = 0;
        for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            count += 1;
            match word {
                "none" => prompt.none = true,
                // Choosing another account is signing in again.
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => return Err("prompt must be none, login, consent or select_account"),
            }
        }
        if prompt.none && count > 1 { Err("prompt=none excludes every other") } else { Ok(prompt) }
    }
}

/// Where the browser goes with an error.
pub(crate) fn error_redirect(
    redirect_uri: &str,
    state: Option<&str>,
    error: (&'static str, &'static str),
    issuer: &str,
) -> String {
    let mut parameters = vec![("error", error.0), ("error_description", error.1)];
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", issuer));
    answer(redirect_uri, &parameters)
}

/// A registered address may have a query of its own (RFC 6749, 3.1.2).
fn answer(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    format!("{redirect_uri}{joint}{query}")
}

fn is_state(state: &str) -> bool {
    state.len() <= MAX_STATE && state.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

fn is_challenge(challenge: &str) -> bool {
    challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_combine_and_none_stands_alone() {
        let of = |text| Prompt::parse(Some(text));
        assert_eq!(of(""), Ok(Prompt::default()));
        assert_eq!(of("login consent"), Ok(Prompt { none: false, login: true, consent: true }));
        assert!(of("none login").is_err() && of("nonsense").is_err());
    }

    #[test]
    fn answer_keeps_the_query_of_a_registered_address() {
        assert_eq!(answer("https://rp.example/cb?a=1", &[("code", "x y")]), "https://rp.example/cb?a=1&code=x+y");
        let location = error_redirect("http://127.0.0.1:1/callback", Some("a b+c"), ("e", "d"), "http://i");
        let location = url::Url::parse(&location).unwrap();
        assert!(location.query_pairs().any(|(name, value)| name == "state" && value == "a b+c"));
    }
}
