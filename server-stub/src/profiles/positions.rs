//! How far each title was watched.

use crate::{
    app::Shared,
    clock::{Clock, DAY_MS},
    gateway::{ApiError, ApiJson, Principal},
    store::Db,
};
use axum::{
    Json,
    extract::{Path, State},
};
use service_api::{ProfileId, TitleId, profile::Progress};
use std::sync::Arc;

/// Longest title anybody may claim to have watched, in seconds. Ten days hold every film and most marathons.
const MAX_DURATION_S: f64 = 10.0 * 86_400.0;

/// The saved positions.
#[derive(Clone, Debug)]
pub(crate) struct Positions {
    db: Db,
    clock: Arc<dyn Clock>,
}

#[derive(sqlx::FromRow)]
struct Stored {
    title_id: String,
    position_s: f64,
    duration_s: f64,
    taken_at_ms: i64,
}

impl Stored {
    fn progress(&self) -> Progress {
        Progress { position_s: self.position_s, duration_s: self.duration_s, taken_at_ms: self.taken_at_ms }
    }
}

impl Positions {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// The position in `title`, if it was begun.
    pub(crate) async fn get(&self, profile: &ProfileId, title: &TitleId) -> Result<Option<Progress>, sqlx::Error> {
        let stored: Option<Stored> = sqlx::query_as(
            "SELECT title_id, position_s, duration_s, taken_at_ms FROM profiles_progress \
             WHERE profile_id = $1 AND title_id = $2",
        )
        .bind(profile.as_str())
        .bind(title.as_str())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(stored.map(|stored| stored.progress()))
    }

    /// All positions, the latest first.
    pub(crate) async fn all(&self, profile: &ProfileId) -> Result<Vec<(TitleId, Progress)>, sqlx::Error> {
        let stored: Vec<Stored> = sqlx::query_as(
            "SELECT title_id, position_s, duration_s, taken_at_ms FROM profiles_progress \
             WHERE profile_id = $1 ORDER BY taken_at_ms DESC, title_id",
        )
        .bind(profile.as_str())
        .fetch_all(self.db.reader())
        .await?;
        Ok(stored.into_iter().map(|stored| (TitleId(stored.title_id.clone()), stored.progress())).collect())
    }

    /// Saves a position unless a later one is there; returns the one that holds.
    pub(crate) async fn save(
        &self,
        profile: &ProfileId,
        title: &TitleId,
        progress: Progress,
    ) -> Result<Progress, sqlx::Error> {
        // A clock that is years ahead would otherwise keep its position for years.
        let taken_at_ms = progress.taken_at_ms.min(self.clock.now_ms() + DAY_MS);
        let mut transaction = self.db.transaction().await?;
        sqlx::query(
            "INSERT INTO profiles_progress (profile_id, title_id, position_s, duration_s, taken_at_ms) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (profile_id, title_id) DO UPDATE SET \
             position_s = excluded.position_s, duration_s = excluded.duration_s, taken_at_ms = excluded.taken_at_ms \
             WHERE excluded.taken_at_ms > profiles_progress.taken_at_ms",
        )
        .bind(profile.as_str())
        .bind(title.as_str())
        .bind(progress.position_s)
        .bind(progress.duration_s)
        .bind(taken_at_ms)
        .execute(&mut *transaction)
        .await?;
        let stored: Stored = sqlx::query_as(
            "SELECT title_id, position_s, duration_s, taken_at_ms FROM profiles_progress \
             WHERE profile_id = $1 AND title_id = $2",
        )
        .bind(profile.as_str())
        .bind(title.as_str())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(stored.progress())
    }
}

/// `GET` of a position.
pub(crate) async fn get_progress(
    State(app): State<Shared>,
    who: Principal,
    Path((profile, title)): Path<(ProfileId, TitleId)>,
) -> Result<Json<Progress>, ApiError> {
    let viewer = app.viewer(&who, &profile).await?;
    app.catalog.visible(&title, viewer)?;
    app.positions.get(&profile, &title).await?.map(Json).ok_or_else(|| ApiError::not_found("position"))
}

/// Answers with the position that holds, which is a later one if this came late.
pub(crate) async fn put_progress(
    State(app): State<Shared>,
    who: Principal,
    Path((profile, title)): Path<(ProfileId, TitleId)>,
    ApiJson(progress): ApiJson<Progress>,
) -> Result<Json<Progress>, ApiError> {
    check(&progress)?;
    let viewer = app.viewer(&who, &profile).await?;
    app.catalog.visible(&title, viewer)?;
    Ok(Json(app.positions.save(&profile, &title, progress).await?))
}

fn check(progress: &Progress) -> Result<(), ApiError> {
    let Progress { position_s, duration_s, taken_at_ms } = *progress;
    if !(duration_s > 0.0 && duration_s <= MAX_DURATION_S) {
        return Err(ApiError::invalid("duration_s must be above zero and at most ten days"));
    }
    // The last frame may end a little after the announced duration.
    if !(0.0..=duration_s + 60.0).contains(&position_s) {
        return Err(ApiError::invalid("position_s must lie within the title"));
    }
    if taken_at_ms < 0 {
        return Err(ApiError::invalid("taken_at_ms counts from 1970"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_positions_are_refused() {
        let good = Progress { position_s: 10.0, duration_s: 60.0, taken_at_ms: 1 };
        assert!(check(&good).is_ok());
        assert!(check(&Progress { position_s: 60.04, ..good }).is_ok());
        let bad = [
            Progress { position_s: -1.0, ..good },
            Progress { position_s: f64::NAN, ..good },
            Progress { position_s: 1e9, ..good },
            Progress { duration_s: 0.0, ..good },
            Progress { duration_s: f64::INFINITY, ..good },
            Progress { duration_s: f64::NAN, ..good },
            Progress { taken_at_ms: -1, ..good },
        ];
        for progress in bad {
            assert!(check(&progress).is_err(), "{progress:?}");
        }
    }
}
