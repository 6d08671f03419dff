//! Keeps the screen on while something is watched: by the portal, else the desktop's screen saver, else logind. Each is
//! asked by itself, because each is missing somewhere.

use super::{Buses, portal, within};
use crate::language::tr;
use std::{collections::HashMap, time::Duration};
use tokio::sync::watch;
use zbus::{
    Connection, Proxy,
    zvariant::{OwnedFd, OwnedObjectPath, Value},
};

/// How long a pause keeps the screen on: the time to answer a door.
pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// What the viewer does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Nothing is on, or nobody sees it.
    #[default]
    Idle,
    Paused,
    Watching,
}

/// Something that can be held against sleep.
pub(crate) trait Wakefulness: Send {
    fn take(&mut self) -> impl Future<Output = ()> + Send;
    fn release(&mut self) -> impl Future<Output = ()> + Send;
}

/// Holds `lock` while something is watched and for [`GRACE`] of a pause; ends with the sender.
pub(crate) async fn keep(mut activity: watch::Receiver<Activity>, mut lock: impl Wakefulness) {
    loop {
        if until(&mut activity, |now| now == Activity::Watching).await.is_none() {
            return;
        }
        lock.take().await;
        let mut now = Some(Activity::Watching);
        while now == Some(Activity::Watching) {
            now = until(&mut activity, |now| now != Activity::Watching).await;
            if now == Some(Activity::Paused) {
                let again = tokio::time::timeout(GRACE, until(&mut activity, |now| now != Activity::Paused)).await;
                now = again.unwrap_or(Some(Activity::Idle));
            }
        }
        lock.release().await;
        if now.is_none() {
            return;
        }
    }
}

async fn until(activity: &mut watch::Receiver<Activity>, is: impl Fn(Activity) -> bool) -> Option<Activity> {
    activity.wait_for(|now| is(*now)).await.ok().map(|now| *now)
}

/// The desktop's own ways.
#[derive(Debug, Default)]
pub(crate) struct OnBus {
    buses: Buses,
    held: Option<Held>,
}

#[derive(Debug)]
enum Held {
    Portal(Connection, OwnedObjectPath),
    ScreenSaver(Connection, u32),
    /// Held for as long as it is open.
    Logind(#[expect(dead_code, reason = "it is held, not used")] OwnedFd),
}

/// What the desktop shows as the reason.
fn why() -> &'static str {
    tr!("desktop-playing")
}

impl OnBus {
    pub(crate) fn new(buses: Buses) -> Self {
        Self { buses, held: None }
    }

    /// Which way it is held by; `None` when it is not.
    #[cfg(test)]
    pub(super) fn way(&self) -> Option<&'static str> {
        self.held.as_ref().map(Held::name)
    }
}

impl Held {
    fn name(&self) -> &'static str {
        match self {
            Self::Portal(..) => "portal",
            Self::ScreenSaver(..) => "screen saver",
            Self::Logind(_) => "logind",
        }
    }
}

impl Wakefulness for OnBus {
    async fn take(&mut self) {
        let session = self.buses.session().await;
        let mut refusals = Vec::new();
        let mut held = None;
        if let Ok(session) = &session {
            match within(by_portal(session)).await {
                Ok(way) => held = Some(way),
                Err(error) => refusals.push(error.to_string()),
            }
            if held.is_none() {
                match within(by_screen_saver(session)).await {
                    Ok(way) => held = Some(way),
                    Err(error) => refusals.push(error.to_string()),
                }
            }
        }
        if held.is_none() {
            let logind = async { by_logind(&self.buses.system().await?).await };
            match within(logind).await {
                Ok(way) => held = Some(way),
                Err(error) => refusals.push(error.to_string()),
            }
        }
        match &held {
            Some(way) => tracing::debug!(by = way.name(), "the screen is kept on"),
            None => tracing::info!(?refusals, "the screen cannot be kept on"),
        }
        self.held = held;
    }

    async fn release(&mut self) {
        let released = match self.held.take() {
            Some(Held::Portal(session, handle)) => within(close(&session, &handle)).await,
            Some(Held::ScreenSaver(session, cookie)) => within(let_sleep(&session, cookie)).await,
            Some(Held::Logind(_)) | None => Ok(()),
        };
        match released {
            Ok(()) => tracing::debug!("the screen may go off"),
            Err(error) => tracing::info!(%error, "the screen could not be let go off"),
        }
    }
}

async fn by_portal(session: &Connection) -> zbus::Result<Held> {
    const SUSPEND_AND_IDLE: u32 = 4 | 8;
    let inhibit = portal::proxy(session, "org.freedesktop.portal.Inhibit").await?;
    let options = HashMap::from([("reason", Value::from(why()))]);
    let handle: OwnedObjectPath = inhibit.call("Inhibit", &("", SUSPEND_AND_IDLE, options)).await?;
    Ok(Held::Portal(session.clone(), handle))
}

async fn close(session: &Connection, handle: &OwnedObjectPath) -> zbus::Result<()> {
    let request = Proxy::new(session, portal::NAME, handle, "org.freedesktop.portal.Request").await?;
    request.call("Close", &()).await
}

async fn by_screen_saver(session: &Connection) -> zbus::Result<Held> {
    let cookie = screen_saver(session).await?.call("Inhibit", &("Lumen", why())).await?;
    Ok(Held::ScreenSaver(session.clone(), cookie))
}

async fn let_sleep(session: &Connection, cookie: u32) -> zbus::Result<()> {
    screen_saver(session).await?.call("UnInhibit", &(cookie,)).await
}

async fn screen_saver(session: &Connection) -> zbus::Result<Proxy<'static>> {
    Proxy::new(session, "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver")
        .await
}

async fn by_logind(system: &Connection) -> zbus::Result<Held> {
    const PATH: &str = "/org/freedesktop/login1";
    let manager = Proxy::new(system, "org.freedesktop.login1", PATH, "org.freedesktop.login1.Manager").await?;
    let fd: OwnedFd = manager.call("Inhibit", &("sleep:idle", "Lumen", why(), "block")).await?;
    Ok(Held::Logind(fd))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Writes down what happens.
    struct Diary(mpsc::Sender<(&'static str, u64)>, tokio::time::Instant);

    impl Diary {
        fn note(&self, what: &'static str) {
            self.0.send((what, self.1.elapsed().as_secs())).unwrap();
        }
    }

    impl Wakefulness for Diary {
        async fn take(&mut self) {
            self.note("on");
        }

        async fn release(&mut self) {
            self.note("off");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_pause_keeps_the_screen_on_and_a_long_one_or_the_end_does_not() {
        let (activity, watched) = watch::channel(Activity::Idle);
        let (sender, diary) = mpsc::channel();
        let task = tokio::spawn(keep(watched, Diary(sender, tokio::time::Instant::now())));
        for (what, seconds) in [
            (Activity::Watching, 100),
            (Activity::Paused, 29),
            (Activity::Watching, 11),
            (Activity::Paused, 60),
            (Activity::Watching, 10),
            (Activity::Idle, 10),
            (Activity::Paused, 60),
            (Activity::Watching, 5),
        ] {
            activity.send(what).unwrap();
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        drop(activity);
        task.await.unwrap();
        let expected = [("on", 0), ("off", 170), ("on", 200), ("off", 210), ("on", 280), ("off", 285)];
        assert_eq!(diary.try_iter().collect::<Vec<_>>(), expected);
    }
}
