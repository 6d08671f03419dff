//! Media made by ffmpeg, and what ffmpeg sees in them.

use super::files::hashes_of;
use app_qa::decode::args::{CdmArgs, DecodeArgs, WantedRung};
use app_qa::decode::decode;
use app_qa::decode::report::DecodeReport;
use std::net::SocketAddr;
use std::path::Path;

pub const H264: &str =
    "-c:v libx264 -preset ultrafast -x264-params bframes=2:keyint=25:min-keyint=25:scenecut=0 -pix_fmt yuv420p";
pub const H265: &str =
    "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=25:min-keyint=25:bframes=2 -pix_fmt yuv420p";

/// Runs ffmpeg in a folder. Arguments hold no spaces but between them.
pub fn ffmpeg(folder: &Path, arguments: &str) {
    let mut command = std::process::Command::new("ffmpeg");
    let status = command.current_dir(folder).args(["-y", "-v", "error", "-nostdin"]).args(arguments.split_whitespace());
    assert!(status.status().expect("ffmpeg is installed").success(), "{arguments}");
}

/// Encodes some seconds of moving picture with a tone.
pub fn encode(folder: &Path, seconds: u32, codecs: &str, file: &str) {
    let picture = format!("-f lavfi -i testsrc2=size=160x90:rate=25:duration={seconds}");
    let sound = format!("-f lavfi -i sine=sample_rate=48000:duration={seconds}");
    ffmpeg(folder, &format!("{picture} {sound} {codecs} -strict -2 -shortest {file}"));
}

/// Hashes of what ffmpeg decodes.
pub fn wanted(folder: &Path, file: &str) -> Vec<String> {
    ffmpeg(folder, &format!("-i {file} -map 0:v:0 -fps_mode passthrough -f framemd5 wanted.md5"));
    hashes_of(&folder.join("wanted.md5"))
}

/// What `lumen-qa decode` makes of it, and its hashes.
pub async fn decoded(server: SocketAddr, folder: &Path, entry: &str, keys: &[&str]) -> (DecodeReport, Vec<String>) {
    let hashes = folder.join("found.md5");
    let _ = std::fs::remove_file(&hashes);
    let arguments = DecodeArgs {
        url: format!("http://{server}/{entry}").parse().expect("an address"),
        key: keys.iter().map(|key| key.parse().expect("a key")).collect(),
        licence: None,
        header: Vec::new(),
        rung: WantedRung::Highest,
        frame_hashes: Some(hashes.clone()),
        json: None,
        cdm: CdmArgs::default(),
    };
    (decode(&arguments).await.expect("a report"), hashes_of(&hashes))
}
