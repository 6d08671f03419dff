//! A real server with real media for tests. The titles are made once per target folder and shared; each test has a
//! server of its own, which it may break in any way.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

pub mod files;
pub mod making;

use app_qa::picture::PictureCheck;
use app_qa::play::{PlayOptions, Run};
use app_qa::target::{Account, Target};
use player_core::{ErrorCode, PlaybackState, PlayerConfig, PlayerSnapshot};
use server_stub::ingest::{LadderProfile, Library, LibraryOptions};
use server_stub::{FaultScript, RunningServer, Server, ServerConfig};
use service_api::TitleId;
use service_api::client::SignInError;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::process::Command;
use tokio::sync::OnceCell;

pub const CLEAR: &str = "qa-counter-clear";
pub const CENC: &str = "qa-counter-cenc";
/// The one film that is made here: no QA title is protected like this.
pub const CBCS: &str = "a-winter-without-maps";
/// In the catalog, but its media are not made: enough to be refused.
pub const PREMIUM: &str = "glass-harbour";
/// Frames a second of the QA titles.
pub const FRAME_RATE: u32 = 25;
/// Longer than a busy machine takes for anything that a test waits for; only a player that is wrong lets it pass.
pub const AGES: Duration = Duration::from_secs(90);

/// A data folder with made titles; kept between runs.
async fn media() -> &'static Path {
    static MADE: OnceCell<PathBuf> = OnceCell::const_new();
    MADE.get_or_init(|| async {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("qa-media");
        fs::create_dir_all(&folder).expect("a folder can be made");
        let lock = File::create(folder.join("media.lock")).expect("a file can be made");
        // Test binaries may run side by side. Whoever waits here has nothing else to do.
        lock.lock().expect("a file can be locked");
        let mut config = config(&folder);
        config.library.make = false;
        let server = Server::start(config).await.expect("the server starts");
        let library = Library::open(LibraryOptions {
            root: folder.join("library"),
            profile: LadderProfile::Test,
            only: Some(titles()),
            background: false,
        })
        .expect("the library opens");
        library.make(server.key_source()).await.expect("ffmpeg makes the titles");
        server.shutdown().await;
        folder
    })
    .await
}

fn titles() -> Vec<TitleId> {
    [CLEAR, CENC, CBCS].map(TitleId::from).to_vec()
}

fn config(folder: &Path) -> ServerConfig {
    let mut config = ServerConfig::new(folder);
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.demo = true;
    config.library.profile = LadderProfile::Test;
    config.library.only = Some(titles().into_iter().chain([TitleId::from(PREMIUM)]).collect());
    config.library.make = false;
    config
}

/// A server of one test.
pub struct Service {
    pub config: ServerConfig,
    pub server: RunningServer,
    folder: TempDir,
}

impl Service {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with_faults(faults: Arc<dyn FaultScript>) -> Self {
        Self::with(|config| config.faults = Some(faults)).await
    }

