//! One window for one viewer: a second start hands over what it was asked to open, and ends.
//!
//! The first holds a lock in a private folder for as long as it lives (a killed process loses it too), and listens on a
//! socket beside it. The second sends one line of JSON and gets one back. Where there are no such sockets, every start is
//! the first.

use super::address::Address;
use serde::{Deserialize, Serialize};

/// Version of the conversation.
const VERSION: u32 = 1;

/// What a second start says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hello {
    version: u32,
    /// Whose catalog is shown: a window of another server is another window.
    server: String,
    #[serde(default)]
    open: Option<String>,
}

/// What the first one answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Answer {
    version: u32,
    taken: bool,
}

impl Hello {
    pub(crate) fn new(server: &url::Url, open: Option<&Address>) -> Self {
        Self { version: VERSION, server: server.to_string(), open: open.map(Address::to_string) }
    }
}

/// What a start finds.
#[derive(Debug)]
pub(crate) enum Start {
    /// Nobody else; with the place to listen at, if there is one.
    First(Option<Instance>),
    /// Another window has taken it over.
    HandedOver,
}

#[cfg(not(unix))]
pub(crate) use elsewhere::{Instance, claim, folder};
#[cfg(unix)]
pub(crate) use unix::{Instance, claim, folder};

#[cfg(not(unix))]
mod elsewhere {
    use super::{Address, Hello, Start};
    use std::path::{Path, PathBuf};

    /// Nothing to listen at.
    #[derive(Debug)]
    pub(crate) struct Instance;

    impl Instance {
        pub(crate) fn listen(self, _: impl Fn(Option<Address>) + Send + 'static) {}
    }

    pub(crate) fn folder() -> Option<PathBuf> {
        None
    }

    pub(crate) fn claim(_: Option<&Path>, _: &str, _: &Hello) -> Start {
        Start::First(None)
    }
}

#[cfg(unix)]
mod unix {
    use super::{Address, Answer, Hello, Start, VERSION};
    use std::{
        fs::{self, DirBuilder, File},
        io::{self, Read, Write},
        os::unix::{
            fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
            net::{UnixListener, UnixStream},
        },
        path::{Path, PathBuf},
        thread,
        time::{Duration, Instant},
    };

    /// Longest line either side reads; an address has at most half of it.
    const MAX_LINE: usize = 16 << 10;
    /// How long a line may take. The first one answers from a thread that does nothing else.
    const PATIENCE: Duration = Duration::from_secs(2);
    /// Between two looks whether a first one that has only just started listens.
    const LOOK_AGAIN: Duration = Duration::from_millis(20);

    /// The right to be the first, and where the others are heard.
    #[derive(Debug)]
    pub(crate) struct Instance {
        listener: UnixListener,
        lock: File,
        server: String,
    }

    /// Where the socket lives: in the folder of this sign-in at the machine, which is gone with it.
    pub(crate) fn folder() -> Option<PathBuf> {
        let runtime = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?);
        runtime.is_absolute().then(|| runtime.join("lumen"))
    }

    /// Becomes the first `app`, or hands over to it. Blocks for two seconds at worst. Whatever goes wrong, the start is
    /// a first one that nobody can hand over to: two windows are better than none.
    pub(crate) fn claim(folder: Option<&Path>, app: &str, hello: &Hello) -> Start {
        let Some(folder) = folder else { return Start::First(None) };
        match try_claim(folder, app, hello) {
            Ok(start) => start,
            Err(error) => {
                tracing::info!(%error, "windows cannot hand over to each other");
                Start::First(None)
            }
        }
    }

