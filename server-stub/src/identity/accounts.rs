//! Accounts and their profiles.

use crate::{
    entitlement::Plan,
    store::{Db, Transaction},
};
use service_api::{
    AccountId, ProfileId,
    identity::{Account, AccountSummary, Profile, Role},
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

/// Who an account is to others.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: AccountId,
    pub(crate) email: String,
    name: Option<String>,
    pub(crate) is_email_verified: bool,
    pub(crate) has_password: bool,
    pub(crate) updated_at_ms: i64,
}

impl Person {
    /// The name, or what stands before the @.
    pub(crate) fn name(&self) -> &str {
        let local = || self.email.split('@').next().unwrap_or_default();
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or_else(local)
    }
}

/// An account that is not in the database yet.
pub(crate) struct NewAccount<'a> {
    pub(crate) email: &'a str,
    /// PHC string; empty for who signs in elsewhere.
    pub(crate) password_hash: String,
    pub(crate) name: Option<&'a str>,
    pub(crate) role: Role,
    pub(crate) plan: Plan,
    pub(crate) is_demo: bool,
    pub(crate) profiles: &'a [NewProfile<'a>],
    pub(crate) now_ms: i64,
}

/// A profile of a [`NewAccount`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewProfile<'a> {
    pub(crate) name: &'a str,
    /// As `#RRGGBB`.
    pub(crate) colour: &'a str,
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
        let row: Option<(String, String)> = sqlx::query_as(
            "SELECT id, password_hash FROM identity_accounts \
             WHERE email = $1 AND is_demo <= $2 AND disabled_at_ms IS NULL",
        )
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

    /// Gives a demo account its name if it has none.
    pub(crate) async fn name_demo(&self, email: &str, name: &str) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE identity_accounts SET name = $2 WHERE email = $1 AND is_demo = 1 AND name IS NULL")
            .bind(email)
            .bind(name)
            .execute(self.db.writer())
            .await
            .map(|_| ())
    }

    /// Adds an account unless its address is taken. Its address counts as confirmed: nobody is added before.
    pub(crate) async fn add(&self, new: NewAccount<'_>) -> Result<Option<AccountId>, sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        let account = self.add_in(&mut transaction, new).await?;
        transaction.commit().await?;
        Ok(account)
    }

    /// The same as a part of something larger.
    pub(crate) async fn add_in(
        &self,
        transaction: &mut Transaction,
        new: NewAccount<'_>,
    ) -> Result<Option<AccountId>, sqlx::Error> {
        let account = Uuid::now_v7().to_string();
        let added = sqlx::query(
            "INSERT INTO identity_accounts (id, email, password_hash, plan, is_demo, created_at_ms, name, role, \
             email_verified_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6, $6) \
             ON CONFLICT (email) DO NOTHING",
        )
        .bind(&account)
        .bind(new.email.to_lowercase())
        .bind(&new.password_hash)
        .bind(plan_text(new.plan))
        .bind(i64::from(new.is_demo))
        .bind(new.now_ms)
        .bind(new.name)
        .bind(new.role.name())
        .execute(&mut **transaction)
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
                .execute(&mut **transaction)
                .await?;
            }
        }
        Ok(added.then_some(AccountId(account)))
    }

    /// Who the account is to others.
    pub(crate) async fn person(&self, id: &AccountId) -> Result<Option<Person>, sqlx::Error> {
        let row = sqlx::query(
            "SELECT email, password_hash, name, email_verified_at_ms, updated_at_ms, is_demo FROM identity_accounts \
             WHERE id = $1 AND disabled_at_ms IS NULL",
        )
        .bind(id.as_str())
        .fetch_optional(self.db.reader())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Person {
            id: id.clone(),
            email: row.try_get(0)?,
            name: row.try_get(2)?,
            // Nobody reads the mail of a demo account, and nobody needs to.
            is_email_verified: row.try_get::<Option<i64>, _>(3)?.is_some() || row.try_get::<i64, _>(5)? == 1,
            has_password: !row.try_get::<String, _>(1)?.is_empty(),
            updated_at_ms: row.try_get(4)?,
        }))
    }

    /// What an account may do, unless there is no such account or it is switched off.
    pub(crate) async fn role(&self, id: &AccountId) -> Result<Option<Role>, sqlx::Error> {
        let role: Option<String> =
            sqlx::query_scalar("SELECT role FROM identity_accounts WHERE id = $1 AND disabled_at_ms IS NULL")
                .bind(id.as_str())
                .fetch_optional(self.db.reader())
                .await?;
        // The smallest role is the safe reading of one that is not known here.
        Ok(role.map(|role| Role::from_name(&role).unwrap_or(Role::Viewer)))
    }

    /// Was the account made for demo mode?
    pub(crate) async fn is_demo(&self, id: &AccountId) -> Result<bool, sqlx::Error> {
        let demo: Option<i64> = sqlx::query_scalar("SELECT is_demo FROM identity_accounts WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.db.reader())
            .await?;
        Ok(demo == Some(1))
    }

    /// Does any account have this address, usable or not?
    pub(crate) async fn is_taken(&self, email: &str) -> Result<bool, sqlx::Error> {
        let found: Option<String> = sqlx::query_scalar("SELECT id FROM identity_accounts WHERE email = $1")
            .bind(email.to_lowercase())
            .fetch_optional(self.db.reader())
            .await?;
        Ok(found.is_some())
    }

    /// Replaces a password's hash and nothing else.
    pub(crate) async fn set_password(
        &self,
        transaction: &mut Transaction,
        id: &AccountId,
        password_hash: &str,
        now_ms: i64,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE identity_accounts SET password_hash = $1, updated_at_ms = $2 WHERE id = $3")
            .bind(password_hash)
            .bind(now_ms)
            .bind(id.as_str())
            .execute(&mut **transaction)
            .await
            .map(drop)
    }

    /// Replaces a hash by a better one of the same password, unless the password was changed meanwhile.
    pub(crate) async fn rehash(&self, id: &AccountId, old: &str, new: &str) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE identity_accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
            .bind(new)
            .bind(id.as_str())
            .bind(old)
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Accounts whose address contains `part`, at most 50.
    pub(crate) async fn search(&self, part: &str) -> Result<Vec<AccountSummary>, sqlx::Error> {
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT id, email, role, plan FROM identity_accounts WHERE email LIKE $1 ESCAPE '!' ORDER BY email LIMIT 50",
        )
        .bind(format!("%{}%", part.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_")))
        .fetch_all(self.db.reader())
        .await?;
        let summary = |(id, email, role, plan): (String, String, String, String)| AccountSummary {
            id: AccountId(id),
            email,
            role: Role::from_name(&role).unwrap_or(Role::Viewer),
            plan: plan_name(plan_from(&plan)).to_owned(),
        };
        Ok(rows.into_iter().map(summary).collect())
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
