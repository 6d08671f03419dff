//! Against real buses of their own, with stand-ins for the services of a desktop, and with `playerctl`.

mod controls;
mod services;

use super::Buses;
use crate::{app::Msg, desktop::host::Tell};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;
use zbus::{Connection, connection};

/// Long enough for a machine that is busy; nobody waits for it when things work.
const PATIENCE: Duration = Duration::from_secs(20);

/// A bus that nobody else knows.
struct Bus {
    daemon: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Bus {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:dir={}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
             </policy></busconfig>",
            folder.path().display()
        );
        std::fs::write(&config, text).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .arg("--nofork")
            .arg("--print-address")
            .arg(format!("--config-file={}", config.display()))
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed by scripts/setup.sh");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { daemon, address: address.trim().to_owned(), _folder: folder }
    }

    async fn connect(&self) -> Connection {
        connection::Builder::address(self.address.as_str()).unwrap().build().await.unwrap()
    }

    fn as_session(&self) -> Buses {
        Buses { session: Some(self.address.clone()), ..Buses::default() }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// Messages for the model, as they come.
fn told() -> (Tell, mpsc::UnboundedReceiver<Msg>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Arc::new(move |msg| sender.send(msg).unwrap()), receiver)
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it happens in time")
}
