//! The suites once more, with PostgreSQL instead of SQLite: `common` sees in which target it is compiled.
//!
//! A suite that uses `common` belongs here as well, with its `#[path]`; the last test says so when one is forgotten.
#![allow(clippy::unwrap_used)]
#![allow(clippy::duplicate_mod, reason = "each suite is a program of its own and brings `common` along")]

#[path = "access.rs"]
mod access;
#[path = "accounts.rs"]
mod accounts;
#[path = "admin.rs"]
mod admin;
#[path = "api.rs"]
mod api;
#[path = "catalog.rs"]
mod catalog;
#[path = "delivery.rs"]
mod delivery;
#[path = "device_grant.rs"]
mod device_grant;
#[path = "gateway.rs"]
mod gateway;
#[path = "guessing.rs"]
mod guessing;
#[path = "household.rs"]
mod household;
#[path = "master_key.rs"]
mod master_key;
#[path = "media_rules.rs"]
mod media_rules;
#[path = "oauth_authorize.rs"]
mod oauth_authorize;
#[path = "oauth_tokens.rs"]
mod oauth_tokens;
#[path = "oidc_basic.rs"]
mod oidc_basic;
#[path = "rights.rs"]
mod rights;
#[path = "schemathesis.rs"]
mod schemathesis;
#[path = "sign_in.rs"]
mod sign_in;
#[path = "streams.rs"]
mod streams;
#[path = "tokens.rs"]
mod tokens;
#[path = "watching.rs"]
mod watching;
#[path = "ways_in.rs"]
mod ways_in;

/// Suites that have no database, bring their own, or are about the embedded profile or about connections.
const ELSEWHERE: [&str; 10] = [
    "contracts.rs",
    "crash.rs",
    "independent.rs",
    "on_postgres.rs",
    "players.rs",
    "program.rs",
    "scaled_out.rs",
    "slow_clients.rs",
    "smuggling.rs",
    "tls.rs",
];

#[test]
fn every_suite_is_here() {
    let here = include_str!("on_postgres.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let forgotten: Vec<String> = names
        .filter(|name| name.ends_with(".rs") && !ELSEWHERE.contains(&name.as_str()))
        .filter(|name| !here.contains(&format!("#[path = \"{name}\"]")))
        .collect();
    assert!(forgotten.is_empty(), "{forgotten:?} are not run on PostgreSQL: add them here, or to ELSEWHERE");
}
