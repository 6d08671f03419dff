//! Against real buses of their own, with stand-ins for the services of a desktop, and with `playerctl`.

use super::{
    Buses,
    awake::{OnBus, Wakefulness},
    mpris::{Controls, Shared},
    portal,
};
use crate::{
    app::Msg,
    desktop::{
        appearance::Appearance,
        host::Tell,
        model::DesktopMsg,
        now_playing::{NowPlaying, Remote, Status},
    },
};
use futures_util::StreamExt;
use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use zbus::{
    Connection, MessageStream, connection, interface,
    object_server::SignalEmitter,
    zvariant::{OwnedFd, OwnedObjectPath, OwnedValue, Value},
};

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

async fn remote(told: &mut mpsc::UnboundedReceiver<Msg>) -> Remote {
    match soon(told.recv()).await {
        Some(Msg::Desktop(DesktopMsg::Remote(remote))) => remote,
        other => panic!("{other:?}"),
    }
}

/// Media controls on a bus, as the host offers them.
struct Stage {
    bus: Bus,
    shared: Arc<Shared>,
    news: watch::Sender<(u64, u64)>,
    wanted: watch::Sender<bool>,
    told: mpsc::UnboundedReceiver<Msg>,
    _folder: tempfile::TempDir,
}

fn film() -> NowPlaying {
    NowPlaying {
        status: Status::Playing,
        track: 7,
        title: "The Long Tide".to_owned(),
        detail: "New season".to_owned(),
        art: Some("/artwork/card/0".to_owned()),
        length_us: Some(3_112_000_000),
        position_us: 1_152_000_000,
        moving: false,
        rate: 1.0,
        volume: 0.5,
        can_seek: true,
        can_next: true,
        ..NowPlaying::default()
    }
}

impl Stage {
    async fn begin() -> Self {
        let bus = Bus::start();
        let shared = Shared::new();
        let (news, wanted) = (watch::Sender::new((0, 0)), watch::Sender::new(true));
        let (tell, told) = told();
        let folder = tempfile::tempdir().unwrap();
        let controls = Controls {
            buses: bus.as_session(),
            shared: Arc::clone(&shared),
            tell,
            news: news.subscribe(),
            wanted: wanted.subscribe(),
            art: Arc::new(|path| Box::pin(async move { Some(format!("picture of {path}").into_bytes()) })),
            art_file: folder.path().join("now-playing"),
        };
        let stage = Self { bus, shared, news, wanted, told, _folder: folder };
        let watcher = stage.bus.connect().await;
        let dbus = zbus::fdo::DBusProxy::new(&watcher).await.unwrap();
        let mut owners = dbus.receive_name_owner_changed().await.unwrap();
        tokio::spawn(controls.run());
        loop {
            let change = soon(owners.next()).await.unwrap();
            if change.args().unwrap().name.as_str() == "org.mpris.MediaPlayer2.lumen" {
                return stage;
            }
        }
    }

    /// As the host does it.
    fn publish(&self, now: NowPlaying) {
        let news = self.shared.anchor().follow(now, Instant::now());
        self.news.send_modify(|(changes, jumps)| {
            *changes += 1;
            *jumps += u64::from(news.jumped);
        });
    }

    async fn get(&self, connection: &Connection, name: &str) -> OwnedValue {
        let player = zbus::Proxy::new(
            connection,
            "org.mpris.MediaPlayer2.lumen",
            "/org/mpris/MediaPlayer2",
            "org.mpris.MediaPlayer2.Player",
        );
        let builder = player.await.unwrap();
        let message = builder
            .connection()
            .call_method(
                Some("org.mpris.MediaPlayer2.lumen"),
                "/org/mpris/MediaPlayer2",
                Some("org.freedesktop.DBus.Properties"),
                "Get",
                &("org.mpris.MediaPlayer2.Player", name),
            )
            .await
            .unwrap();
        message.body().deserialize().unwrap()
    }
}

