//! The authorization server's endpoints, through the `oauth2` crate.
//!
//! The crate builds requests, reads answers, and makes PKCE and `state`; our own connection pool carries them (it
//! brings an older reqwest, which is switched off). Revocation is ours: the crate refuses it over loopback `http`.

use super::{
    RefreshSecret,
    error::{ClientError, SignInError},
    http::{self, Http},
};
use crate::{identity::AuthorizationServer, routes};
use oauth2::{
    AsyncHttpClient, AuthUrl, AuthorizationCode, ClientId, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, TokenResponse,
    TokenUrl,
    basic::{BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse},
};
use reqwest::Method;
use std::{borrow::Cow, fmt, pin::Pin, time::Duration};
use tokio::sync::OnceCell;
use url::Url;

/// Longest token answer read, in bytes.
const TOKEN_LIMIT: usize = 64 << 10;
/// Life of an access token when the server does not say (RFC 6749 only recommends it).
const UNKNOWN_LIFE: Duration = Duration::from_secs(300);

type Protocol = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Talks to one authorization server. Its metadata are read once, at the first need.
#[derive(Debug)]
pub(crate) struct OAuth {
    http: Http,
    /// Which of our apps this is.
    client_id: &'static str,
    metadata: OnceCell<Endpoints>,
}

/// The metadata after checking.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    /// As the server writes it; `iss` must be equal byte for byte.
    pub(crate) issuer: String,
    /// Does every redirect carry `iss`?
    pub(crate) sends_iss: bool,
    revocation: Url,
    /// Where devices without a browser begin, if they can.
    pub(super) device: Option<Url>,
    /// Where codes are exchanged.
    pub(super) token: Url,
    protocol: Protocol,
}

/// What the token endpoint gives.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) life: Duration,
    /// Absent if the server does not rotate: then the old one stays good.
    pub(crate) refresh: Option<RefreshSecret>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("life", &self.life).finish_non_exhaustive()
    }
}

/// One authorization request: where to send the browser, and the secrets that the answer is checked with.
pub(crate) struct Authorization {
    pub(crate) url: Url,
    pub(crate) state: CsrfToken,
    pub(crate) verifier: PkceCodeVerifier,
    pub(crate) redirect: Url,
}

/// Why the token endpoint gave nothing.
#[derive(Clone, Debug)]
pub(crate) enum TokenError {
    /// `invalid_grant`: the code or the refresh token is used, expired or revoked. Final.
    InvalidGrant,
    /// Another OAuth error, by its registered code.
    Refused(String),
    /// No usable answer; nothing is known about the grant.
    Client(ClientError),
}

impl OAuth {
    pub(crate) fn new(http: Http, client_id: &'static str) -> Self {
        Self { http, client_id, metadata: OnceCell::new() }
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    pub(super) fn client_id(&self) -> &'static str {
        self.client_id
    }

    /// The server's endpoints (RFC 8414).
    pub(crate) async fn endpoints(&self) -> Result<&Endpoints, SignInError> {
        self.metadata.get_or_try_init(|| self.discover()).await
    }

    async fn discover(&self) -> Result<Endpoints, SignInError> {
        let url = self.http.absolute(routes::OAUTH_METADATA)?;
        let response = http::success(self.http.send(self.http.request(Method::GET, url)).await?).await?;
        Endpoints::checked(http::read_json(response).await?, &self.http, self.client_id)
    }

    /// Makes state, PKCE verifier and the address for the browser.
    pub(crate) async fn authorization(&self, redirect: Url) -> Result<Authorization, SignInError> {
        let endpoints = self.endpoints().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = endpoints
            .protocol
            .authorize_url(CsrfToken::new_random)
            .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect.clone())))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Authorization { url, state, verifier, redirect })
    }

    /// Exchanges the code of a redirect. Sent once: a code that is sent twice is burned.
    pub(crate) async fn exchange_code(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        redirect: Url,
    ) -> Result<Tokens, TokenError> {
        let endpoints = self.endpoints_for_tokens().await?;
        let answer = endpoints
            .protocol
            .exchange_code(AuthorizationCode::new(code))
            .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect)))
            .set_pkce_verifier(verifier)
            .request_async(&self.http)
            .await;
        read_tokens(answer)
    }

    /// Renews with a refresh token. Sent once: its second use would end the session.
    pub(crate) async fn refresh(&self, refresh: &RefreshSecret) -> Result<Tokens, TokenError> {
        let endpoints = self.endpoints_for_tokens().await?;
        let refresh = RefreshToken::new(refresh.expose().to_owned());
        let answer = endpoints.protocol.exchange_refresh_token(&refresh).request_async(&self.http).await;
        read_tokens(answer)
    }

    /// Ends the session at the server (RFC 7009): the refresh token and everything that came from it.
    pub(crate) async fn revoke(&self, refresh: &RefreshSecret) -> Result<(), SignInError> {
        let endpoints = self.endpoints().await?;
        let form = [("token", refresh.expose()), ("token_type_hint", "refresh_token"), ("client_id", self.client_id)];
        let request = self.http.request(Method::POST, endpoints.revocation.clone()).form(&form);
        http::success(self.http.send(request).await?).await?;
        Ok(())
    }

    async fn endpoints_for_tokens(&self) -> Result<&Endpoints, TokenError> {
        self.endpoints().await.map_err(|error| match error {
            SignInError::Client(error) => TokenError::Client(error),
            other => TokenError::Refused(other.to_string()),
        })
    }
}

/// The seam between the crate and our connections.
impl<'c> AsyncHttpClient<'c> for Http {
    type Error = ClientError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ClientError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(carry(self, request))
    }
}

