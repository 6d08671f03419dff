//! `GET` of the home screen and of a title.

use super::{
    Entry, Snapshot, home,
    summary::{Summaries, likeness},
};
use crate::{
    app::Shared,
    gateway::{ApiError, Principal, conditional},
};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, Response},
};
use serde::Deserialize;
use service_api::{
    ProfileId, TitleId,
    catalog::{EpisodePlace, Season, Title, TitlePage},
};
use std::{cmp::Reverse, collections::BTreeMap};

/// Neighbours on a title page.
const MORE_LIKE_THIS: usize = 8;

/// Hero and rows of a profile.
pub(crate) async fn home(
    State(app): State<Shared>,
    who: Principal,
    Path(profile): Path<ProfileId>,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let viewer = app.viewer(&who, &profile).await?;
    let watched = app.positions.all(&profile).await?;
    let by_title = watched.iter().cloned().collect();
    let media = app.catalog.state();
    let summaries = Summaries { media: &media, viewer, watched: &by_title };
    let composed = home::compose(&app.catalog.snapshot(), &watched, summaries);
    let suggests = app.consents.of(&who.account).await?.recommendations;
    conditional::json(&headers, &if suggests { composed } else { home::without_suggestions(composed) })
}

/// Who is asking for a title.
#[derive(Debug, Deserialize)]
pub(crate) struct TitleQuery {
    profile: Option<ProfileId>,
}

/// One title, whole. With `?profile=` the profile's ceiling holds and its position is told; without it, the answer is
/// what the least restricted profile of the account may see.
pub(crate) async fn title(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<TitleId>,
    Query(query): Query<TitleQuery>,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let (viewer, watched) = match &query.profile {
        Some(profile) => {
            let viewer = app.viewer(&who, profile).await?;
            // Of all titles: a series is told with the positions of its episodes.
            (viewer, app.positions.all(profile).await?)
        }
        None => (app.least_restricted_viewer(&who).await?, Vec::new()),
    };
    let title = app.catalog.visible(&id, viewer)?;
    let watched: BTreeMap<_, _> = watched.into_iter().collect();
    let media = app.catalog.state();
    let summaries = Summaries { media: &media, viewer, watched: &watched };
    conditional::json(&headers, &page(&title, &app.catalog.snapshot(), summaries))
}

fn page(title: &Entry, snapshot: &Snapshot, summaries: Summaries<'_>) -> TitlePage {
    let mut neighbours: Vec<&Entry> = snapshot
        .entries
        .iter()
        .map(AsRef::as_ref)
        .filter(|other| other.id != title.id && other.qa == title.qa && other.is_listed() && summaries.shows(other))
        .filter(|other| likeness(title, other) > 0)
        .collect();
    neighbours.sort_by_key(|other| Reverse(likeness(title, other)));
    let mut seasons: Vec<Season> = Vec::new();
    for episode in snapshot.episodes(&title.id).into_iter().filter(|episode| summaries.shows(episode)) {
        let number = episode.episode.as_ref().map_or(1, |place| place.season);
        if seasons.last().is_none_or(|season| season.number != number) {
            seasons.push(Season { number, episodes: Vec::new() });
        }
        if let Some(season) = seasons.last_mut() {
            season.episodes.push(summaries.summary(episode));
        }
    }
    let episode = title.episode.as_ref().map(|place| {
        let mut after = snapshot.episodes(&place.series).into_iter().skip_while(|other| other.id != title.id).skip(1);
        EpisodePlace {
            series: place.series.clone(),
            season: place.season,
            number: place.number,
            next: after.find(|other| summaries.shows(other)).map(|other| other.id.clone()),
        }
    });
    let trailer = title.trailer.as_ref().and_then(|id| snapshot.entry(id)).filter(|trailer| summaries.shows(trailer));
    TitlePage {
        title: Title {
            summary: summaries.summary(title),
            description: title.description.clone(),
            credits: title.credits.clone(),
            audio_languages: Vec::new(),
            subtitle_languages: title.subtitle_languages.clone(),
            protection: title.protection,
            chapters: title.chapters.clone(),
            segments: title.segments.clone(),
            more_like_this: neighbours.into_iter().take(MORE_LIKE_THIS).map(|other| summaries.summary(other)).collect(),
        },
        kind: title.kind,
        seasons,
        episode,
        trailer: trailer.map(|trailer| summaries.summary(trailer)),
    }
}
