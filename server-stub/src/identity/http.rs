//! The pages and documents of the service.

use super::{
    accounts::plan_name,
    authorize::{self, AuthorizationRequest, AuthorizeError},
    codes::CodeGrant,
    demo,
    form_token::BrowserNonce,
    page::{self, DemoEntry, SignInPage},
    passwords::HashRefused,
    throttle::Attempt,
};
use crate::{
    app::Shared,
    clock::SECOND_MS,
    gateway::{ApiError, PeerAddress, Principal, extract::Pairs},
};
use axum::{
    Extension, Json,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::{
    AccountId,
    identity::{Account, AuthorizationServer, Profile},
    routes,
};

/// Longest e-mail address that is looked at (RFC 5321 allows 254).
const MAX_EMAIL: usize = 254;

/// `GET /.well-known/oauth-authorization-server`.
pub(crate) async fn metadata(State(app): State<Shared>) -> Response {
    let issuer = &app.identity.issuer;
    let one = |text: &str| vec![text.to_owned()];
    let document = AuthorizationServer {
        issuer: issuer.clone(),
        authorization_endpoint: format!("{issuer}{}", routes::OAUTH_AUTHORIZE),
        token_endpoint: format!("{issuer}{}", routes::OAUTH_TOKEN),
        revocation_endpoint: format!("{issuer}{}", routes::OAUTH_REVOKE),
        response_types_supported: one("code"),
        grant_types_supported: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
        code_challenge_methods_supported: one("S256"),
        token_endpoint_auth_methods_supported: one("none"),
        authorization_response_iss_parameter_supported: true,
    };
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response()
}

/// `GET /oauth/authorize`: the sign-in page.
pub(crate) async fn show_sign_in(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match AuthorizationRequest::parse(&Pairs::parse(&query.unwrap_or_default())) {
        Ok(request) => SignIn { app: &app, request, headers: &headers }.page(StatusCode::OK, "", None),
        Err(error) => refuse(&app, error),
    }
}

/// `POST /oauth/authorize`: the sent form.
pub(crate) async fn sign_in(
    State(app): State<Shared>,
    Extension(PeerAddress(address)): Extension<PeerAddress>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Response {
    let request = match AuthorizationRequest::parse(&Pairs::parse(&query.unwrap_or_default())) {
        Ok(request) => request,
        Err(error) => return refuse(&app, error),
    };
    let form = match form {
        Ok(form) => form,
        Err(status) => return page::refusal(status, "The form could not be read."),
    };
    // Browsers that send it spare us the question; the bound token below decides for the others.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return page::refusal(StatusCode::FORBIDDEN, "The form was sent from another page.");
    }
    let sign_in = SignIn { app: &app, request, headers: &headers };
    let typed = form.get("email").unwrap_or_default().trim();
    let email: String = typed.chars().take(MAX_EMAIL).collect();
    if !sign_in.is_own_form(form.get("token").unwrap_or_default()) {
        return sign_in.page(
            StatusCode::UNPROCESSABLE_ENTITY,
            &email,
            Some("This page was open for too long. Please sign in again."),
        );
    }
    if form.get("cancel").is_some() {
        return see_other(&sign_in.request.denied(&app.identity.issuer));
    }
    let outcome = match form.get("demo") {
        Some(demo) if app.identity.demo => sign_in.demo_account(demo).await,
        _ => sign_in.check(Attempt { email: &email, address }, form.get("password").unwrap_or_default()).await,
    };
    match outcome {
        Ok(account) => sign_in.grant(&account).await.unwrap_or_else(|error| failed(&error)),
        Err(refusal) => sign_in.refused(&email, refusal),
    }
}

/// `GET /v1/me`.
pub(crate) async fn me(State(app): State<Shared>, who: Principal) -> Result<Json<Account>, ApiError> {
    let account = app.identity.accounts.account(&who.account).await?;
    account.map(Json).ok_or_else(|| ApiError::not_found("account"))
}

/// `GET /v1/profiles`.
pub(crate) async fn profiles(State(app): State<Shared>, who: Principal) -> Result<Json<Vec<Profile>>, ApiError> {
    Ok(Json(app.identity.accounts.profiles(&who.account).await?))
}

/// One sign-in in progress.
struct SignIn<'a> {
    app: &'a Shared,
    request: AuthorizationRequest,
    headers: &'a HeaderMap,
}

