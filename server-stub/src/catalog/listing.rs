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
}

/// Titles that fit, the best first. Nothing typed finds nothing.
pub(crate) async fn search(
    State(app): State<Shared>,
    who: Principal,
    Path(profile): Path<ProfileId>,
    Query(query): Query<SearchQuery>,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let viewer = app.viewer(&who, &profile).await?;
    let watched: BTreeMap<_, _> = app.positions.all(&profile).await?.into_iter().collect();
    let (media, snapshot) = (app.catalog.state(), app.catalog.snapshot());
    let summaries = Summaries { media: &media, viewer, watched: &watched };
    let found = snapshot.search.search(&query.q);
    let shown = found.iter().map(|at| &snapshot.entries[*at as usize]).filter(|entry| summaries.shows(entry));
    let items = shown.take(LIMIT).map(|entry| summaries.summary(entry)).collect();
    conditional::json(&headers, &TitleList { items, next: None })
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
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::invalid("limit must be 1 to 100"));
    }
    let viewer = app.viewer(&who, &profile).await?;
    let watched: BTreeMap<_, _> = app.positions.all(&profile).await?.into_iter().collect();
    let (media, snapshot) = (app.catalog.state(), app.catalog.snapshot());
    let summaries = Summaries { media: &media, viewer, watched: &watched };
    let begin = match &query.cursor {
        None => 0,
        Some(cursor) => {
            let last = read_cursor(cursor).and_then(|id| snapshot.position(&id));
            last.ok_or_else(|| ApiError::invalid("the cursor is of another catalog; begin again without one"))? + 1
        }
    };
    let fits = |entry: &&Arc<Entry>| {
        query.kind.map_or(entry.is_listed(), |kind| entry.kind == kind)
            && query.genre.as_ref().is_none_or(|genre| entry.genres.iter().any(|one| one.eq_ignore_ascii_case(genre)))
            && summaries.shows(entry)
    };
    let mut page: Vec<&Arc<Entry>> = snapshot.entries[begin..].iter().filter(fits).take(limit + 1).collect();
    let has_more = page.len() > limit;
    page.truncate(limit);
    let next = page.last().filter(|_| has_more).map(|last| URL_SAFE_NO_PAD.encode(last.id.as_str()));
    let items = page.into_iter().map(|entry| summaries.summary(entry)).collect();
    conditional::json(&headers, &TitleList { items, next })
}

fn read_cursor(cursor: &str) -> Option<TitleId> {
    Some(TitleId(String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?))
}