/// The next signal of this name.
async fn signal(stream: &mut MessageStream, name: &str) -> zbus::Message {
    loop {
        let message = soon(stream.next()).await.unwrap().unwrap();
        if message.header().member().is_some_and(|member| member.as_str() == name) {
            return message;
        }
    }
}

async fn listen(connection: &Connection) -> MessageStream {
    let rule = zbus::MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .path("/org/mpris/MediaPlayer2")
        .unwrap()
        .build();
    MessageStream::for_match_rule(rule, connection, None).await.unwrap()
}

#[tokio::test]
async fn changes_are_announced_together_and_jumps_by_themselves() {
    let stage = Stage::begin().await;
    let client = stage.bus.connect().await;
    let mut signals = listen(&client).await;
    stage.publish(film());
    let message = signal(&mut signals, "PropertiesChanged").await;
    let (interface, changed, _): (String, HashMap<String, OwnedValue>, Vec<String>) =
        message.body().deserialize().unwrap();
    assert_eq!(interface, "org.mpris.MediaPlayer2.Player");
    let mut names: Vec<&str> = changed.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = ["CanGoNext", "CanPause", "CanPlay", "CanSeek", "Metadata", "PlaybackStatus", "Volume"];
    assert_eq!(names, expected);
    let data = HashMap::<String, OwnedValue>::try_from(changed["Metadata"].clone()).unwrap();
    assert_eq!(<&str>::try_from(&data["xesam:title"]).unwrap(), "The Long Tide");
    assert_eq!(i64::try_from(&data["mpris:length"]).unwrap(), 3_112_000_000);

    // The picture follows in its own time, as a file.
    let message = signal(&mut signals, "PropertiesChanged").await;
    let (_, changed, _): (String, HashMap<String, OwnedValue>, Vec<String>) = message.body().deserialize().unwrap();
    let data = HashMap::<String, OwnedValue>::try_from(changed["Metadata"].clone()).unwrap();
    let art: url::Url = <&str>::try_from(&data["mpris:artUrl"]).unwrap().parse().unwrap();
    assert_eq!(std::fs::read(art.to_file_path().unwrap()).unwrap(), b"picture of /artwork/card/0");

    assert_eq!(i64::try_from(stage.get(&client, "Position").await).unwrap(), 1_152_000_000);
    stage.publish(NowPlaying { position_us: 5_000_000, ..film() });
    let message = signal(&mut signals, "Seeked").await;
    assert_eq!(message.body().deserialize::<i64>().unwrap(), 5_000_000);
}

