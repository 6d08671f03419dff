//! A film whose only protection is the stand-in: made by ffmpeg, with a manifest of ours.

use super::{SYSTEM, init_data};
use crate::drm::{ContentKey, KeyId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use std::process::Command;

/// The film's key.
pub const ID: KeyId = KeyId([0x1d; 16]);
pub const KEY: ContentKey = ContentKey([0x42; 16]);

/// Makes two seconds by `cenc` in `folder`, 50 pictures of 160 by 90 pixels and a tone: `film.mpd` with `video.mp4` and
/// `audio.mp4`; and `clear.mkv`, the same in the clear.
///
/// # Panics
/// There is no ffmpeg with libx264.
pub fn make(folder: &Path) {
    let video = "-c:v libx264 -preset ultrafast -x264-params bframes=2:keyint=25:scenecut=0 -pix_fmt yuv420p";
    let source = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=2 -f lavfi -i sine=sample_rate=48000:duration=2";
    ffmpeg(folder, &format!("{source} {video} -c:a aac -shortest clear.mkv"));
    let hex = |byte: u8| format!("{byte:02x}").repeat(16);
    let key = format!("-encryption_key {} -encryption_kid {}", hex(KEY.0[0]), hex(ID.0[0]));
    for (track, file) in [("v", "video.mp4"), ("a", "audio.mp4")] {
        ffmpeg(folder, &format!("-i clear.mkv -map 0:{track}:0 -c copy -encryption_scheme cenc-aes-ctr {key} {file}"));
    }
    std::fs::write(folder.join("film.mpd"), manifest("film")).expect("the folder can be written to");
}

/// Runs ffmpeg in a folder. Arguments hold no spaces but between them.
///
/// # Panics
/// It is not there, or finds fault.
pub fn ffmpeg(folder: &Path, arguments: &str) {
    let mut command = Command::new("ffmpeg");
    let status = command.current_dir(folder).args(["-y", "-v", "error", "-nostdin"]).args(arguments.split_whitespace());
    assert!(status.status().expect("ffmpeg is installed").success(), "{arguments}");
}

/// The film's manifest, which offers the stand-in and nothing else, with initialisation data that tell it how to behave.
pub fn manifest(how: &str) -> String {
    let (system, key) = (uuid(SYSTEM), uuid(ID.0));
    let pssh = STANDARD.encode(init_data(how));
    let protection = format!(
        r#"<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="{key}"/>
        <ContentProtection schemeIdUri="urn:uuid:{system}"><cenc:pssh>{pssh}</cenc:pssh></ContentProtection>"#
    );
    format!(
        r#"<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" type="static"
        profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" mediaPresentationDuration="PT2S"><Period>
        <AdaptationSet mimeType="video/mp4">{protection}
        <Representation id="v" bandwidth="200000" codecs="avc1.42c00d" width="160" height="90">
        <BaseURL>video.mp4</BaseURL></Representation></AdaptationSet>
        <AdaptationSet mimeType="audio/mp4">{protection}
        <Representation id="a" bandwidth="64000" codecs="mp4a.40.2"><BaseURL>audio.mp4</BaseURL></Representation>
        </AdaptationSet></Period></MPD>"#
    )
}

/// As it is written.
pub fn uuid(bytes: [u8; 16]) -> String {
    uuid::Uuid::from_bytes(bytes).to_string()
}
