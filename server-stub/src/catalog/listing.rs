//! Lists of titles: what was searched for, and everything in pages.

use super::{Entry, Summaries};
use crate::{
    app::Shared,
    gateway::{ApiError, Principal, conditional},
};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use service_api::{
    ProfileId, TitleId,
    catalog::{TitleKind, TitleList},
};
use std::{collections::BTreeMap, sync::Arc};

/// Titles in one answer, at most and unless asked for otherwise.
const MAX_LIMIT: usize = 100;
const LIMIT: usize = 24;

/// What was typed.
#[derive(Debug, Deserialize)]
pub(crate) struct SearchQuery {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Titles that fit, the best first, page by page. Nothing typed finds nothing.
pub(crate) async fn search(
    State(app): State<Shared>,
    who: Principal,
    Path(profile): Path<ProfileId>,
    Query(query): Query<SearchQuery>,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let limit = checked_limit(query.limit)?;
    let viewer = app.viewer(&who, &profile).await?;
    let watched: BTreeMap<_, _> = app.positions.all(&profile).await?.into_iter().collect();
    let (media, snapshot) = (app.catalog.state(), app.catalog.snapshot());
    let summaries = Summaries { media: &media, viewer, watched: &watched };
    let found = snapshot.search.search(&query.q);
    let begin = match &query.cursor {
        None => 0,
        Some(cursor) => {
            let last = read_cursor(cursor).and_then(|id| snapshot.position(&id));
            // Of the same search the last title of the page before is among what was found; else there is nothing after it.
            let last = last.ok_or_else(foreign_cursor)?;
            found.iter().position(|at| *at as usize == last).map_or(found.len(), |at| at + 1)
        }
    };
    let shown = found[begin..].iter().map(|at| &snapshot.entries[*at as usize]);
    let page: Vec<&Arc<Entry>> = shown.filter(|entry| summaries.shows(entry)).take(limit + 1).collect();
    conditional::json(&headers, &paged(page, limit, summaries))
}

/// Which page of what.
#[derive(Debug, Deserialize)]
pub(crate) struct BrowseQuery {
    cursor: Option<String>,
    limit: Option<usize>,
    genre: Option<String>,
    kind: Option<TitleKind>,
}

/// The catalog in editorial order, page by page. A cursor names the last title of its page, so that pages neither repeat
/// nor leave out a title when others are added.
pub(crate) async fn browse(
    State(app): State<Shared>,
    who: Principal,
    Path(profile): Path<ProfileId>,
    Query(query): Query<BrowseQuery>,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let limit = checked_limit(query.limit)?;
    let viewer = app.viewer(&who, &profile).await?;
    let watched: BTreeMap<_, _> = app.positions.all(&profile).await?.into_iter().collect();
    let (media, snapshot) = (app.catalog.state(), app.catalog.snapshot());
    let summaries = Summaries { media: &media, viewer, watched: &watched };
    let begin = match &query.cursor {
        None => 0,
        Some(cursor) => {
            let last = read_cursor(cursor).and_then(|id| snapshot.position(&id));
            last.ok_or_else(foreign_cursor)? + 1
        }
    };
    let fits = |entry: &&Arc<Entry>| {
        query.kind.map_or(entry.is_listed(), |kind| entry.kind == kind)
            && query.genre.as_ref().is_none_or(|genre| entry.genres.iter().any(|one| one.eq_ignore_ascii_case(genre)))
            && summaries.shows(entry)
    };
    let page: Vec<&Arc<Entry>> = snapshot.entries[begin..].iter().filter(fits).take(limit + 1).collect();
    conditional::json(&headers, &paged(page, limit, summaries))
}

fn checked_limit(limit: Option<usize>) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(LIMIT);
    let is_good = (1..=MAX_LIMIT).contains(&limit);
    if is_good { Ok(limit) } else { Err(ApiError::invalid("limit must be 1 to 100")) }
}

fn foreign_cursor() -> ApiError {
    ApiError::invalid("the cursor is of another catalog; begin again without one")
}

/// A page of at most `limit` titles, out of one more than that where there are more.
fn paged(mut page: Vec<&Arc<Entry>>, limit: usize, summaries: Summaries<'_>) -> TitleList {
    let has_more = page.len() > limit;
    page.truncate(limit);
    let next = page.last().filter(|_| has_more).map(|last| URL_SAFE_NO_PAD.encode(last.id.as_str()));
    TitleList { items: page.into_iter().map(|entry| summaries.summary(entry)).collect(), next }
}

fn read_cursor(cursor: &str) -> Option<TitleId> {
    Some(TitleId(String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?))
}
