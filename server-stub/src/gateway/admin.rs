//! The admin page: what QA wants to see of a running server, and a few switches. Drawn on the server; no script.
//!
//! It opens for accounts with the role QA or admin (the access table says so), by the browser's session or by a token.
//! What it shows is no secret: identifiers, counts and the log of requests, no e-mail address, no key.

use super::{ApiError, access::Visitor, extract::Pairs};
use crate::app::{App, Shared};
use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use base64::Engine;
use futures_util::{Stream, stream};
use serde::Deserialize;
use service_api::{problem::ProblemCode, routes};
use sha2::{Digest, Sha256};
use std::{convert::Infallible, fmt::Write, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// Rows of a table of the store that are shown.
const ROWS: i64 = 100;
/// What its form tokens are for.
const PURPOSE: &str = "admin";
/// How often the page loads itself again, in seconds.
const REFRESH_S: u32 = 5;

const STYLE: &str = "body{font:15px/1.5 Inter,system-ui,sans-serif;background:#0b0d12;color:#e8eaf0;margin:2rem auto;\
    max-width:70rem;padding:0 1rem}table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{text-align:left;\
    padding:.25rem .75rem .25rem 0;border-bottom:1px solid #262b36;font-variant-numeric:tabular-nums}th{color:#9aa3b5}\
    input,button{font:inherit;padding:.4rem .8rem;border-radius:.5rem;border:1px solid #3a4150;background:#161a22;\
    color:inherit}button:focus-visible,input:focus-visible,a:focus-visible{outline:2px solid #7aa7ff}a{color:#9dbdff}";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    /// `log` is the live log as server-sent events.
    #[serde(default)]
    view: Option<String>,
}

/// `GET /admin`.
pub(super) async fn show(
    State(app): State<Shared>,
    Extension(Visitor(browser)): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, ApiError> {
    if wanted.view.as_deref() == Some("log") {
        return Ok(live_log(&app).into_response());
    }
    let token = browser.map(|browser| app.identity.form_token(PURPOSE, &browser)).unwrap_or_default();
    Ok(page("Server", true, &overview(&app, &token).await?).into_response())
}

/// `POST /admin`: switches a network of content delivery.
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
            return Err(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, "Not allowed")
                .detail("the form is not one of this page, or was open for too long"));
        }
    }
    if let Some(cdn) = form.get("cdn")
        && !app.pathways.set_in_service(cdn, form.get("up") == Some("1"))
    {
        return Err(ApiError::not_found("network"));
    }
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, routes::ADMIN)]).into_response())
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

async fn overview(app: &App, token: &str) -> Result<String, ApiError> {
    let mut html = String::new();
    let progress = app.catalog.library_progress();
    table(
        &mut html,
        "Library",
        &["Ready", "Titles", "Faults in addresses"],
        &[vec![
            progress.ready.to_string(),
            progress.total.to_string(),
            if app.delivery.url_faults { "obeyed".to_owned() } else { "off".to_owned() },
        ]],
    );
    networks(&mut html, app, token);
    for (title, columns, statement) in TABLES {
        let rows: Vec<Vec<String>> = rows(app, columns.len(), statement).await?;
        table(&mut html, title, columns, &rows);
    }
    let log = app.request_log.last();
    let rows: Vec<Vec<String>> = log
        .iter()
        .take(50)
        .map(|entry| {
            let time = format!("{:.1} ms", entry.elapsed_ms);
            vec![
                entry.method.clone(),
                entry.route.clone(),
                entry.status.to_string(),
                time,
                entry.peer.clone(),
                entry.id.clone(),
            ]
        })
        .collect();
    table(&mut html, "Requests", &["Method", "Route", "Status", "Time", "From", "Id"], &rows);
    html.push_str(
        "<p><a href=\"/admin?view=log\">The live log</a> as server-sent events; media that are answered by the \
        connection itself are only counted, in /metrics.</p>",
    );
    Ok(html)
}

/// What is shown of the store. Identifiers and times; never an address, a hash or a key.
const TABLES: [(&str, &[&str], &str); 4] = [
    ("Accounts", &["Id"], "SELECT id FROM identity_accounts ORDER BY id LIMIT $1"),
    (
        "Sessions",
        &["Id", "Account", "Client"],
        "SELECT id, account_id, client_id FROM identity_token_families ORDER BY created_at_ms DESC LIMIT $1",
    ),
    (
        "Grants",
        &["Id", "Account", "Title"],
        "SELECT id, account_id, title_id FROM entitlement_grants ORDER BY id DESC LIMIT $1",
    ),
    ("Keys", &["Title"], "SELECT title_id FROM licence_content_keys ORDER BY title_id LIMIT $1"),
];

async fn rows(app: &App, columns: usize, statement: &'static str) -> Result<Vec<Vec<String>>, ApiError> {
    use sqlx::Row;
    let rows = sqlx::query(statement).bind(ROWS).fetch_all(app.db.reader()).await?;
    let texts = |row: &sqlx::any::AnyRow| (0..columns).map(|column| row.try_get::<String, _>(column)).collect();
    rows.iter().map(texts).collect::<Result<_, _>>().map_err(ApiError::from)
}

fn networks(html: &mut String, app: &App, token: &str) {
    let states = app.pathways.states();
    if states.is_empty() {
        return;
    }
    html.push_str("<h2>Content delivery</h2><table>");
    for (name, is_up) in states {
        let (state, action, value) = if is_up { ("in service", "Take out", "0") } else { ("out", "Take in", "1") };
        let name = escape(&name);
        write!(
            html,
            "<tr><td>{name}</td><td>{state}</td><td><form method=\"post\"><input type=\"hidden\" name=\"token\" \
             value=\"{token}\"><input type=\"hidden\" name=\"cdn\" value=\"{name}\"><input type=\"hidden\" name=\"up\" value=\"{value}\"><button>{action} of service</button>\
             </form></td></tr>"
        )
        .expect("writing to a string cannot fail");
    }
    html.push_str("</table>");
}

fn table(html: &mut String, title: &str, columns: &[&str], rows: &[Vec<String>]) {
    write!(html, "<h2>{title}</h2><table><tr>").expect("writing to a string cannot fail");
    for column in columns {
        write!(html, "<th scope=\"col\">{column}</th>").expect("writing to a string cannot fail");
    }
    html.push_str("</tr>");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            write!(html, "<td>{}</td>", escape(cell)).expect("writing to a string cannot fail");
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn live_log(app: &Shared) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let state = (app.request_log.listen(), app.stopping.clone());
    let events = stream::unfold(state, |(mut receiver, stopping)| async move {
        loop {
            let entry = tokio::select! {
                () = stopping.cancelled() => return None,
                entry = receiver.recv() => entry,
            };
            match entry {
                Ok(entry) => {
                    let event = Event::default().json_data(&entry).unwrap_or_default();
                    return Some((Ok(event), (receiver, stopping)));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(10)))
}
