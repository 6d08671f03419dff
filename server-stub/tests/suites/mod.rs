//! What a server answers, by topic. Compiled twice: for SQLite (`on_sqlite`) and for PostgreSQL (`on_postgres`).

mod access;
mod account;
mod accounts;
mod admin;
mod api;
mod catalog;
mod delivery;
mod device_grant;
mod gateway;
mod guessing;
mod household;
mod master_key;
mod media_rules;
mod oauth_authorize;
mod oauth_tokens;
mod oidc_basic;
mod rights;
mod schemathesis;
mod sign_in;
mod smuggling;
mod streams;
mod tls;
mod tokens;
mod watching;
mod ways_in;
