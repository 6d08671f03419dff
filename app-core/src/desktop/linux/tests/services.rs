//! Services of a desktop that are asked for something.

use super::{Bus, PATIENCE, soon, told};
use crate::{
    app::Msg,
    desktop::{
        appearance::Appearance,
        linux::{
            Buses,
            awake::{OnBus, Wakefulness},
            portal,
        },
        model::DesktopMsg,
    },
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use zbus::{
    Connection, interface,
    object_server::SignalEmitter,
    zvariant::{OwnedFd, OwnedObjectPath, OwnedValue, Value},
};

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
            ("org.freedesktop.appearance", "contrast") => Value::from(2 - scheme),
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
    let dark = Appearance {
        text_scale: Some(1.0),
        reduced_motion: Some(true),
        prefers_dark: Some(true),
        high_contrast: Some(true),
    };
    assert_eq!(next().await, dark);
    *values.lock().unwrap() = (2, 1.25);
    let emitter = SignalEmitter::new(&desktop, PORTAL).unwrap();
    Settings::setting_changed(&emitter, "org.freedesktop.appearance", "color-scheme", Value::from(2u32)).await.unwrap();
    assert_eq!(
        next().await,
        Appearance { text_scale: Some(1.25), prefers_dark: Some(false), high_contrast: Some(false), ..dark }
    );
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
