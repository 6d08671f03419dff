//! Accounts and their profiles.

use crate::{entitlement::Plan, store::Db};
use service_api::{
    AccountId, ProfileId,
    identity::{Account, Profile},
};
use sqlx::Row;
use uuid::Uuid;

/// The accounts of the service.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    db: Db,
    /// Are demo accounts usable? Their password is printed on the sign-in page, so outside of demo mode they do not
    /// exist, even in a database that was seeded with them before.
    demo: bool,
}

/// What sign-in compares with.
pub(crate) struct Credentials {
    pub(crate) account: AccountId,
    /// PHC string.
    pub(crate) password_hash: String,
}

/// An account that is not in the database yet.
pub(crate) struct NewAccount<'a> {
    pub(crate) email: &'a str,
    pub(crate) password_hash: String,
    pub(crate) plan: Plan,
    pub(crate) is_demo: bool,
    pub(crate) profiles: &'a [NewProfile],
    pub(crate) now_ms: i64,
}

/// A profile of a [`NewAccount`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewProfile {
    pub(crate) name: &'static str,
    /// As `#RRGGBB`.
    pub(crate) colour: &'static str,
    pub(crate) maturity_ceiling: Option<u8>,
}

/// What can be changed of a profile.
#[derive(Clone, Debug)]
pub(crate) struct ProfileFields {
    pub(crate) name: String,
    pub(crate) colour: String,
    pub(crate) maturity_ceiling: Option<u8>,
}

impl Accounts {
    pub(crate) fn new(db: Db, demo: bool) -> Self {
        Self { db, demo }
    }

    /// Credentials of the account with this address. Letters count without their case, as everywhere: addresses are
    /// stored small.
    pub(crate) async fn credentials(&self, email: &str) -> Result<Option<Credentials>, sqlx::Error> {
        let row: Option<(String, String)> =
            sqlx::query_as("SELECT id, password_hash FROM identity_accounts WHERE email = $1 AND is_demo <= $2")
                .bind(email.to_lowercase())
                .bind(i64::from(self.demo))
                .fetch_optional(self.db.reader())
                .await?;
        Ok(row.map(|(id, password_hash)| Credentials { account: AccountId(id), password_hash }))
    }

    /// The account with its profiles, as the account page shows it.
    pub(crate) async fn account(&self, id: &AccountId) -> Result<Option<Account>, sqlx::Error> {
        let row: Option<(String, String)> = sqlx::query_as("SELECT email, plan FROM identity_accounts WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.db.reader())
            .await?;
        let Some((email, plan)) = row else { return Ok(None) };
        let profiles = self.profiles(id).await?;
        Ok(Some(Account { id: id.clone(), email, plan: plan_name(plan_from(&plan)).to_owned(), profiles }))
    }

    /// The subscription of the account.
    pub(crate) async fn plan(&self, id: &AccountId) -> Result<Option<Plan>, sqlx::Error> {
        let plan: Option<String> = sqlx::query_scalar("SELECT plan FROM identity_accounts WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.db.reader())
            .await?;
        Ok(plan.as_deref().map(plan_from))
    }

    /// The account's profiles, in the household's order.
    pub(crate) async fn profiles(&self, account: &AccountId) -> Result<Vec<Profile>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT id, name, colour, maturity_ceiling FROM identity_profiles WHERE account_id = $1 ORDER BY position",
        )
        .bind(account.as_str())
        .fetch_all(self.db.reader())
        .await?;
        rows.iter().map(profile_from).collect()
    }

    /// One profile, if it is the account's.
    pub(crate) async fn profile(
        &self,
        account: &AccountId,
        profile: &ProfileId,
    ) -> Result<Option<Profile>, sqlx::Error> {
        let row = sqlx::query(
            "SELECT id, name, colour, maturity_ceiling FROM identity_profiles WHERE account_id = $1 AND id = $2",
        )
        .bind(account.as_str())
        .bind(profile.as_str())
        .fetch_optional(self.db.reader())
        .await?;
        row.as_ref().map(profile_from).transpose()
    }

