//! Media controls.

use super::{Bus, soon, told};
use crate::{
    app::Msg,
    desktop::{
        linux::mpris::{Controls, Shared},
        model::DesktopMsg,
        now_playing::{NowPlaying, Remote, Status},
    },
};
use futures_util::StreamExt;
use std::{collections::HashMap, sync::Arc, time::Instant};
use tokio::sync::{mpsc, watch};
use zbus::{Connection, MessageStream, zvariant::OwnedValue};

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
    // Paused, because playerctl lets time pass by itself.
    stage.publish(NowPlaying { status: Status::Paused, ..film() });
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
    assert_eq!(playerctl(&["status"]).await, "Paused");
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
