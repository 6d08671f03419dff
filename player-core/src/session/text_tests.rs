//! Subtitles, captions and marks of a session, in virtual time.

use super::*;
use crate::manifest::ClosedCaptions;
use crate::testing::{Harness, Link, ManifestBuilder};
use crate::text::captions::CaptionService;

const SECOND: Duration = Duration::from_secs(1);

fn harness(manifest: ManifestBuilder) -> Harness {
    let mut harness = Harness::new(PlayerConfig::default(), manifest, Link::new(|_| 20_000_000), MediaTime::ZERO);
    harness.send(Command::Play);
    harness
}

fn at(seconds: f64) -> MediaTime {
    MediaTime::from_secs_f64(seconds)
}

fn cc1() -> TrackId {
    CaptionService::parse("CC1").unwrap().track()
}

fn shown(harness: &Harness) -> Vec<String> {
    harness.snapshot.cues.iter().map(crate::text::Cue::text).collect()
}

/// Plays to a position and says what is to be read there.
fn read_at(harness: &mut Harness, seconds: f64) -> Vec<String> {
    assert!(harness.run_until(60 * SECOND, |snapshot| snapshot.position >= at(seconds)), "{}", harness.story());
    shown(harness)
}

fn names(harness: &Harness) -> Vec<String> {
    harness.snapshot.tracks_of(TrackKind::Text).map(|track| track.name.clone()).collect()
}

#[test]
fn captions_that_nobody_announced_are_offered_when_they_speak_and_shown_when_they_are_wanted() {
    let mut harness = harness(ManifestBuilder { captions: true, ..ManifestBuilder::default() });
    assert!(harness.run_until(10 * SECOND, |snapshot| snapshot.tracks_of(TrackKind::Text).count() == 1));
    assert_eq!(names(&harness), ["CC1"]);
    read_at(&mut harness, 5.0);
    assert_eq!(shown(&harness), [""; 0], "nobody has chosen them");
    harness.send(Command::SelectText { track: Some(cc1()) });
    assert_eq!(harness.snapshot.selected_text, Some(cc1()));
    assert_eq!(shown(&harness), ["01"], "they were read along");
    assert_eq!(read_at(&mut harness, 8.5), ["02"]);
    harness.send(Command::SelectText { track: None });
    assert_eq!((shown(&harness).len(), harness.snapshot.selected_text), (0, None));
    assert!(harness.fetched.iter().all(|path| !path.starts_with('t')), "nothing was fetched for them");
}

#[test]
fn a_seek_begins_captions_anew() {
    let mut harness = harness(ManifestBuilder { captions: true, ..ManifestBuilder::default() });
    read_at(&mut harness, 1.0);
    harness.send(Command::SelectText { track: Some(cc1()) });
    harness.send(Command::Seek { to: at(81.0) });
    assert_eq!(read_at(&mut harness, 82.0), [""; 0], "what is shown there was written before it");
    assert_eq!(read_at(&mut harness, 84.5), ["21"]);
    harness.send(Command::Seek { to: at(5.0) });
    assert_eq!(read_at(&mut harness, 5.5), ["01"], "what was read is kept");
}

#[test]
fn announced_captions_have_their_language_and_are_chosen_by_it() {
    let service = CaptionService::parse("CC1").unwrap();
    let announced = vec![ClosedCaptions { service, language: Some("sv".into()), name: "Svenska".into() }];
    let config = PlayerConfig { text_language: Some("sv-SE".into()), ..PlayerConfig::default() };
    let manifest = ManifestBuilder { captions: true, announced, texts: 2, ..ManifestBuilder::default() };
    let mut harness = Harness::new(config, manifest, Link::new(|_| 20_000_000), MediaTime::ZERO);
    harness.send(Command::Play);
    assert_eq!(read_at(&mut harness, 5.0), ["01"]);
    assert_eq!(names(&harness), ["Text 0", "Text 1", "Svenska"]);
    assert_eq!(harness.snapshot.selected_text, Some(service.track()));
}

#[test]
fn two_texts_are_shown_at_once_and_none_twice() {
    let mut harness = harness(ManifestBuilder { texts: 2, captions: true, ..ManifestBuilder::default() });
    harness.run_for(SECOND);
    harness.send(Command::SelectText { track: Some(TrackId(2)) });
    harness.send(Command::SelectSecondText { track: Some(TrackId(3)) });
    assert_eq!(read_at(&mut harness, 5.0), ["t0 1", "t1 1"]);
    harness.send(Command::SelectText { track: Some(TrackId(3)) });
    let selected = |harness: &Harness| (harness.snapshot.selected_text, harness.snapshot.selected_second_text);
    assert_eq!(selected(&harness), (Some(TrackId(3)), None));
    harness.send(Command::SelectSecondText { track: Some(cc1()) });
    assert_eq!(read_at(&mut harness, 9.0), ["t1 2", "02"]);
    harness.send(Command::SelectSecondText { track: Some(TrackId(0)) });
    assert_eq!(selected(&harness), (Some(TrackId(3)), None), "the picture is no text");
    harness.send(Command::SelectText { track: None });
    assert_eq!(shown(&harness), [""; 0]);
    harness.send(Command::Stop);
    assert_eq!(harness.in_flight(), 0);
}

#[test]
fn subtitles_come_later_or_earlier_than_they_say_as_the_viewer_wants() {
    let mut harness = harness(ManifestBuilder { texts: 1, ..ManifestBuilder::default() });
    harness.run_for(SECOND);
    harness.send(Command::SelectText { track: Some(TrackId(2)) });
    harness.send(Command::SetTextDelay { millis: 2_000 });
    assert_eq!(read_at(&mut harness, 5.0), ["t0 0"]);
    harness.send(Command::SetTextDelay { millis: -4_000 });
    assert_eq!(shown(&harness), ["t0 2"], "they are fetched ahead");
    harness.send(Command::SetTextDelay { millis: i32::MIN });
    harness.run_for(SECOND);
    assert_eq!(shown(&harness), ["t0 16"], "a minute at most, and what is missing is fetched");
    harness.send(Command::SetTextDelay { millis: 0 });
    assert_eq!(shown(&harness), ["t0 1"]);
}

#[test]
fn conformance_29_marks_in_the_media_are_told_once_at_the_presentations_time() {
    let manifest = ManifestBuilder { segments: 4, messages: true, ..ManifestBuilder::default() };
    let mut harness = harness(manifest);
    assert!(harness.run_until(60 * SECOND, |snapshot| snapshot.state == PlaybackState::Ended));
    let told: Vec<(String, f64, u64)> = harness
        .events
        .iter()
        .filter_map(|emitted| match &emitted.event {
            PlaybackEvent::TimedEvent { id, start, payload, .. } => {
                Some((id.clone(), start.as_secs_f64(), payload.bytes()))
            }
            _ => None,
        })
        .collect();
    let expected = [("0", 1.0), ("1", 5.0), ("2", 9.0), ("3", 13.0)].map(|(id, start)| (id.to_owned(), start, 3));
    assert_eq!(told, expected);
}
