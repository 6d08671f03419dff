//! The suites once more, with PostgreSQL instead of SQLite: `common` sees in which target it is compiled.
#![allow(clippy::unwrap_used)]

mod common;
mod suites;