    fn try_claim(folder: &Path, app: &str, hello: &Hello) -> io::Result<Start> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.join(format!("{app}.lock")))?;
        let (of_folder, of_lock) = (fs::symlink_metadata(folder)?, lock.metadata()?);
        // Somebody else's folder could have somebody else's socket in it.
        if !of_folder.is_dir() || of_folder.uid() != of_lock.uid() || of_folder.mode() & 0o077 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder is not private"));
        }
        let socket = folder.join(format!("{app}.sock"));
        let until = Instant::now() + PATIENCE;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(fs::TryLockError::Error(error)) => return Err(error),
                Err(fs::TryLockError::WouldBlock) => match UnixStream::connect(&socket) {
                    Ok(first) => return hand_over(first, hello),
                    // It holds the lock and does not listen yet, or is about to end.
                    Err(_) if Instant::now() < until => thread::sleep(LOOK_AGAIN),
                    Err(error) => return Err(error),
                },
            }
        }
        // What is there was left by one that is gone.
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&socket)?;
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o600))?;
        Ok(Start::First(Some(Instance { listener, lock, server: hello.server.clone() })))
    }

    fn hand_over(mut first: UnixStream, hello: &Hello) -> io::Result<Start> {
        let mut line = serde_json::to_vec(hello)?;
        line.push(b'\n');
        first.set_write_timeout(Some(PATIENCE))?;
        first.write_all(&line)?;
        let answer: Answer = serde_json::from_slice(&read_line(&mut first)?)?;
        Ok(if answer.taken { Start::HandedOver } else { Start::First(None) })
    }

    fn read_line(from: &mut UnixStream) -> io::Result<Vec<u8>> {
        let until = Instant::now() + PATIENCE;
        let (mut line, mut piece) = (Vec::new(), [0; 1024]);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            from.set_read_timeout(Some(left))?;
            let read = from.read(&mut piece)?;
            let end = piece[..read].iter().position(|byte| *byte == b'\n');
            line.extend_from_slice(&piece[..end.unwrap_or(read)]);
            if line.len() > MAX_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the line does not end"));
            }
            if end.is_some() {
                return Ok(line);
            }
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    impl Instance {
        /// Hears the others from now on, one after the other, for the rest of the process. `deliver` is called on a
        /// thread of its own with what is to be opened, or `None` for a start that only wants to see the window.
        pub(crate) fn listen(self, deliver: impl Fn(Option<Address>) + Send + 'static) {
            let spawned = thread::Builder::new().name("instance".into()).spawn(move || {
                // Held until the process ends, however it does.
                let Self { listener, lock: _lock, server } = self;
                for visitor in listener.incoming() {
                    if let Err(error) = visitor.and_then(|visitor| receive(visitor, &server, &deliver)) {
                        tracing::info!(%error, "somebody knocked and was not understood");
                    }
                }
            });
            if let Err(error) = spawned {
                tracing::warn!(%error, "other starts are not heard");
            }
        }
    }

    fn receive(mut visitor: UnixStream, server: &str, deliver: &impl Fn(Option<Address>)) -> io::Result<()> {
        let line = read_line(&mut visitor)?;
        // The parser's words could quote the address.
        let hello: Hello = serde_json::from_slice(&line).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let taken = hello.version == VERSION && hello.server == server;
        if taken {
            let open = hello.open.map(|text| Address::parse(&text)).transpose();
            deliver(open.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?);
        }
        let mut answer = serde_json::to_vec(&Answer { version: VERSION, taken })?;
        answer.push(b'\n');
        visitor.set_write_timeout(Some(PATIENCE))?;
        visitor.write_all(&answer)
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::sync::mpsc;

        fn hello(server: &str, open: Option<&str>) -> Hello {
            Hello { version: VERSION, server: server.to_owned(), open: open.map(str::to_owned) }
        }

        /// A first window, and what it hears.
        fn first(folder: &Path) -> mpsc::Receiver<Option<Address>> {
            let Start::First(Some(instance)) = claim(Some(folder), "lumen", &hello("s", None)) else {
                panic!("not first")
            };
            let (sender, heard) = mpsc::channel();
            instance.listen(move |open| sender.send(open).unwrap());
            heard
        }

        #[test]
        fn a_second_start_hands_over_and_another_server_is_another_window() {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("lumen");
            let heard = first(&folder);
            let address = "https://example.com/a.m3u8";
            let open = Some(address);
            assert!(matches!(claim(Some(&folder), "lumen", &hello("s", open)), Start::HandedOver));
            let url = address.parse().unwrap();
            assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Some(Address::Stream(url)));
            assert!(matches!(claim(Some(&folder), "lumen", &hello("s", None)), Start::HandedOver));
            assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), None, "only to be seen");
            assert!(matches!(claim(Some(&folder), "lumen", &hello("t", open)), Start::First(None)));
            assert!(matches!(claim(Some(&folder), "lumen-tv", &hello("s", open)), Start::First(Some(_))));
            for name in ["lumen.sock", "lumen.lock"] {
                let mode = fs::metadata(folder.join(name)).unwrap().mode();
                assert_eq!(mode & 0o777, 0o600, "{name}");
            }
        }

        #[test]
        fn what_a_killed_window_left_is_taken_over() {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("lumen");
            {
                let start = claim(Some(&folder), "lumen", &hello("s", None));
                assert!(matches!(start, Start::First(Some(_))));
                // Gone without a word; its socket stays.
            }
            assert!(folder.join("lumen.sock").exists());
            first(&folder);
        }

        #[test]
        fn noise_is_answered_with_silence_and_the_next_one_is_heard() {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("lumen");
            let heard = first(&folder);
            let long = vec![b'a'; MAX_LINE + 2048];
            let bad_address = b"{\"version\":1,\"server\":\"s\",\"open\":\"ftp://x\"}\n".to_vec();
            for noise in [b"\n".to_vec(), b"{}\n".to_vec(), b"\xff\xfe\n".to_vec(), long, bad_address] {
                let mut visitor = UnixStream::connect(folder.join("lumen.sock")).unwrap();
                // It may hang up before all of it is written.
                let _ = visitor.write_all(&noise);
                let _ = visitor.shutdown(std::net::Shutdown::Write);
                let mut answer = Vec::new();
                let _ = visitor.read_to_end(&mut answer);
                assert!(answer.is_empty());
            }
            assert!(matches!(claim(Some(&folder), "lumen", &hello("s", None)), Start::HandedOver));
            assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), None);
        }

        #[test]
        fn other_versions_are_not_taken_over() {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("lumen");
            let heard = first(&folder);
            let newer = Hello { version: VERSION + 1, ..hello("s", None) };
            assert!(matches!(claim(Some(&folder), "lumen", &newer), Start::First(None)));
            assert!(heard.try_recv().is_err());
        }

        #[test]
        fn a_folder_that_others_can_write_is_not_used() {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("lumen");
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
            assert!(matches!(claim(Some(&folder), "lumen", &hello("s", None)), Start::First(None)));
            assert!(matches!(claim(None, "lumen", &hello("s", None)), Start::First(None)));
        }
    }
}
