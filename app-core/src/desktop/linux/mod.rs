//! Linux desktops, by D-Bus: media controls, the screen that stays on, dialogs and appearance of the portals.
//!
//! Without a session bus, or without the service that is asked, each of them is missing and nothing else is.

pub(super) mod awake;
pub(super) mod mpris;
pub(super) mod portal;

#[cfg(test)]
mod tests;

use std::time::Duration;
use zbus::{Connection, connection};

/// How long a service may take to answer. Dialogs are waited for without a limit, after this.
const PATIENCE: Duration = Duration::from_secs(3);

/// Which buses to use.
#[derive(Clone, Debug, Default)]
pub(super) struct Buses {
    /// Instead of the one of this sign-in.
    #[cfg(test)]
    pub(super) session: Option<String>,
    /// Instead of the machine's.
    #[cfg(test)]
    pub(super) system: Option<String>,
}

impl Buses {
    #[cfg(not(test))]
    fn builders(&self) -> zbus::Result<(connection::Builder<'static>, connection::Builder<'static>)> {
        Ok((connection::Builder::session()?, connection::Builder::system()?))
    }

    #[cfg(test)]
    fn builders(&self) -> zbus::Result<(connection::Builder<'static>, connection::Builder<'static>)> {
        // Never the buses of whoever runs the tests.
        let of = |address: &Option<String>| {
            connection::Builder::address(address.as_deref().unwrap_or("unix:path=/nonexistent/lumen-bus"))
        };
        Ok((of(&self.session)?, of(&self.system)?))
    }

    /// The bus of this sign-in at the machine.
    pub(super) async fn session(&self) -> zbus::Result<Connection> {
        connect(self.builders()?.0).await
    }

    /// The bus of the machine.
    async fn system(&self) -> zbus::Result<Connection> {
        connect(self.builders()?.1).await
    }
}

async fn connect(builder: connection::Builder<'static>) -> zbus::Result<Connection> {
    within(builder.method_timeout(PATIENCE).build()).await
}

/// The same, and not for ever.
async fn within<T>(asked: impl Future<Output = zbus::Result<T>>) -> zbus::Result<T> {
    let late = || zbus::Error::Failure("no answer".to_owned());
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(late()))
}
