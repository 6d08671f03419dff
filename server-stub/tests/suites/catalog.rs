//! The catalog over HTTP: files, series, search, pages.

use crate::common::{self, CLEAR, MIA, NOT_MADE, TestServer, expect, json, problem};
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use server_stub::CatalogError;
use service_api::{
    catalog::{Home, TitleKind, TitleList, TitlePage},
    problem::ProblemCode,
    profile::Progress,
    routes,
};

/// The library's catalog with a series of two seasons, a trailer and a row.
fn with_series(server: &TestServer) -> String {
    let mut file: serde_json::Value = serde_json::from_str(&server.running.export_catalog()).unwrap();
    let titles = file["titles"].as_array_mut().unwrap();
    titles.push(json!({ "id": "harbour-lights", "kind": "series", "name": "Harbour Lights", "year": 2026,
        "genres": ["Drama"], "trailer": "harbour-lights-trailer", "synopsis": "Two seasons by the water." }));
    titles.push(json!({ "id": "harbour-lights-trailer", "kind": "trailer", "name": "Trailer", "year": 2026 }));
    for (season, number, maturity) in [(2, 1, None), (1, 2, None), (1, 1, None), (2, 2, Some(18))] {
        titles.push(json!({
            "id": format!("harbour-lights-{season}-{number}"), "kind": "episode", "year": 2026, "maturity": maturity,
            "name": format!("Episode {number}"),
            "episode": { "series": "harbour-lights", "season": season, "number": number },
        }));
    }
    file["rows"] = json!([{ "id": "by-the-sea", "heading": "By the sea", "titles": ["harbour-lights", NOT_MADE] }]);
    file.to_string()
}

fn title(id: &str, profile: &service_api::ProfileId) -> String {
    format!("{}?profile={profile}", routes::fill(routes::TITLE, &[("title", id)]))
}

#[tokio::test]
async fn series_have_seasons_and_episodes_know_what_comes_next() {
    let server = TestServer::start().await;
    let count = server.running.import_catalog(&with_series(&server)).await.unwrap();
    assert_eq!(count, server_stub::ingest::catalogue().len() + 6);
    let mia = server.sign_in(MIA).await;
    let (adult, kids) = (mia.profile("Mia").await, mia.profile("Kids").await);
    let page: TitlePage = json(mia.get(&title("harbour-lights", &adult))).await;
    assert_eq!(page.kind, TitleKind::Series);
    let seasons: Vec<Vec<&str>> =
        page.seasons.iter().map(|season| season.episodes.iter().map(|episode| episode.id.as_str()).collect()).collect();
    assert_eq!(seasons, [["harbour-lights-1-1", "harbour-lights-1-2"], ["harbour-lights-2-1", "harbour-lights-2-2"]]);
    assert_eq!(page.trailer.unwrap().id.as_str(), "harbour-lights-trailer");
    assert!(page.title.summary.state.is_ready(), "a series has no media that could be waited for");
    let page: TitlePage = json(mia.get(&title("harbour-lights-1-2", &adult))).await;
    assert_eq!(page.episode.unwrap().next.unwrap().as_str(), "harbour-lights-2-1");
    let page: TitlePage = json(mia.get(&title("harbour-lights", &kids))).await;
    assert_eq!(page.seasons[1].episodes.len(), 1, "the other is above the ceiling");
    let page: TitlePage = json(mia.get(&title("harbour-lights-2-1", &kids))).await;
    assert_eq!(page.episode.unwrap().next, None);

    let home: Home = json(mia.get(&routes::fill(routes::HOME, &[("profile", adult.as_str())]))).await;
    let row = home.rows.iter().find(|row| row.id == "editorial-by-the-sea").unwrap();
    assert_eq!(row.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["harbour-lights", NOT_MADE]);
    assert!(home.rows.iter().flat_map(|row| &row.items).all(|item| !item.id.as_str().starts_with("harbour-lights-")));
    expect(&problem(mia.playback("harbour-lights-1-1", &adult)).await, 409, ProblemCode::NotReady);
    let watched = [("profile", adult.as_str()), ("title", "harbour-lights-1-1")];
    let position = Progress { position_s: 600.0, duration_s: 1_200.0, taken_at_ms: common::START_MS };
    let save = mia.request(Method::PUT, &routes::fill(routes::PROGRESS, &watched)).json(&position);
    assert_eq!(save.send().await.unwrap().status(), StatusCode::OK);
    let page: TitlePage = json(mia.get(&title("harbour-lights", &adult))).await;
    let begun: Vec<Option<Progress>> = page.seasons[0].episodes.iter().map(|episode| episode.progress).collect();
    assert_eq!(begun, [Some(position), None], "a series tells where its viewer is");
    let server = server.restart().await;
    assert!(server.running.export_catalog().contains("harbour-lights-2-2"), "it is still there");
}