async fn carry(http: &Http, request: HttpRequest) -> Result<HttpResponse, ClientError> {
    let request = reqwest::Request::try_from(request).map_err(|_| ClientError::ForeignAddress)?;
    let response = http.send_once(request).await?;
    let status = response.status();
    // A server or gateway in trouble says nothing about the grant, whatever its body looks like.
    if status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS {
        let path = response.url().path().to_owned();
        let error = http::success(response).await.err();
        return Err(error.unwrap_or(ClientError::UnexpectedStatus { status: status.as_u16(), path }));
    }
    let (version, headers) = (response.version(), response.headers().clone());
    let mut answer = HttpResponse::new(http::read_body(response, TOKEN_LIMIT).await?);
    *answer.status_mut() = status;
    *answer.version_mut() = version;
    *answer.headers_mut() = headers;
    Ok(answer)
}

fn read_tokens(
    answer: Result<BasicTokenResponse, RequestTokenError<ClientError, BasicErrorResponse>>,
) -> Result<Tokens, TokenError> {
    let malformed = |detail: &str| {
        let path = routes::OAUTH_TOKEN.to_owned();
        TokenError::Client(ClientError::Malformed { path, detail: detail.to_owned() })
    };
    match answer {
        Ok(answer) => Ok(Tokens {
            access: answer.access_token().secret().clone(),
            life: answer.expires_in().unwrap_or(UNKNOWN_LIFE),
            refresh: answer.refresh_token().map(|token| RefreshSecret::new(token.secret().clone())),
        }),
        Err(RequestTokenError::Request(error)) => Err(TokenError::Client(error)),
        Err(RequestTokenError::ServerResponse(answer)) => Err(match answer.error() {
            BasicErrorResponseType::InvalidGrant => TokenError::InvalidGrant,
            other => TokenError::Refused(other.as_ref().to_owned()),
        }),
        // Carries the body, which may hold tokens: it goes no further.
        Err(RequestTokenError::Parse(..)) => Err(malformed("not a token answer")),
        Err(RequestTokenError::Other(_)) => Err(malformed("an empty answer")),
    }
}

impl Endpoints {
    fn checked(metadata: AuthorizationServer, http: &Http, client_id: &str) -> Result<Self, SignInError> {
        // RFC 8414, section 3.3: otherwise one server could speak for another.
        if metadata.issuer.trim_end_matches('/') != http.origin().origin().ascii_serialization() {
            return Err(SignInError::Metadata("the issuer is not the service"));
        }
        if !metadata.code_challenge_methods_supported.iter().any(|method| method == "S256") {
            return Err(SignInError::Metadata("no PKCE with S256"));
        }
        if !metadata.response_types_supported.iter().any(|kind| kind == "code") {
            return Err(SignInError::Metadata("no authorization code flow"));
        }
        let endpoint = |address: &str| {
            http.absolute(address).map_err(|_| SignInError::Metadata("an endpoint lies outside the service"))
        };
        let protocol = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::from_url(endpoint(&metadata.authorization_endpoint)?))
            .set_token_uri(TokenUrl::from_url(endpoint(&metadata.token_endpoint)?));
        Ok(Self {
            sends_iss: metadata.authorization_response_iss_parameter_supported,
            revocation: endpoint(&metadata.revocation_endpoint)?,
            device: metadata.device_authorization_endpoint.as_deref().map(endpoint).transpose()?,
            token: endpoint(&metadata.token_endpoint)?,
            issuer: metadata.issuer,
            protocol,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::http::Retry;

    fn metadata() -> AuthorizationServer {
        AuthorizationServer {
            issuer: "http://127.0.0.1:81".to_owned(),
            authorization_endpoint: "http://127.0.0.1:81/oauth/authorize".to_owned(),
            token_endpoint: "http://127.0.0.1:81/oauth/token".to_owned(),
            revocation_endpoint: "http://127.0.0.1:81/oauth/revoke".to_owned(),
            response_types_supported: vec!["code".to_owned()],
            grant_types_supported: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
            code_challenge_methods_supported: vec!["S256".to_owned()],
            token_endpoint_auth_methods_supported: vec!["none".to_owned()],
            authorization_response_iss_parameter_supported: true,
            device_authorization_endpoint: None,
        }
    }

    fn check(metadata: AuthorizationServer) -> Result<Endpoints, SignInError> {
        let http = Http::new(Url::parse("http://127.0.0.1:81").unwrap(), Retry::default()).unwrap();
        Endpoints::checked(metadata, &http, routes::CLIENT_ID)
    }

    #[test]
    fn good_metadata_are_accepted() {
        assert!(check(metadata()).unwrap().sends_iss);
    }

    #[test]
    fn metadata_that_lead_elsewhere_or_lack_pkce_are_refused() {
        type Change = fn(&mut AuthorizationServer);
        let changes: [Change; 7] = [
            |m| m.device_authorization_endpoint = Some("http://example.org/device".to_owned()),
            |m| m.issuer = "http://127.0.0.1:82".to_owned(),
            |m| m.authorization_endpoint = "http://example.org/oauth/authorize".to_owned(),
            |m| m.token_endpoint = "http://example.org/oauth/token".to_owned(),
            |m| m.revocation_endpoint = "//example.org/oauth/revoke".to_owned(),
            |m| m.code_challenge_methods_supported = vec!["plain".to_owned()],
            |m| m.response_types_supported = vec!["token".to_owned()],
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut metadata = metadata();
            change(&mut metadata);
            assert!(matches!(check(metadata), Err(SignInError::Metadata(_))), "change {index}");
        }
    }

    #[test]
    fn tokens_do_not_print() {
        let tokens = Tokens {
            access: "top-secret".to_owned(),
            life: UNKNOWN_LIFE,
            refresh: Some(RefreshSecret::new("top-secret".to_owned())),
        };
        assert!(!format!("{tokens:?}").contains("top-secret"));
    }
}
