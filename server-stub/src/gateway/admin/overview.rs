//! What the page shows: the library, the switches, rows of the store, the last requests.

use super::{ApiError, escape};
use crate::app::App;
use sqlx::Row;
use std::fmt::Write;

/// Rows of a table of the store that are shown.
const ROWS: i64 = 100;
/// Requests that are shown.
const REQUESTS: usize = 50;

/// The whole page.
pub(super) async fn draw(app: &App, token: &str) -> Result<String, ApiError> {
    let mut html = String::new();
    let progress = app.catalog.library_progress();
    let numbers = vec![progress.ready.to_string(), progress.total.to_string()];
    table(&mut html, "Library", &["Ready", "Titles"], &[numbers]);
    networks(&mut html, app, token);
    faults(&mut html, app, token);
    for (title, columns, statement) in TABLES {
        table(&mut html, title, columns, &rows(app, columns.len(), statement).await?);
    }
    let log = app.request_log.last();
    let rows: Vec<Vec<String>> = log
        .iter()
        .take(REQUESTS)
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

/// What is shown of the store. Identifiers and states; never an address, a hash or a key.
const TABLES: [(&str, &[&str], &str); 5] = [
    (
        "Accounts",
        &["Id", "Role", "Plan", "Profiles"],
        "SELECT id, role, plan, CAST((SELECT COUNT(*) FROM identity_profiles WHERE account_id = identity_accounts.id) \
         AS TEXT) FROM identity_accounts ORDER BY id LIMIT $1",
    ),
    (
        "Devices",
        &["Id", "Class", "Account"],
        "SELECT device_id, class, account_id FROM entitlement_devices WHERE is_freed = 0 \
         ORDER BY last_used_at_ms DESC LIMIT $1",
    ),
    (
        "Sessions",
        &["Id", "Account", "App"],
        "SELECT id, account_id, client_id FROM identity_token_families WHERE revoked_at_ms IS NULL \
         ORDER BY created_at_ms DESC LIMIT $1",
    ),
    (
        "Grants",
        &["Id", "Account", "Title", "State"],
        "SELECT id, account_id, title_id, CASE WHEN revoked_at_ms IS NULL THEN 'good' ELSE 'taken back' END \
         FROM entitlement_grants ORDER BY id DESC LIMIT $1",
    ),
    (
        "Keys",
        &["Id", "Title", "Quality", "State"],
        "SELECT kid, title_id, quality, CASE WHEN revoked_at_ms IS NOT NULL THEN 'revoked' \
         WHEN retired_at_ms IS NOT NULL THEN 'retired' ELSE 'in use' END \
         FROM licence_keys ORDER BY title_id, quality, created_at_ms DESC LIMIT $1",
    ),
];

async fn rows(app: &App, columns: usize, statement: &'static str) -> Result<Vec<Vec<String>>, ApiError> {
    let rows = sqlx::query(statement).bind(ROWS).fetch_all(app.db.reader()).await?;
    let texts = |row: &sqlx::any::AnyRow| (0..columns).map(|column| text(row, column)).collect();
    rows.iter().map(texts).collect::<Result<_, _>>().map_err(ApiError::from)
}

/// Text, or the 16 bytes of a key's id.
fn text(row: &sqlx::any::AnyRow, column: usize) -> Result<String, sqlx::Error> {
    row.try_get::<String, _>(column).or_else(|error| {
        let bytes: Vec<u8> = row.try_get(column)?;
        uuid::Uuid::from_slice(&bytes).map(|id| id.to_string()).map_err(|_| error)
    })
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
            "<tr><td>{name}</td><td>{state}</td><td>{}{}{}<button>{action} of service</button></form></td></tr>",
            form(token),
            hidden("cdn", &name),
            hidden("up", value),
        )
        .expect("writing to a string cannot fail");
    }
    html.push_str("</table>");
}

/// Titles whose media are broken on purpose.
fn faults(html: &mut String, app: &App, token: &str) {
    html.push_str("<h2>Faults</h2>");
    if !app.delivery.url_faults {
        html.push_str("<p>Off: the server was started without --qa.</p>");
        return;
    }
    html.push_str("<table>");
    for (title, faults) in app.switches.list_faults() {
        let (title, faults) = (escape(title.as_str()), escape(&faults));
        write!(
            html,
            "<tr><td>{title}</td><td>{faults}</td><td>{}{}<button>Clear</button></form></td></tr>",
            form(token),
            hidden("title", &title),
        )
        .expect("writing to a string cannot fail");
    }
    html.push_str(
        "</table><p><a href=\"/admin?view=faults\">Break a title</a>, or a single address: f=… before the file.</p>",
    );
}

/// Where faults are written.
pub(super) fn faults_form(app: &App, token: &str) -> String {
    if !app.delivery.url_faults {
        return "<p>Faults are off: the server was started without --qa.</p>".to_owned();
    }
    let mut html = format!("{}<label>Title <select name=\"title\">", form(token));
    for descriptor in app.library.descriptors() {
        let id = escape(descriptor.id.as_str());
        write!(html, "<option value=\"{id}\">{}</option>", escape(&descriptor.name))
            .expect("writing to a string cannot fail");
    }
    html.push_str(
        "</select></label><label>Faults <input name=\"faults\" size=\"60\" maxlength=\"512\" \
         placeholder=\"slow(300kbit),status(503,every=7,rep=480p)\"></label><button>Set</button></form>\
         <p>slow(RATE), delay(TIME), down(FROM,FOR), status(CODE); each takes every=N and rep=TEXT. Nothing clears the \
         title. Every instance obeys that runs with --qa, within seconds. <a href=\"/admin\">Back</a></p>",
    );
    html
}

/// The beginning of a form that only this page can send.
fn form(token: &str) -> String {
    format!("<form method=\"post\" action=\"/admin\">{}", hidden("token", token))
}

/// A field that nobody sees. The value is escaped already.
fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
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