/// Why the form comes back.
enum SignInRefused {
    WrongCredentials,
    TooOften { wait_ms: i64 },
    Busy,
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for SignInRefused {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl SignIn<'_> {
    fn is_own_form(&self, token: &str) -> bool {
        let identity = &self.app.identity;
        BrowserNonce::from_headers(self.headers)
            .is_some_and(|nonce| identity.forms.is_valid(token, &self.request, &nonce, identity.clock.now_ms()))
    }

    /// Compares the credentials. Unknown accounts are counted, hashed and answered like known ones.
    async fn check(&self, attempt: Attempt<'_>, password: &str) -> Result<AccountId, SignInRefused> {
        let identity = &self.app.identity;
        let wait_ms = identity.throttle.wait_ms(attempt, identity.clock.now_ms());
        if wait_ms > 0 {
            return Err(SignInRefused::TooOften { wait_ms });
        }
        let known = identity.accounts.credentials(attempt.email).await?;
        let (account, stored) = known.map(|known| (known.account, known.password_hash)).unzip();
        let is_right = match identity.passwords.verify(password.to_owned(), stored).await {
            Ok(is_right) => is_right,
            Err(HashRefused::Busy | HashRefused::Failed) => return Err(SignInRefused::Busy),
        };
        match account {
            Some(account) if is_right => {
                identity.throttle.succeeded(attempt);
                Ok(account)
            }
            _ => {
                identity.throttle.failed(attempt, identity.clock.now_ms());
                Err(SignInRefused::WrongCredentials)
            }
        }
    }

    /// The one-click buttons of demo mode. Their password is on the page, so not asking for it gives nothing away.
    async fn demo_account(&self, email: &str) -> Result<AccountId, SignInRefused> {
        if !demo::ACCOUNTS.iter().any(|account| account.email == email) {
            return Err(SignInRefused::WrongCredentials);
        }
        let known = self.app.identity.accounts.credentials(email).await?;
        known.map(|known| known.account).ok_or(SignInRefused::WrongCredentials)
    }

    /// Back to the app with a code. 303, so that no browser repeats the form there (RFC 9700, 4.12).
    async fn grant(&self, account: &AccountId) -> Result<Response, sqlx::Error> {
        let identity = &self.app.identity;
        let grant = CodeGrant {
            account,
            client_id: routes::CLIENT_ID,
            redirect_uri: &self.request.redirect_uri,
            code_challenge: &self.request.code_challenge,
        };
        let code = identity.codes.issue(grant).await?;
        Ok(see_other(&self.request.granted(&code.into_text(), &identity.issuer)))
    }

    fn refused(&self, email: &str, refusal: SignInRefused) -> Response {
        match refusal {
            SignInRefused::WrongCredentials => {
                let text = "That e-mail and password do not match. Check both and try again.";
                self.page(StatusCode::UNPROCESSABLE_ENTITY, email, Some(text))
            }
            SignInRefused::TooOften { wait_ms } => {
                let seconds = (wait_ms + SECOND_MS - 1) / SECOND_MS;
                let text = format!("Too many attempts. Try again in {}.", waiting(seconds));
                with_retry_after(self.page(StatusCode::TOO_MANY_REQUESTS, email, Some(&text)), seconds)
            }
            SignInRefused::Busy => {
                let text = "Many people are signing in right now. Try again in a moment.";
                with_retry_after(self.page(StatusCode::SERVICE_UNAVAILABLE, email, Some(text)), 2)
            }
            SignInRefused::Failed(error) => failed(&error),
        }
    }

    fn page(&self, status: StatusCode, email: &str, error: Option<&str>) -> Response {
        let identity = &self.app.identity;
        let nonce = BrowserNonce::from_headers(self.headers).unwrap_or_else(BrowserNonce::random);
        let demo: Vec<DemoEntry> = if identity.demo { demo_entries() } else { Vec::new() };
        let page = SignInPage {
            token: &identity.forms.issue(&self.request, &nonce, identity.clock.now_ms()),
            email,
            error,
            demo: &demo,
            redirect_origin: self.request.redirect_origin(),
        };
        let mut response = page.into_response(status);
        response.headers_mut().insert(header::SET_COOKIE, identity.forms.cookie(&nonce));
        response
    }
}

fn demo_entries() -> Vec<DemoEntry> {
    demo::ACCOUNTS
        .iter()
        .map(|account| DemoEntry {
            email: account.email,
            password: demo::PASSWORD,
            plan: plan_name(account.plan),
            name: account.profiles[0].name,
            colour: account.profiles[0].colour,
        })
        .collect()
}

fn refuse(app: &Shared, error: AuthorizeError) -> Response {
    match error {
        AuthorizeError::Refused(reason) => page::refusal(StatusCode::BAD_REQUEST, reason),
        AuthorizeError::Returned { redirect_uri, state, error, description } => see_other(&authorize::error_redirect(
            &redirect_uri,
            state.as_deref(),
            (error, description),
            &app.identity.issuer,
        )),
    }
}

fn failed(error: &sqlx::Error) -> Response {
    tracing::error!(%error, "a sign-in failed");
    page::refusal(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on the server. Please try again.")
}

fn see_other(location: &str) -> Response {
    let location = HeaderValue::try_from(location).expect("a checked address and encoded parameters are visible ASCII");
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn with_retry_after(mut response: Response, seconds: i64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn waiting(seconds: i64) -> String {
    match seconds {
        1 => "one second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}
