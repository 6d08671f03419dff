//! What a profile wants to watch, and what it thinks of what it saw.

use crate::{clock::Clock, store::Db};
use service_api::{ProfileId, TitleId};
use std::sync::Arc;

/// Titles on one list. Whoever has more has a catalog.
const MAX_LIST: i64 = 500;

/// Lists and ratings.
#[derive(Clone, Debug)]
pub(crate) struct Taste {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Taste {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// The list, the latest first.
    pub(crate) async fn list(&self, profile: &ProfileId) -> Result<Vec<TitleId>, sqlx::Error> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT title_id FROM profiles_list WHERE profile_id = $1 ORDER BY added_at_ms DESC, title_id LIMIT $2",
        )
        .bind(profile.as_str())
        .bind(MAX_LIST)
        .fetch_all(self.db.reader())
        .await?;
        Ok(ids.into_iter().map(TitleId).collect())
    }

    /// Adds a title; false if the list is full. One that is there keeps its place.
    pub(crate) async fn add(&self, profile: &ProfileId, title: &TitleId) -> Result<bool, sqlx::Error> {
        let added = sqlx::query(
            "INSERT INTO profiles_list (profile_id, title_id, added_at_ms) SELECT $1, $2, $3 \
             WHERE (SELECT COUNT(*) FROM profiles_list WHERE profile_id = $1) < $4 ON CONFLICT DO NOTHING",
        )
        .bind(profile.as_str())
        .bind(title.as_str())
        .bind(self.clock.now_ms())
        .bind(MAX_LIST)
        .execute(self.db.writer())
        .await?;
        if added.rows_affected() == 1 {
            return Ok(true);
        }
        Ok(self.list(profile).await?.contains(title))
    }

    pub(crate) async fn remove(&self, profile: &ProfileId, title: &TitleId) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM profiles_list WHERE profile_id = $1 AND title_id = $2")
            .bind(profile.as_str())
            .bind(title.as_str())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    pub(crate) async fn rating(&self, profile: &ProfileId, title: &TitleId) -> Result<Option<i8>, sqlx::Error> {
        let thumbs: Option<i64> =
            sqlx::query_scalar("SELECT thumbs FROM profiles_ratings WHERE profile_id = $1 AND title_id = $2")
                .bind(profile.as_str())
                .bind(title.as_str())
                .fetch_optional(self.db.reader())
                .await?;
        Ok(thumbs.and_then(|thumbs| i8::try_from(thumbs).ok()))
    }

    /// All ratings, the latest first.
    pub(crate) async fn ratings(&self, profile: &ProfileId) -> Result<Vec<(TitleId, i8)>, sqlx::Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT title_id, thumbs FROM profiles_ratings WHERE profile_id = $1 ORDER BY rated_at_ms DESC, title_id",
        )
        .bind(profile.as_str())
        .fetch_all(self.db.reader())
        .await?;
        let rated = |(title, thumbs)| Some((TitleId(title), i8::try_from(thumbs).ok()?));
        Ok(rows.into_iter().filter_map(rated).collect())
    }

    /// Rates a title, or takes the rating back.
    pub(crate) async fn rate(
        &self,
        profile: &ProfileId,
        title: &TitleId,
        thumbs: Option<i8>,
    ) -> Result<(), sqlx::Error> {
        let Some(thumbs) = thumbs else {
            return sqlx::query("DELETE FROM profiles_ratings WHERE profile_id = $1 AND title_id = $2")
                .bind(profile.as_str())
                .bind(title.as_str())
                .execute(self.db.writer())
                .await
                .map(drop);
        };
        sqlx::query(
            "INSERT INTO profiles_ratings (profile_id, title_id, thumbs, rated_at_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (profile_id, title_id) DO UPDATE SET thumbs = excluded.thumbs, \
             rated_at_ms = excluded.rated_at_ms",
        )
        .bind(profile.as_str())
        .bind(title.as_str())
        .bind(i64::from(thumbs))
        .bind(self.clock.now_ms())
        .execute(self.db.writer())
        .await
        .map(drop)
    }
}
