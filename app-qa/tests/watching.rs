//! One household, more devices than its plan has streams: the real player against the real server.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::play::Run;
use app_qa::target::Target;
use player_core::{Command, PlaybackState};
use server_stub::{PlanTerms, Plans};
use service_api::client::{Client, ClientError, MemoryStore};
use service_api::playback::{DeviceClass, PlaybackDevice, RegisteredDevice};
use service_api::problem::ProblemCode;
use service_api::{ProfileId, client::SignInError};
use std::sync::Arc;
use std::time::Duration;
use support::{AGES, CENC, Service, eager, mia};
use tokio::time::{Instant, timeout};

const HEARTBEAT: Duration = Duration::from_secs(1);

/// One stream for everybody, and soon forgotten.
async fn strict() -> Service {
    let change = |config: &mut server_stub::ServerConfig| {
        config.rights.heartbeat = HEARTBEAT;
        config.rights.plans.premium = PlanTerms { streams: 1, ..Plans::default().premium };
    };
    Service::with(change).await
}

/// A device of the household.
struct Device {
    client: Client,
    profile: ProfileId,
    traits: PlaybackDevice,
}

impl Device {
    async fn signed_in(service: &Service, id: &str, name: &str, class: DeviceClass) -> Self {
        let client = Client::new(service.server.origin().clone(), Arc::new(MemoryStore::default())).unwrap();
        let mut tries = 0;
        let account = loop {
            tries += 1;
            // Hashing a password costs much on purpose.
            match client.sign_in_with_form(&mia().email, &mia().password).await {
                Err(error) if tries < 3 && SignInError::is_offline(&error) => {}
                outcome => break outcome.unwrap(),
            }
        };
        let traits =
            PlaybackDevice { id: Some(id.into()), name: Some(name.into()), class, ..PlaybackDevice::default() };
        Self { client, profile: account.profiles[0].id.clone(), traits }
    }

    async fn target(&self) -> anyhow::Result<Target> {
        Target::on_device(&self.client, &self.profile, CENC, self.traits.clone()).await
    }

    /// Plays until there is a picture.
    async fn watching(&self) -> Run {
        let run = Run::start(&self.target().await.unwrap(), &eager()).unwrap();
        run.player.send(Command::Play);
        support::shown(&run, 0, 0.2).await;
        run
    }

    async fn refusal(&self) -> ProblemCode {
        let error = self.target().await.unwrap_err();
        match error.downcast_ref::<ClientError>() {
            Some(ClientError::Problem(problem)) => problem.code,
            _ => panic!("{error:?}"),
        }
    }

    /// The devices that watch, as this one sees them.
    async fn streams(&self) -> Vec<RegisteredDevice> {
        let devices = self.client.playback_devices().await.unwrap();
        devices.into_iter().filter(|device| device.streaming).collect()
    }
}

async fn stopped(run: Run) {
    run.player.send(Command::Stop);
    run.player.closed().await;
    run.end_stream().await;
}

/// Waits until the service has ended a run; says how.
async fn ended(run: &Run) -> String {
    let told = async {
        loop {
            if let Some(refusal) = run.refusal() {
                return refusal;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(AGES, told).await.expect("the service ends the stream")
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_is_held_while_paused_and_free_as_soon_as_it_is_left() {
    let service = strict().await;
    let desk = Device::signed_in(&service, "desk", "Lumen on desk", DeviceClass::Desktop).await;
    let tv = Device::signed_in(&service, "tv", "Living room TV", DeviceClass::Tv).await;
    let run = tv.watching().await;
    run.player.send(Command::Pause);
    assert!(run.until(AGES, |snapshot| snapshot.state == PlaybackState::Paused).await);
    // Three times as long as a stream lasts that nobody hears of. A full buffer asks for nothing.
    let until = Instant::now() + 6 * HEARTBEAT;
    while Instant::now() < until {
        assert_eq!(desk.refusal().await, ProblemCode::StreamLimit);
        let [stream] = &desk.streams().await[..] else { panic!("one device watches") };
        assert_eq!((stream.name.as_str(), stream.class), ("Living room TV", DeviceClass::Tv));
        assert_eq!(stream.profile.as_ref(), Some(&tv.profile));
        tokio::time::sleep(HEARTBEAT / 2).await;
    }
    run.player.send(Command::Play);
    support::shown(&run, 0, 1.0).await;
    assert_eq!(run.refusal(), None);
    stopped(run).await;
    assert_eq!(desk.streams().await, []);
    stopped(desk.watching().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_that_is_stopped_from_elsewhere_ends_and_does_not_come_back_by_itself() {
    let service = strict().await;
    let desk = Device::signed_in(&service, "desk", "Lumen on desk", DeviceClass::Desktop).await;
    let tv = Device::signed_in(&service, "tv", "Living room TV", DeviceClass::Tv).await;
    let run = tv.watching().await;
    assert_eq!(desk.refusal().await, ProblemCode::StreamLimit);
    let stream = desk.streams().await.remove(0);
    desk.client.end_playback(stream.grant.as_ref().unwrap()).await.unwrap();
    let other = desk.watching().await;
    assert!(ended(&run).await.contains("taken back"), "{:?}", run.refusal());
    // Whatever its player still tries, the place is the other's.
    let [stream] = &desk.streams().await[..] else { panic!("one device watches") };
    assert_eq!(stream.id, "desk");
    assert_eq!(other.refusal(), None);
    stopped(run).await;
    stopped(other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_device_is_told_and_keeps_nothing() {
    let service = strict().await;
    let tv = Device::signed_in(&service, "tv", "Living room TV", DeviceClass::Tv).await;
    let run = tv.watching().await;
    tv.client.remove_playback_device("tv").await.unwrap();
    assert!(ended(&run).await.contains("taken back"), "{:?}", run.refusal());
    assert_eq!(tv.client.playback_devices().await.unwrap(), []);
    stopped(run).await;
}