#[tokio::test]
async fn file_with_faults_changes_nothing() {
    let server = TestServer::start().await;
    let before = server.running.export_catalog();
    for bad in [
        "{}",
        "not json",
        r#"{"version":2,"titles":[]}"#,
        &with_series(&server).replace("\"number\":2", "\"number\":1"),
    ] {
        let error = server.running.import_catalog(bad).await.unwrap_err();
        assert!(matches!(error, CatalogError::Syntax { .. } | CatalogError::Faults(_)), "{error:?}");
    }
    assert_eq!(server.running.export_catalog(), before);
    server.running.import_catalog(&before).await.unwrap();
    assert_eq!(server.running.export_catalog(), before, "what is exported is imported");
}

#[tokio::test]
async fn search_finds_while_typing_and_forgives() {
    let server = TestServer::start().await;
    server.running.import_catalog(&with_series(&server)).await.unwrap();
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let path = routes::fill(routes::SEARCH, &[("profile", profile.as_str())]);
    for (typed, expected) in [("harb", "harbour-lights"), ("habour ligths", "harbour-lights"), ("LONG TI", NOT_MADE)] {
        let found: TitleList = json(mia.get(&path).query(&[("q", typed)])).await;
        assert_eq!(found.items.first().unwrap().id.as_str(), expected, "{typed}");
    }
    for nothing in ["", "zzzzzz", "%", "' OR 1=1 --", "\u{0}", &"x".repeat(2_000)] {
        let found: TitleList = json(mia.get(&path).query(&[("q", nothing)])).await;
        assert!(found.items.is_empty(), "{nothing}");
    }
}

#[tokio::test]
async fn pages_cover_everything_once() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let path = routes::fill(routes::BROWSE, &[("profile", profile.as_str())]);
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let query = [("limit", "3".to_owned())].into_iter().chain(cursor.take().map(|cursor| ("cursor", cursor)));
        let page: TitleList = json(mia.get(&path).query(&query.collect::<Vec<_>>())).await;
        assert!((1..=3).contains(&page.items.len()));
        seen.extend(page.items.into_iter().map(|item| item.id));
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let all: Vec<_> = server_stub::ingest::catalogue().into_iter().map(|title| title.id).collect();
    assert_eq!(seen, all);
    let genre: TitleList = json(mia.get(&path).query(&[("genre", "drama"), ("limit", "100")])).await;
    assert!(
        genre.items.len() < all.len() && genre.items.iter().all(|item| item.genres.iter().any(|one| one == "Drama"))
    );
    for bad in [("limit", "0"), ("limit", "101"), ("limit", "x"), ("cursor", "AAAA"), ("cursor", "!"), ("kind", "x")] {
        assert_eq!(mia.get(&path).query(&[bad]).send().await.unwrap().status(), StatusCode::BAD_REQUEST, "{bad:?}");
    }
    let first = mia.get(&path).send().await.unwrap();
    let tag = first.headers()[header::ETAG].clone();
    let again = mia.get(&path).header(header::IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(all.iter().any(|id| id.as_str() == CLEAR));
}
