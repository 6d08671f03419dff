//! The admin page: what QA wants to see of a running server, and a few switches. Drawn on the server; no script.
//!
//! It opens for accounts with the role QA or admin (the access table says so), by the browser's session or by a token.
//! What it shows is no secret: identifiers, counts and the log of requests, no e-mail address, no key.

mod live_log;
mod overview;

use super::{ApiError, access::Visitor, extract::Pairs, markup::escape};
use crate::{app::Shared, delivery::SwitchError};
use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::Engine;
use serde::Deserialize;
use service_api::{TitleId, problem::ProblemCode, routes};
use sha2::{Digest, Sha256};

/// What its form tokens are for.
const PURPOSE: &str = "admin";
/// How often the overview loads itself again, in seconds.
const REFRESH_S: u32 = 5;

const STYLE: &str = "body{font:15px/1.5 Inter,system-ui,sans-serif;background:#0b0d12;color:#e8eaf0;margin:2rem auto;\
    max-width:70rem;padding:0 1rem}table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{text-align:left;\
    padding:.25rem .75rem .25rem 0;border-bottom:1px solid #262b36;font-variant-numeric:tabular-nums}th{color:#9aa3b5}\
    input,select,button{font:inherit;padding:.4rem .8rem;border-radius:.5rem;border:1px solid #3a4150;\
    background:#161a22;color:inherit}label{display:block;margin:.5rem 0}button:focus-visible,input:focus-visible,\
    select:focus-visible,a:focus-visible{outline:2px solid #7aa7ff}a{color:#9dbdff}";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    /// `log` is the live log as server-sent events, `faults` the form for faults.
    #[serde(default)]
    view: Option<String>,
}

/// `GET /admin`.
pub(super) async fn show(
    State(app): State<Shared>,
    Extension(Visitor(browser)): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = browser.as_ref().map(|browser| app.identity.form_token(PURPOSE, browser)).unwrap_or_default();
    Ok(match wanted.view.as_deref() {
        Some("log") => live_log::stream(&app, headers, browser.is_some()).into_response(),
        // Without loading itself again: that would take away what is being typed.
        Some("faults") => page("Faults", false, &overview::faults_form(&app, &token)).into_response(),
        _ => page("Server", true, &overview::draw(&app, &token).await?).into_response(),
    })
}

/// `POST /admin`: switches a network of content delivery, or sets and clears the faults of a title.
pub(super) async fn change(
    State(app): State<Shared>,
    Extension(Visitor(browser)): Extension<Visitor>,
    headers: HeaderMap,
    form: Pairs,
) -> Result<Response, ApiError> {
    if let Some(browser) = browser {
        // Another site can make a browser send this form, but cannot know the token in ours.
        let is_foreign = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin");
        if is_foreign || !app.identity.is_form_token(form.get("token").unwrap_or_default(), PURPOSE, &browser) {
            return Err(forbidden().detail("the form is not one of this page, or was open for too long"));
        }
    }
    if let Some(network) = form.get("cdn") {
        if !app.pathways.knows(network) {
            return Err(ApiError::not_found("network"));
        }
        app.switches.set_in_service(network, form.get("up") == Some("1")).await?;
    }
    if let Some(title) = form.get("title") {
        let title = TitleId::from(title);
        if !app.delivery.url_faults {
            return Err(forbidden().detail("faults are switched off: start the server with --qa"));
        }
        if app.catalog.entry(&title).is_none() {
            return Err(ApiError::not_found("title"));
        }
        app.switches.set_faults(&title, form.get("faults").unwrap_or_default()).await.map_err(|error| match error {
            SwitchError::Store(error) => error.into(),
            error @ SwitchError::Faults(_) => ApiError::invalid(error.to_string()),
        })?;
    }
    // Here at once; other instances look within seconds.
    app.refresh_switches().await?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, routes::ADMIN)]).into_response())
}

fn forbidden() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, "Not allowed")
}

/// For a browser that is not signed in.
pub(super) fn sign_in_first() -> Response {
    let link = format!(
        "<p><a href=\"{}?next={}\">Sign in</a> as an admin or QA engineer.</p>",
        routes::SIGN_IN_PAGE,
        routes::ADMIN
    );
    (StatusCode::UNAUTHORIZED, page("Sign in first", false, &link)).into_response()
}

fn page(title: &str, refreshes: bool, content: &str) -> impl IntoResponse {
    let style_hash = base64::prelude::BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style_hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let refresh =
        if refreshes { format!("<meta http-equiv=\"refresh\" content=\"{REFRESH_S}\">") } else { String::new() };
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">{refresh}<title>{title} – Lumen admin</title><style>{STYLE}</style>\
         </head><body><main><h1>{title}</h1>{content}</main></body></html>"
    );
    let fields = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (fields, html)
}
