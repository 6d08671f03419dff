//! `GET` and `POST /oauth/authorize`: from the request of an app to a code, with as few questions as are safe.

use super::{
    super::{
        accounts::plan_name,
        credentials::{self, MAX_EMAIL, Refusal},
        demo,
        grant::{Grant, Method},
        oauth::{
            authorize::{AuthorizationRequest, AuthorizeError, error_redirect},
            codes::CodeGrant,
        },
        pages::{self, ConsentPage, DemoEntry, Entrance, SignInPage},
        sessions::BrowserSession,
        throttle::Attempt,
    },
    CONTINUE, failed, is_foreign, nonce, open_session, see_other, with_cookie, with_cookies, with_retry_after,
};
use crate::{
    app::Shared,
    gateway::{PeerAddress, extract::Pairs},
};
use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use service_api::routes;
use url::form_urlencoded;

/// Purposes of form tokens.
const SIGN_IN: &str = "sign-in";
const CONSENT: &str = "consent";

/// `GET`: whatever page comes next, or the answer to the app if none has to.
pub(crate) async fn show(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let pairs = Pairs::parse(&query);
    match AuthorizationRequest::parse(&app, &pairs).await {
        Ok(request) => {
            let visit = Visit { app: &app, request, query: &query, headers: &headers };
            visit.begin(pairs.get(CONTINUE)).await.unwrap_or_else(|error| failed(&error))
        }
        Err(error) => refuse(&app, error),
    }
}

/// `POST`: a sent form of ours, or a request that an app sends as a form (OpenID Connect Core, 3.1.2.1).
pub(crate) async fn answer(
    State(app): State<Shared>,
    Extension(PeerAddress(address)): Extension<PeerAddress>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Response {
    let query = query.unwrap_or_default();
    if query.is_empty()
        && let Ok(form) = &form
        && form.get("client_id").is_some()
    {
        let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(form.iter()).finish();
        return see_other(&format!("{}?{pairs}", routes::OAUTH_AUTHORIZE));
    }
    let request = match AuthorizationRequest::parse(&app, &Pairs::parse(&query)).await {
        Ok(request) => request,
        Err(error) => return refuse(&app, error),
    };
    let form = match form {
        Ok(form) => form,
        Err(status) => return pages::refusal(status, "The form could not be read."),
    };
    if is_foreign(&headers) {
        return pages::refusal(StatusCode::FORBIDDEN, "The form was sent from another page.");
    }
    let visit = Visit { app: &app, request, query: &query, headers: &headers };
    let outcome = match form.get("answer") {
        Some(answer) => visit.answered(&form, answer).await,
        None => visit.signed_in(&form, address).await,
    };
    outcome.unwrap_or_else(|error| failed(&error))
}

/// One request on its way through the pages.
struct Visit<'a> {
    app: &'a Shared,
    request: AuthorizationRequest,
    query: &'a str,
    headers: &'a HeaderMap,
}

