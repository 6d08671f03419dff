//! What is known of a profile besides name and ceiling.

use crate::store::Db;
use service_api::ProfileId;

/// The details of profiles.
#[derive(Clone, Debug)]
pub(crate) struct Details {
    db: Db,
}

/// Those of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Detail {
    pub(crate) avatar: String,
    pub(crate) language: String,
    pub(crate) kids: bool,
}

impl Details {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    pub(crate) async fn get(&self, profile: &ProfileId) -> Result<Detail, sqlx::Error> {
        let row: Option<(String, String, i64)> =
            sqlx::query_as("SELECT avatar, language, is_kids FROM profiles_details WHERE profile_id = $1")
                .bind(profile.as_str())
                .fetch_optional(self.db.reader())
                .await?;
        Ok(row.map(|(avatar, language, kids)| Detail { avatar, language, kids: kids != 0 }).unwrap_or_default())
    }

    pub(crate) async fn set(&self, profile: &ProfileId, detail: &Detail) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO profiles_details (profile_id, avatar, language, is_kids) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (profile_id) DO UPDATE SET avatar = excluded.avatar, language = excluded.language, \
             is_kids = excluded.is_kids",
        )
        .bind(profile.as_str())
        .bind(&detail.avatar)
        .bind(&detail.language)
        .bind(i64::from(detail.kids))
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// Forgets everything about a profile that is gone.
    pub(crate) async fn forget(&self, profile: &ProfileId) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        for statement in [
            "DELETE FROM profiles_details WHERE profile_id = $1",
            "DELETE FROM profiles_pins WHERE profile_id = $1",
            "DELETE FROM profiles_unlocked WHERE profile_id = $1",
            "DELETE FROM profiles_progress WHERE profile_id = $1",
            "DELETE FROM profiles_list WHERE profile_id = $1",
            "DELETE FROM profiles_ratings WHERE profile_id = $1",
        ] {
            sqlx::query(statement).bind(profile.as_str()).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}