    /// Adds a profile; `None` if the account has as many as it may. Each takes a position of its own, which is what
    /// keeps two requests at once from being one too many.
    pub(crate) async fn add_profile(
        &self,
        account: &AccountId,
        fields: &ProfileFields,
        limit: u32,
    ) -> Result<Option<ProfileId>, sqlx::Error> {
        for position in 0..i64::from(limit) {
            let id = Uuid::now_v7().to_string();
            let added = sqlx::query(
                "INSERT INTO identity_profiles (id, account_id, position, name, colour, maturity_ceiling) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, position) DO NOTHING",
            )
            .bind(&id)
            .bind(account.as_str())
            .bind(position)
            .bind(&fields.name)
            .bind(&fields.colour)
            .bind(fields.maturity_ceiling.map(i64::from))
            .execute(self.db.writer())
            .await?;
            if added.rows_affected() == 1 {
                return Ok(Some(ProfileId(id)));
            }
        }
        Ok(None)
    }

    /// Changes a profile of the account.
    pub(crate) async fn change_profile(
        &self,
        account: &AccountId,
        profile: &ProfileId,
        fields: &ProfileFields,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE identity_profiles SET name = $1, colour = $2, maturity_ceiling = $3 \
             WHERE account_id = $4 AND id = $5",
        )
        .bind(&fields.name)
        .bind(&fields.colour)
        .bind(fields.maturity_ceiling.map(i64::from))
        .bind(account.as_str())
        .bind(profile.as_str())
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// Removes a profile of the account unless it is the only one; says whether it did.
    pub(crate) async fn remove_profile(&self, account: &AccountId, profile: &ProfileId) -> Result<bool, sqlx::Error> {
        sqlx::query(
            "DELETE FROM identity_profiles WHERE account_id = $1 AND id = $2 \
             AND EXISTS (SELECT 1 FROM identity_profiles WHERE account_id = $1 AND id <> $2)",
        )
        .bind(account.as_str())
        .bind(profile.as_str())
        .execute(self.db.writer())
        .await
        .map(|done| done.rows_affected() == 1)
    }

    /// Adds an account unless its address is taken; says whether it did.
    pub(crate) async fn add(&self, new: NewAccount<'_>) -> Result<bool, sqlx::Error> {
        let account = Uuid::now_v7().to_string();
        let mut transaction = self.db.transaction().await?;
        let added = sqlx::query(
            "INSERT INTO identity_accounts (id, email, password_hash, plan, is_demo, created_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING",
        )
        .bind(&account)
        .bind(new.email.to_lowercase())
        .bind(&new.password_hash)
        .bind(plan_text(new.plan))
        .bind(i64::from(new.is_demo))
        .bind(new.now_ms)
        .execute(&mut *transaction)
        .await?
        .rows_affected()
            == 1;
        if added {
            for (position, profile) in (0_i64..).zip(new.profiles) {
                sqlx::query(
                    "INSERT INTO identity_profiles (id, account_id, position, name, colour, maturity_ceiling) \
                     VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(Uuid::now_v7().to_string())
                .bind(&account)
                .bind(position)
                .bind(profile.name)
                .bind(profile.colour)
                .bind(profile.maturity_ceiling.map(i64::from))
                .execute(&mut *transaction)
                .await?;
            }
        }
        transaction.commit().await?;
        Ok(added)
    }
}

fn profile_from(row: &crate::store::Row) -> Result<Profile, sqlx::Error> {
    Ok(Profile {
        id: ProfileId(row.try_get(0)?),
        name: row.try_get(1)?,
        colour: row.try_get(2)?,
        maturity_ceiling: row.try_get::<Option<i64>, _>(3)?.and_then(|age| u8::try_from(age).ok()),
    })
}

fn plan_text(plan: Plan) -> &'static str {
    match plan {
        Plan::Basic => "basic",
        Plan::Premium => "premium",
    }
}

/// The column has a CHECK, so anything else cannot be there; the smaller plan is the safe reading.
fn plan_from(text: &str) -> Plan {
    if text == "premium" { Plan::Premium } else { Plan::Basic }
}

/// The plan in the words of the account page.
pub(crate) fn plan_name(plan: Plan) -> &'static str {
    match plan {
        Plan::Basic => "Basic",
        Plan::Premium => "Premium",
    }
}
