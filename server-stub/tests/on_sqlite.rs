//! Every suite with the database that a household has. One program: linking many costs more than running them.
//!
//! `cargo test -p lumen-server-stub --test on_sqlite rights::` runs one suite.
#![allow(clippy::unwrap_used)]

mod common;
mod suites;
