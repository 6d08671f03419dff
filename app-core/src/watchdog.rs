//! Tells systemd that the interface lives: `READY=1` with the first frame, `WATCHDOG=1` for as long as frames can be
//! made. A session that hangs is started again by its unit (`packaging/tv/lumen-tv.service`).
//!
//! The protocol is a datagram to the socket named by `NOTIFY_SOCKET` (sd_notify(3)); nothing is sent without it.

use std::{io, os::unix::net::UnixDatagram, time::Duration};

/// The connection to whoever watches.
#[derive(Debug)]
pub(crate) struct Watchdog {
    socket: UnixDatagram,
    /// Half of what the unit allows.
    every: Option<Duration>,
    told_at: Option<f64>,
}

impl Watchdog {
    /// By the environment of this process; `None` if nobody watches.
    pub(crate) fn of_environment() -> Option<Self> {
        Self::new(|name| std::env::var(name).ok())
    }

    fn new(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let address = variable("NOTIFY_SOCKET")?;
        let socket = match connect(&address) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(%error, "whoever watches cannot be told");
                return None;
            }
        };
        let meant = variable("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let limit = variable("WATCHDOG_USEC").and_then(|us| us.parse().ok()).filter(|us| *us > 0 && meant);
        Some(Self { socket, every: limit.map(|us: u64| Duration::from_micros(us / 2)), told_at: None })
    }

    /// The interface is alive at `now`, in seconds. Returns in how long it must say so again.
    pub(crate) fn alive(&mut self, now: f64) -> Option<Duration> {
        if self.told_at.is_none() {
            self.tell("READY=1\n");
        }
        let every = self.every?;
        let due = self.told_at.map_or(now, |at| at + every.as_secs_f64());
        if now >= due {
            self.tell("WATCHDOG=1\n");
            self.told_at = Some(now);
            return Some(every);
        }
        Some(Duration::try_from_secs_f64(due - now).unwrap_or(every))
    }

    fn tell(&mut self, words: &str) {
        self.told_at.get_or_insert(f64::NEG_INFINITY);
        if let Err(error) = self.socket.send(words.as_bytes()) {
            tracing::debug!(%error, "whoever watches was not told");
        }
    }
}

fn connect(address: &str) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    // A full queue must not stop the interface.
    socket.set_nonblocking(true)?;
    #[cfg(target_os = "linux")]
    if let Some(name) = address.strip_prefix('@') {
        use std::os::{linux::net::SocketAddrExt as _, unix::net::SocketAddr};
        socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?;
        return Ok(socket);
    }
    socket.connect(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(at: &UnixDatagram) -> Vec<String> {
        let mut all = Vec::new();
        let mut buffer = [0; 64];
        while let Ok(length) = at.recv(&mut buffer) {
            all.push(String::from_utf8_lossy(&buffer[..length]).trim().to_owned());
        }
        all
    }

    #[test]
    fn the_interface_is_ready_once_and_alive_twice_an_interval() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        systemd.set_nonblocking(true).unwrap();
        let mut watchdog = Watchdog::new(|name| match name {
            "NOTIFY_SOCKET" => path.to_str().map(String::from),
            "WATCHDOG_USEC" => Some("20000000".to_owned()),
            _ => None,
        })
        .unwrap();
        assert_eq!(watchdog.alive(100.0), Some(Duration::from_secs(10)));
        assert_eq!(told(&systemd), ["READY=1", "WATCHDOG=1"]);
        assert_eq!(watchdog.alive(104.0), Some(Duration::from_secs(6)));
        assert_eq!(told(&systemd), [""; 0]);
        watchdog.alive(110.0);
        assert_eq!(told(&systemd), ["WATCHDOG=1"]);
        // Whoever watched has gone: nothing stops.
        drop(systemd);
        assert!(watchdog.alive(120.0).is_some());
    }

    #[test]
    fn without_a_limit_it_is_ready_and_says_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        systemd.set_nonblocking(true).unwrap();
        for (usec, pid) in [(None, None), (Some("0"), None), (Some("5000000"), Some("1")), (Some("soon"), None)] {
            let mut watchdog = Watchdog::new(|name| match name {
                "NOTIFY_SOCKET" => path.to_str().map(String::from),
                "WATCHDOG_USEC" => usec.map(String::from),
                "WATCHDOG_PID" => pid.map(String::from),
                _ => None,
            })
            .unwrap();
            assert_eq!((watchdog.alive(0.0), watchdog.alive(9.0)), (None, None), "{usec:?}");
            assert_eq!(told(&systemd), ["READY=1"]);
        }
        assert!(Watchdog::new(|_| None).is_none());
        assert!(Watchdog::new(|_| Some("/nowhere/at/all".to_owned())).is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn sockets_without_a_file_are_reached() {
        use std::os::{linux::net::SocketAddrExt as _, unix::net::SocketAddr};
        let name = format!("lumen-test-{}", std::process::id());
        let systemd = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        systemd.set_nonblocking(true).unwrap();
        let mut watchdog = Watchdog::new(|asked| (asked == "NOTIFY_SOCKET").then(|| format!("@{name}"))).unwrap();
        watchdog.alive(0.0);
        assert_eq!(told(&systemd), ["READY=1"]);
    }
}
