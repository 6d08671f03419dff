//! Damage, absence and silence: a clear word, playback goes on where it can, nothing is lost.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::play::{PlayOptions, Run};
use app_qa::target::Target;
use player_core::{Command, ErrorCode, PlaybackState};
use server_stub::{DeliveryRequest, Fault, FaultFn};
use std::sync::OnceLock;
use std::time::Duration;
use support::{AGES, CENC, CLEAR, Service, eager, shown};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const SECOND: Duration = Duration::from_secs(1);

fn is_video(request: &DeliveryRequest, segment: &str) -> bool {
    request.path.contains('p') && request.path.ends_with(segment) && !request.path.contains("audio")
}

/// Plays ten seconds over faults; returns the run for a closer look.
async fn ten_seconds(service: &Service, title: &str, options: &PlayOptions) -> Run {
    let run = Run::start(&service.target(title).await, options).unwrap();
    run.player.send(Command::Play);
    shown(&run, 0, 10.0).await;
    assert_eq!(run.player.snapshot().state, PlaybackState::Playing, "{:?}", run.player.snapshot().error);
    run.player.send(Command::Stop);
    run.player.closed().await;
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_missing_from_one_rung_comes_from_another_and_no_frame_is_lost() {
    // Missing from whichever rung the player has come to by then.
    let missing = OnceLock::new();
    let faults = FaultFn::new(move |request: &DeliveryRequest| {
        let is_missing =
            is_video(request, "seg-00003.m4s") && missing.get_or_init(|| request.path.clone()) == &request.path;
        is_missing.then_some(Fault::Status(404))
    });
    let service = Service::with_faults(faults).await;
    let run = ten_seconds(&service, CENC, &eager()).await;
    let report = run.picture(app_qa::picture::PictureCheck::report);
    assert!(report.is_perfect(), "{report:?}");
    assert!(report.rungs.len() >= 2, "another rung was shown: {report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_503_three_times_is_asked_again() {
    let faults = FaultFn::new(|request: &DeliveryRequest| {
        (request.path.ends_with("seg-00004.m4s") && request.attempt <= 3).then_some(Fault::Status(503))
    });
    let service = Service::with_faults(faults).await;
    let run = ten_seconds(&service, CENC, &eager()).await;
    assert!(run.picture(app_qa::picture::PictureCheck::report).is_perfect());
    assert!(run.player.snapshot().stats.failures >= 3);
    assert_eq!(run.player.snapshot().notice, None, "the notice goes when it is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn truncated_and_corrupt_segments_are_fetched_again() {
    let faults = FaultFn::new(|request: &DeliveryRequest| match request.attempt {
        1 if is_video(request, "seg-00002.m4s") => Some(Fault::TruncateBody { at: 700 }),
        // Over the boxes at the start: sizes that make no sense.
        1 if is_video(request, "seg-00003.m4s") => Some(Fault::Corrupt { offset: 0, bytes: vec![0xff; 200] }),
        _ => None,
    });
    let service = Service::with_faults(faults).await;
    let run = ten_seconds(&service, CENC, &eager()).await;
    assert!(run.picture(app_qa::picture::PictureCheck::report).is_perfect());
    assert!(run.player.snapshot().stats.failures >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_damaged_in_every_rung_is_skipped_and_the_rest_is_shown() {
    let faults = FaultFn::new(|request: &DeliveryRequest| {
        is_video(request, "seg-00003.m4s").then_some(Fault::Corrupt { offset: 0, bytes: vec![0; 400] })
    });
    let service = Service::with_faults(faults).await;
    let run = ten_seconds(&service, CLEAR, &eager()).await;
    let report = run.picture(app_qa::picture::PictureCheck::report);
    assert_eq!((report.missing, report.repeated, report.out_of_order), (50, 0, 0), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_in_the_pictures_themselves_does_not_stop_playback() {
    let faults = FaultFn::new(|request: &DeliveryRequest| {
        // Behind the boxes, in the coded slices.
        is_video(request, "seg-00003.m4s").then(|| Fault::Corrupt { offset: 4_000, bytes: vec![0x5a; 900] })
    });
    let service = Service::with_faults(faults).await;
    ten_seconds(&service, CLEAR, &eager()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_dead_for_ten_seconds_loses_nothing() {
    let service = Service::start().await;
    let run = Run::start(&service.target(CENC).await, &eager()).unwrap();
    run.player.send(Command::Play);
    shown(&run, 0, 2.0).await;
    let notice = run.until(AGES, |snapshot| snapshot.notice.is_some());
    let (service, noticed) = tokio::join!(service.dead_for(10 * SECOND), notice);
    assert!(noticed, "the viewer is told: {:?}", run.player.snapshot());
    shown(&run, 0, 20.0).await;
    run.player.send(Command::Stop);
    run.player.closed().await;
    assert_eq!(run.player.snapshot().error, None);
    let report = run.picture(app_qa::picture::PictureCheck::report);
    assert!(report.is_perfect(), "{report:?}");
    drop(service);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_of_ten_megabytes_is_refused_with_a_sentence() {
    let mut playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n".to_vec();
    while playlist.len() < 10_000_000 {
        playlist.extend_from_slice(b"#EXTINF:4.0,\nsegment.m4s\n");
    }
    let server = answer_with(playlist, true).await;
    assert_eq!(support::failure(&server, &eager()).await, ErrorCode::TooLarge);
    // Without a length in the headers it must be noticed on the way.
    let mut endless = b"#EXTM3U\n".to_vec();
    endless.resize(10_000_000, b'#');
    let server = answer_with(endless, false).await;
    assert_eq!(support::failure(&server, &eager()).await, ErrorCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_stream_is_refused_with_a_sentence() {
    let page = answer_with(b"<!doctype html><title>Log in to the hotel network</title>".to_vec(), true).await;
    assert_eq!(support::failure(&page, &eager()).await, ErrorCode::ManifestInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_address_is_said_within_seconds() {
    // Bound, so that nobody else is given the port, and not listening.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = nobody.local_addr().unwrap();
    let target = Target::from_url(format!("http://{address}/master.m3u8").parse().unwrap());
    let mut options = eager();
    options.config.recovery.patience = 4 * SECOND;
    assert_eq!(support::failure(&target, &options).await, ErrorCode::Unreachable);
}

/// A server that answers each request with the same bytes.
async fn answer_with(body: Vec<u8>, announce_length: bool) -> Target {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let length = if announce_length { format!("Content-Length: {}\r\n", body.len()) } else { String::new() };
            let head = format!("HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&body).await;
            let _ = stream.shutdown().await;
        }
    });
    Target::from_url(format!("http://{address}/master.m3u8").parse().unwrap())
}