#[tokio::test]
async fn playerctl_reads_and_steers() {
    let mut stage = Stage::begin().await;
    let client = stage.bus.connect().await;
    let mut signals = listen(&client).await;
    stage.publish(film());
    signal(&mut signals, "PropertiesChanged").await;
    let address = stage.bus.address.clone();
    let playerctl = |arguments: &'static [&'static str]| {
        let address = address.clone();
        async move {
            let run = tokio::process::Command::new("playerctl")
                .args(["--player", "lumen"])
                .args(arguments)
                .env("DBUS_SESSION_BUS_ADDRESS", address)
                .kill_on_drop(true)
                .output();
            let output = soon(run).await.expect("playerctl is installed by scripts/setup.sh");
            assert!(output.status.success(), "{arguments:?}: {output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        }
    };
    assert_eq!(playerctl(&["status"]).await, "Playing");
    assert_eq!(playerctl(&["metadata", "title"]).await, "The Long Tide");
    assert_eq!(playerctl(&["metadata", "--format", "{{duration(mpris:length)}}"]).await, "51:52");
    assert_eq!(playerctl(&["position"]).await, "1152.000000");
    assert_eq!(playerctl(&["volume"]).await, "0.500000");
    for (arguments, expected) in [
        (&["play-pause"][..], Remote::PlayPause),
        (&["pause"], Remote::Pause),
        (&["play"], Remote::Play),
        (&["next"], Remote::Next),
        (&["position", "10+"], Remote::SeekBy(10_000_000)),
        (&["position", "42"], Remote::SeekTo { track: 7, position_us: 42_000_000 }),
        (&["volume", "0.25"], Remote::Volume(0.25)),
        (&["stop"], Remote::Stop),
    ] {
        playerctl(arguments).await;
        assert_eq!(remote(&mut stage.told).await, expected, "{arguments:?}");
    }
    playerctl(&["open", "https://example.com/a.m3u8"]).await;
    assert!(matches!(remote(&mut stage.told).await, Remote::Open(_)));
}

#[tokio::test]
async fn controls_go_when_they_are_switched_off_and_come_back() {
    let stage = Stage::begin().await;
    let client = stage.bus.connect().await;
    let dbus = zbus::fdo::DBusProxy::new(&client).await.unwrap();
    let name = || "org.mpris.MediaPlayer2.lumen".try_into().unwrap();
    let mut owners = dbus.receive_name_owner_changed().await.unwrap();
    for wanted in [false, true] {
        stage.wanted.send(wanted).unwrap();
        loop {
            let change = soon(owners.next()).await.unwrap();
            let args = change.args().unwrap();
            if args.name.as_str().contains("MediaPlayer2") {
                assert_eq!(args.new_owner.is_some(), wanted);
                break;
            }
        }
        assert_eq!(dbus.name_has_owner(name()).await.unwrap(), wanted);
    }
}

#[tokio::test]
async fn a_second_window_has_a_name_of_its_own() {
    let bus = Bus::start();
    let other = bus.connect().await;
    other.request_name("org.mpris.MediaPlayer2.lumen").await.unwrap();
    let (tell, _told) = told();
    let (_news, _wanted) = (watch::Sender::new((0, 0)), watch::Sender::new(true));
    let folder = tempfile::tempdir().unwrap();
    let controls = Controls {
        buses: bus.as_session(),
        shared: Shared::new(),
        tell,
        news: _news.subscribe(),
        wanted: _wanted.subscribe(),
        art: Arc::new(|_| Box::pin(async { None })),
        art_file: folder.path().join("art"),
    };
    let dbus = zbus::fdo::DBusProxy::new(&other).await.unwrap();
    let mut owners = dbus.receive_name_owner_changed().await.unwrap();
    tokio::spawn(controls.run());
    let expected = format!("org.mpris.MediaPlayer2.lumen.instance{}", std::process::id());
    loop {
        let change = soon(owners.next()).await.unwrap();
        if change.args().unwrap().name.as_str() == expected {
            return;
        }
    }
}

/// What was asked of the stand-ins, in order.
type Diary = Arc<Mutex<Vec<String>>>;

fn note(diary: &Diary, what: impl Into<String>) {
    diary.lock().unwrap().push(what.into());
}

const REQUEST: &str = "/org/freedesktop/portal/desktop/request/1";

/// Portals of a desktop.
struct StandIn {
    diary: Diary,
    answer: (u32, Option<&'static str>),
}

struct Inhibit(Diary);

#[interface(name = "org.freedesktop.portal.Inhibit")]
impl Inhibit {
    fn inhibit(&self, _window: &str, flags: u32, options: HashMap<String, OwnedValue>) -> OwnedObjectPath {
        note(&self.0, format!("inhibit {flags} {}", <&str>::try_from(&options["reason"]).unwrap()));
        REQUEST.try_into().unwrap()
    }
}

struct Request(Diary);

#[interface(name = "org.freedesktop.portal.Request")]
impl Request {
    fn close(&self) {
        note(&self.0, "close");
    }
}

#[interface(name = "org.freedesktop.portal.FileChooser")]
impl StandIn {
    async fn open_file(
        &self,
        _window: &str,
        title: &str,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        note(&self.diary, format!("open {title}"));
        let sender = header.sender().unwrap().trim_start_matches(':').replace('.', "_");
        let token = <&str>::try_from(&options["handle_token"]).unwrap();
        let path = format!("/org/freedesktop/portal/desktop/request/{sender}/{token}");
        let uris: Vec<&str> = self.answer.1.into_iter().collect();
        let results = HashMap::from([("uris", Value::from(uris))]);
        // Before the reply, as the real one may.
        let name = "org.freedesktop.portal.Request";
        let to = header.sender().map(|name| name.to_owned());
        connection.emit_signal(to, path.as_str(), name, "Response", &(self.answer.0, results)).await.unwrap();
        OwnedObjectPath::try_from(path).unwrap()
    }
}

struct Settings(Arc<Mutex<(u32, f64)>>);

#[interface(name = "org.freedesktop.portal.Settings")]
impl Settings {
    fn read(&self, namespace: &str, key: &str) -> zbus::fdo::Result<OwnedValue> {
        let (scheme, scale) = *self.0.lock().unwrap();
        let value = match (namespace, key) {
            ("org.freedesktop.appearance", "color-scheme") => Value::from(scheme),
            ("org.gnome.desktop.interface", "text-scaling-factor") => Value::from(scale),
            ("org.gnome.desktop.interface", "enable-animations") => Value::from(false),
            _ => return Err(zbus::fdo::Error::Failed("no such key".into())),
        };
        // Wrapped once more, as this call has always done it.
        Ok(Value::Value(Box::new(value)).try_into().unwrap())
    }

    #[zbus(signal)]
    async fn setting_changed(
        emitter: &SignalEmitter<'_>,
        namespace: &str,
        key: &str,
        value: Value<'_>,
    ) -> zbus::Result<()>;
}

struct Proxies;

#[interface(name = "org.freedesktop.portal.ProxyResolver")]
impl Proxies {
    fn lookup(&self, uri: &str) -> Vec<String> {
        let proxies: &[&str] =
            if uri.contains("direct") { &["direct://"] } else { &["socks5://x:1", "http://proxy.test:3128"] };
        proxies.iter().map(|text| (*text).to_owned()).collect()
    }
}

struct ScreenSaver(Diary);

#[interface(name = "org.freedesktop.ScreenSaver")]
impl ScreenSaver {
    fn inhibit(&self, app: &str, _why: &str) -> u32 {
        note(&self.0, format!("saver {app}"));
        42
    }

    #[zbus(name = "UnInhibit")]
    fn un_inhibit(&self, cookie: u32) {
        note(&self.0, format!("saver off {cookie}"));
    }
}

struct Logind(Diary, Mutex<Option<std::os::unix::net::UnixStream>>);

#[interface(name = "org.freedesktop.login1.Manager")]
impl Logind {
    fn inhibit(&self, what: &str, _who: &str, _why: &str, mode: &str) -> OwnedFd {
        note(&self.0, format!("logind {what} {mode}"));
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        *self.1.lock().unwrap() = Some(ours);
        OwnedFd::from(std::os::fd::OwnedFd::from(theirs))
    }
}

const PORTAL: &str = "/org/freedesktop/portal/desktop";

#[tokio::test]
async fn the_screen_stays_on_by_the_portal_and_is_given_back() {
    let bus = Bus::start();
    let diary = Diary::default();
    let desktop = bus.connect().await;
    desktop.object_server().at(PORTAL, Inhibit(diary.clone())).await.unwrap();
    desktop.object_server().at(REQUEST, Request(diary.clone())).await.unwrap();
    desktop.request_name(portal::NAME).await.unwrap();
    let mut lock = OnBus::new(bus.as_session());
    lock.take().await;
    assert_eq!(lock.way(), Some("portal"));
    lock.release().await;
    assert_eq!(lock.way(), None);
    assert_eq!(*diary.lock().unwrap(), ["inhibit 12 Playing a video", "close"]);
}

#[tokio::test]
async fn without_a_portal_the_screen_saver_is_asked_and_without_that_logind() {
    let (session, system) = (Bus::start(), Bus::start());
    let diary = Diary::default();
    let buses = Buses { session: Some(session.address.clone()), system: Some(system.address.clone()) };
    let mut lock = OnBus::new(buses);
    lock.take().await;
    assert_eq!(lock.way(), None, "nobody is there");

    let logind = system.connect().await;
    let manager = Logind(diary.clone(), Mutex::default());
    logind.object_server().at("/org/freedesktop/login1", manager).await.unwrap();
    logind.request_name("org.freedesktop.login1").await.unwrap();
    lock.take().await;
    assert_eq!(lock.way(), Some("logind"));
    lock.release().await;
    // It is given back by closing it: what reads the other end sees that.
    let manager = logind.object_server().interface::<_, Logind>("/org/freedesktop/login1").await.unwrap();
    let mut ours = manager.get().await.1.lock().unwrap().take().unwrap();
    ours.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(std::io::Read::read(&mut ours, &mut [0; 1]).unwrap(), 0);

    let saver = session.connect().await;
    saver.object_server().at("/org/freedesktop/ScreenSaver", ScreenSaver(diary.clone())).await.unwrap();
    saver.request_name("org.freedesktop.ScreenSaver").await.unwrap();
    lock.take().await;
    assert_eq!(lock.way(), Some("screen saver"));
    lock.release().await;
    assert_eq!(*diary.lock().unwrap(), ["logind sleep:idle block", "saver Lumen", "saver off 42"]);
}

#[tokio::test]
async fn files_are_chosen_in_the_dialog_of_the_desktop() {
    for (answer, expected) in [
        ((0, Some("file:///films/a%20b.mp4")), Some(Some("file:///films/a%20b.mp4"))),
        ((0, None), Some(None)),
        ((1, None), Some(None)),
        ((2, None), None),
    ] {
        let bus = Bus::start();
        let diary = Diary::default();
        let desktop = bus.connect().await;
        desktop.object_server().at(PORTAL, StandIn { diary: diary.clone(), answer }).await.unwrap();
        desktop.request_name(portal::NAME).await.unwrap();
        let chosen = soon(portal::choose_file(&bus.as_session())).await;
        let chosen = chosen.ok().map(|url| url.map(String::from));
        assert_eq!(chosen.as_ref().map(|url| url.as_deref()), expected, "{answer:?}");
        assert_eq!(*diary.lock().unwrap(), ["open Open a film or a stream"]);
    }
    let bus = Bus::start();
    assert!(portal::choose_file(&bus.as_session()).await.is_err(), "there is no dialog");
    assert!(portal::choose_file(&Buses::default()).await.is_err(), "there is no bus");
}

#[tokio::test]
async fn the_look_follows_the_desktop_while_it_changes() {
    let bus = Bus::start();
    let values = Arc::new(Mutex::new((1, 1.0)));
    let desktop = bus.connect().await;
    desktop.object_server().at(PORTAL, Settings(values.clone())).await.unwrap();
    desktop.request_name(portal::NAME).await.unwrap();
    let (tell, mut told) = told();
    tokio::spawn(portal::follow_appearance(bus.as_session(), tell));
    let mut next = async || match soon(told.recv()).await {
        Some(Msg::Desktop(DesktopMsg::Appearance(appearance))) => appearance,
        other => panic!("{other:?}"),
    };
    let dark = Appearance { text_scale: Some(1.0), reduced_motion: Some(true), prefers_dark: Some(true) };
    assert_eq!(next().await, dark);
    *values.lock().unwrap() = (2, 1.25);
    let emitter = SignalEmitter::new(&desktop, PORTAL).unwrap();
    Settings::setting_changed(&emitter, "org.freedesktop.appearance", "color-scheme", Value::from(2u32)).await.unwrap();
    assert_eq!(next().await, Appearance { text_scale: Some(1.25), prefers_dark: Some(false), ..dark });
}

#[tokio::test]
async fn the_proxy_of_the_desktop_is_asked_for() {
    let bus = Bus::start();
    let desktop = bus.connect().await;
    desktop.object_server().at(PORTAL, Proxies).await.unwrap();
    desktop.request_name(portal::NAME).await.unwrap();
    let lookup = async |url: &str| portal::proxy_for(&bus.as_session(), &url.parse().unwrap()).await.unwrap();
    assert_eq!(lookup("https://media.test/").await.unwrap().as_str(), "http://proxy.test:3128/");
    assert_eq!(lookup("https://direct.test/").await, None);
}
