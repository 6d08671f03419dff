//! The accounts of demo mode. They are shown on the sign-in page and exist nowhere else.

use super::{
    accounts::{Accounts, NewAccount, NewProfile},
    passwords::Passwords,
};
use crate::entitlement::Plan;
use service_api::identity::Role;

/// The password of every demo account.
pub(crate) const PASSWORD: &str = "lumen-demo";

/// One household of the demo.
#[derive(Debug)]
pub(crate) struct DemoAccount {
    pub(crate) email: &'static str,
    pub(crate) plan: Plan,
    pub(crate) profiles: &'static [NewProfile<'static>],
}

/// A family with everything, including a profile for children, and somebody whose plan leaves titles out.
pub(crate) const ACCOUNTS: [DemoAccount; 2] = [
    DemoAccount {
        email: "mia@lumen.example",
        plan: Plan::Premium,
        profiles: &[
            NewProfile { name: "Mia", colour: "#2F6BFF", maturity_ceiling: None },
            NewProfile { name: "Noah", colour: "#E0683C", maturity_ceiling: None },
            NewProfile { name: "Kids", colour: "#2FA36B", maturity_ceiling: Some(7) },
        ],
    },
    DemoAccount {
        email: "ben@lumen.example",
        plan: Plan::Basic,
        profiles: &[NewProfile { name: "Ben", colour: "#8A5CF6", maturity_ceiling: None }],
    },
];

/// Adds the accounts that are not there yet.
pub(crate) async fn seed(accounts: &Accounts, passwords: &Passwords, now_ms: i64) -> Result<(), sqlx::Error> {
    for account in &ACCOUNTS {
        if accounts.credentials(account.email).await?.is_some() {
            // Those of older databases have no name yet.
            accounts.name_demo(account.email, account.profiles[0].name).await?;
            continue;
        }
        let password_hash =
            passwords.hash(PASSWORD.to_owned()).await.map_err(|busy| sqlx::Error::Io(std::io::Error::other(busy)))?;
        let new = NewAccount {
            email: account.email,
            password_hash,
            name: Some(account.profiles[0].name),
            role: Role::Owner,
            plan: account.plan,
            is_demo: true,
            profiles: account.profiles,
            now_ms,
        };
        if accounts.add(new).await?.is_some() {
            tracing::info!(email = account.email, "added a demo account");
        }
    }
    Ok(())
}