    pub async fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(media().await, folder.path()).expect("the data folder can be copied");
        let mut config = config(folder.path());
        change(&mut config);
        let server = Server::start(config.clone()).await.expect("the server starts");
        config.listen = server.address();
        Self { config, server, folder }
    }

    /// Stops the server for a while; it comes back with the same data on the same port.
    pub async fn dead_for(self, time: Duration) -> Self {
        let Self { config, server, folder } = self;
        server.shutdown().await;
        // Without a listener connections are refused, as they should be, and nobody else is given the port meanwhile.
        let placeholder = TcpSocket::new_v4().expect("a socket");
        placeholder.set_reuseaddr(true).expect("an address that is shared");
        placeholder.bind(config.listen).expect("the port is free now");
        tokio::time::sleep(time).await;
        let server = Server::start(config.clone()).await.expect("the port is still free");
        Self { config, server, folder }
    }

    /// Where the media of a title are.
    pub fn media(&self, title: &str) -> PathBuf {
        self.folder.path().join("library/media").join(title)
    }

    /// Brightness of all pictures in these segments of an encrypted title, as decrypted and decoded by ffmpeg.
    pub async fn decoded(&self, title: &str, height: u32, segments: Range<usize>) -> Vec<u8> {
        let folder = self.folder.path().join(format!("library/media/{title}/video/{height}p"));
        let mut bytes = fs::read(folder.join("init.mp4")).expect("each rung has an initialisation segment");
        for segment in segments {
            let name = format!("seg-{:05}.m4s", segment + 1);
            bytes.extend(fs::read(folder.join(name)).expect("the title has this segment"));
        }
        let joined = self.folder.path().join(format!("{height}p.mp4"));
        fs::write(&joined, bytes).expect("a file can be written");
        let key = self.server.key_source().content_key(&TitleId::from(title)).expect("the server has the key").key;
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        // It reads from a pipe: when it can seek, ffmpeg 5.1 looks for the parameters of encrypted samples in the wrong
        // fragment.
        let output = Command::new("ffmpeg")
            .args(["-v", "error", "-decryption_key", &key, "-i", "pipe:0", "-fps_mode", "passthrough"])
            .args(["-vf", "extractplanes=y", "-f", "rawvideo", "-"])
            .stdin(File::open(joined).expect("it was just written"))
            .output();
        output.await.expect("ffmpeg is installed").stdout
    }

    /// Where the media of a title are.
    pub fn media_folder(&self, title: &str) -> PathBuf {
        self.folder.path().join(format!("library/media/{title}"))
    }

    /// Id and key of a protected title.
    pub fn key(&self, title: &str) -> ([u8; 16], [u8; 16]) {
        let found = self.server.key_source().content_key(&TitleId::from(title)).expect("the server has the key");
        (found.kid, found.key)
    }

    /// MD5 of all pictures of an encrypted title, as decrypted and decoded by ffmpeg.
    pub async fn frame_hashes(&self, title: &str, height: u32) -> Vec<String> {
        let folder = self.media_folder(title).join(format!("video/{height}p"));
        let mut bytes = fs::read(folder.join("init.mp4")).expect("each rung has an initialisation segment");
        for number in 1.. {
            let Ok(segment) = fs::read(folder.join(format!("seg-{number:05}.m4s"))) else { break };
            bytes.extend(segment);
        }
        let (joined, hashes) = (self.folder.path().join("whole.mp4"), self.folder.path().join("whole.md5"));
        fs::write(&joined, bytes).expect("a file can be written");
        let key: String = self.key(title).1.iter().map(|byte| format!("{byte:02x}")).collect();
        let status = Command::new("ffmpeg")
            .args(["-y", "-v", "error", "-decryption_key", &key, "-i", "pipe:0", "-fps_mode", "passthrough"])
            .args(["-map", "0:v:0", "-f", "framemd5"])
            .arg(&hashes)
            .stdin(File::open(joined).expect("it was just written"))
            .status();
        assert!(status.await.expect("ffmpeg is installed").success(), "ffmpeg decodes {title}");
        files::hashes_of(&hashes)
    }

    /// Permission of a premium viewer, got through the sign-in pages.
    pub async fn target(&self, title: &str) -> Target {
        // Hashing a password on purpose costs much; among many tests on few cores it may exceed the client's patience.
        for _ in 0..3 {
            match Target::from_title(self.server.origin(), title, &mia()).await {
                Err(error) if is_offline(&error) => {}
                outcome => return outcome.expect("mia may watch everything"),
            }
        }
        panic!("the server does not answer");
    }
}

fn is_offline(error: &anyhow::Error) -> bool {
    error.downcast_ref::<SignInError>().is_some_and(SignInError::is_offline)
}

pub fn mia() -> Account {
    Account { email: "mia@lumen.example".into(), password: "lumen-demo".into() }
}

pub fn ben() -> Account {
    Account { email: "ben@lumen.example".into(), password: "lumen-demo".into() }
}

/// Copies what a server writes to; the media it only reads.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for file in ["master.key", "lumen.db"] {
        fs::copy(from.join(file), to.join(file))?;
    }
    std::os::unix::fs::symlink(from.join("library"), to.join("library"))
}

/// A small buffer, so that what the network does is soon seen on screen.
pub fn eager() -> PlayOptions {
    let mut config = PlayerConfig::default();
    config.buffer.target = Duration::from_secs(5);
    PlayOptions { config, ..PlayOptions::default() }
}

/// Plays until it fails; returns with what.
pub async fn failure(target: &Target, options: &PlayOptions) -> ErrorCode {
    let run = Run::start(target, options).expect("the player starts");
    run.player.send(player_core::Command::Play);
    let failed = run.until(AGES, |snapshot| snapshot.state == PlaybackState::Failed).await;
    assert!(failed, "it should fail: {:?}", run.player.snapshot());
    let code = run.player.snapshot().error.as_ref().expect("a failure has an error").code;
    run.player.send(player_core::Command::Stop);
    run.player.closed().await;
    code
}

/// Waits for a picture at or behind this time, counted in runs between seeks, the first being 0. Pictures and not the
/// clock, because on a slow machine it runs ahead of the decoder.
pub async fn shown(run: &Run, nth: usize, seconds: f64) {
    let is_shown = |picture: &PictureCheck| shows(picture, nth, seconds);
    let is_over = |snapshot: &PlayerSnapshot| matches!(snapshot.state, PlaybackState::Failed | PlaybackState::Ended);
    run.until(AGES, |snapshot| run.picture(is_shown) || is_over(snapshot)).await;
    assert!(run.picture(is_shown), "{seconds} s in run {nth}: {:?}", run.player.snapshot());
}

pub fn shows(picture: &PictureCheck, nth: usize, seconds: f64) -> bool {
    let last = picture.runs().get(nth).and_then(|run| run.last());
    last.is_some_and(|frame| frame.pts.as_secs_f64() >= seconds)
}