impl Visit<'_> {
    async fn begin(&self, continued: Option<&str>) -> Result<Response, sqlx::Error> {
        let identity = &self.app.identity;
        let request = &self.request;
        let session = identity.sessions.find(self.headers).await?;
        let now_ms = self.app.clock.now_ms();
        let is_fresh = |session: &BrowserSession| {
            let is_continued = continued
                .is_some_and(|token| identity.forms.is_valid(token, CONTINUE, &request.digest(), &session.id, now_ms));
            let is_recent = request
                .max_age_s
                .is_none_or(|age| age > 0 && now_ms - session.auth_time_ms <= age.saturating_mul(1_000));
            (is_continued || !request.prompt.login && is_recent, is_continued)
        };
        let is_hinted = |session: &BrowserSession| {
            request.hinted_account.as_deref().is_none_or(|account| account == session.account.as_str())
        };
        let usable = session.filter(is_hinted).map(|session| (is_fresh(&session), session));
        let Some(((true, is_continued), session)) = usable else {
            if request.prompt.none {
                return Ok(self.refused(("login_required", "somebody has to sign in")));
            }
            let email = request.login_hint.as_deref().unwrap_or_default();
            return Ok(self.sign_in_page(StatusCode::OK, email, None));
        };
        if self.may_go_on(&session, is_continued).await? {
            return self.grant(&session).await;
        }
        if request.prompt.none {
            let is_ours = request.client.document.first_party;
            let error = if is_ours { "interaction_required" } else { "consent_required" };
            return Ok(self.refused((error, "somebody has to be asked")));
        }
        self.consent_page(&session).await
    }

    /// Nothing left to ask? An installed app cannot prove which one it is, so nobody is sent on to it without having
    /// done something (RFC 8252, 8.6).
    async fn may_go_on(&self, session: &BrowserSession, has_just_signed_in: bool) -> Result<bool, sqlx::Error> {
        let client = &self.request.client;
        if client.document.first_party {
            return Ok(has_just_signed_in || !client.is_public());
        }
        if self.request.prompt.consent || client.is_public() {
            return Ok(false);
        }
        self.app.identity.consents.covers(&session.account, &client.id, &self.request.scope).await
    }

    /// The consent page was sent.
    async fn answered(&self, form: &Pairs, answer: &str) -> Result<Response, sqlx::Error> {
        let identity = &self.app.identity;
        let Some(session) = identity.sessions.find(self.headers).await? else {
            return Ok(self.sign_in_page(StatusCode::UNPROCESSABLE_ENTITY, "", Some(TOO_LONG)));
        };
        let token = form.get("token").unwrap_or_default();
        let now_ms = self.app.clock.now_ms();
        if !identity.forms.is_valid(token, CONSENT, &self.request.digest(), &session.id, now_ms) {
            return Ok(self.sign_in_page(StatusCode::UNPROCESSABLE_ENTITY, "", Some(TOO_LONG)));
        }
        if answer != "allow" {
            return Ok(self.sign_in_page(StatusCode::OK, "", None));
        }
        if !self.request.client.document.first_party {
            let (account, client) = (&session.account, &self.request.client.id);
            identity.consents.remember(account, client, &self.request.scope, now_ms).await?;
        }
        self.grant(&session).await
    }

    /// The sign-in page was sent, or either page was cancelled.
    async fn signed_in(&self, form: &Pairs, address: std::net::IpAddr) -> Result<Response, sqlx::Error> {
        let typed = form.get("email").unwrap_or_default().trim();
        let email: String = typed.chars().take(MAX_EMAIL).collect();
        let is_cancelled = form.get("cancel").is_some();
        if !self.is_own_form(form.get("token").unwrap_or_default(), is_cancelled).await? {
            return Ok(self.sign_in_page(StatusCode::UNPROCESSABLE_ENTITY, &email, Some(TOO_LONG)));
        }
        if is_cancelled {
            return Ok(self.refused(("access_denied", "the viewer has cancelled")));
        }
        let outcome = match form.get("demo") {
            Some(demo) if self.app.identity.demo => credentials::demo_account(self.app, demo).await,
            _ => {
                let known = self.app.identity.known_devices.find(self.headers, &email, self.app.clock.now_ms());
                let attempt = Attempt { email: &email, address, known: known.as_deref() };
                credentials::check(self.app, attempt, form.get("password").unwrap_or_default()).await
            }
        };
        let account = match outcome {
            Ok(account) => account,
            Err(Refusal::Failed(error)) => return Err(error),
            Err(refusal) => {
                let (status, text, wait) = refusal.explained();
                return Ok(with_retry_after(self.sign_in_page(status, &email, Some(&text)), wait));
            }
        };
        let (session, cookies) = open_session(self.app, self.headers, &account, Method::Password).await?;
        let response = if self.may_go_on(&session, true).await? {
            self.grant(&session).await?
        } else {
            self.consent_page(&session).await?
        };
        Ok(with_cookies(response, cookies))
    }

    async fn is_own_form(&self, token: &str, is_cancelled: bool) -> Result<bool, sqlx::Error> {
        let identity = &self.app.identity;
        let (digest, now_ms) = (self.request.digest(), self.app.clock.now_ms());
        let is_sign_in = identity
            .forms
            .nonce(self.headers)
            .is_some_and(|nonce| identity.forms.is_valid(token, SIGN_IN, &digest, nonce.as_str(), now_ms));
        if is_sign_in || !is_cancelled {
            return Ok(is_sign_in);
        }
        let session = identity.sessions.find(self.headers).await?;
        Ok(session.is_some_and(|session| identity.forms.is_valid(token, CONSENT, &digest, &session.id, now_ms)))
    }

    /// Back to the app with a code.
    async fn grant(&self, session: &BrowserSession) -> Result<Response, sqlx::Error> {
        let identity = &self.app.identity;
        let request = &self.request;
        if let Some(uri) = &request.request_uri
            && !identity.pushed.take(uri).await?
        {
            return Ok(pages::refusal(StatusCode::BAD_REQUEST, "The link was used before."));
        }
        let details = Grant {
            scope: Some(request.scope.clone()),
            nonce: request.nonce.clone(),
            auth_time_ms: session.auth_time_ms,
            method: session.method,
            claims: request.claims.clone(),
            dpop_jkt: request.dpop_jkt.clone(),
            device: Some(pages::app_label(self.headers, &request.client.document.name)),
            address: None,
            is_third_party: !request.client.document.first_party,
        };
        let grant = CodeGrant {
            account: &session.account,
            session: &session.id,
            client_id: &request.client.id,
            redirect_uri: &request.redirect_uri,
            code_challenge: &request.code_challenge,
            details: &details,
        };
        let Some(code) = identity.codes.issue(grant).await? else {
            return Ok(self.sign_in_page(StatusCode::UNPROCESSABLE_ENTITY, "", Some(ENDED)));
        };
        Ok(see_other(&request.granted(&code.into_text(), &identity.issuer)))
    }

    fn refused(&self, error: (&'static str, &'static str)) -> Response {
        see_other(&self.request.refused(error, &self.app.identity.issuer))
    }

    async fn consent_page(&self, session: &BrowserSession) -> Result<Response, sqlx::Error> {
        let identity = &self.app.identity;
        let person = identity.accounts.person(&session.account).await?;
        let email = person.map(|person| person.email).unwrap_or_default();
        let client = &self.request.client.document;
        let page = ConsentPage {
            token: &identity.forms.issue(CONSENT, &self.request.digest(), &session.id, self.app.clock.now_ms()),
            app: &client.name,
            email: &email,
            leads_to: &self.request.redirect_origin(),
            scope: &self.request.scope,
            is_first_party: client.first_party,
        };
        Ok(page.respond())
    }

    fn sign_in_page(&self, status: StatusCode, email: &str, error: Option<&str>) -> Response {
        let identity = &self.app.identity;
        let nonce = nonce(self.app, self.headers);
        let demo = demo_entries(self.app);
        let client = &self.request.client.document;
        let page = SignInPage {
            token: &identity.forms.issue(SIGN_IN, &self.request.digest(), nonce.as_str(), self.app.clock.now_ms()),
            email,
            error,
            notice: None,
            demo: &demo,
            leads_to: Some(&self.request.redirect_origin()),
            app: (!client.first_party).then_some(client.name.as_str()),
            entrance: Entrance {
                next: &format!("{}?{}", routes::OAUTH_AUTHORIZE, self.query),
                providers: &identity.federation.names(),
                may_register: identity.may_register,
                may_cancel: true,
            },
        };
        with_cookie(page.respond(status), identity.forms.cookie(&nonce))
    }
}

const ENDED: &str = "You were signed out here. Please sign in again.";
const TOO_LONG: &str = "This page was open for too long. Please sign in again.";

/// The accounts of demo mode, for the page.
pub(super) fn demo_entries(app: &Shared) -> Vec<DemoEntry> {
    if !app.identity.demo {
        return Vec::new();
    }
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
        AuthorizeError::Refused(reason) => pages::refusal(StatusCode::BAD_REQUEST, reason),
        AuthorizeError::Failed(error) => failed(&error),
        AuthorizeError::Returned { redirect_uri, state, error, description } => {
            let error = (error, description);
            see_other(&error_redirect(&redirect_uri, state.as_deref(), error, &app.identity.issuer))
        }
    }
}
