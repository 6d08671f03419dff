//! Real streams by others: each comes through whole, with the very frames that another decoder makes of it.
#![allow(clippy::unwrap_used)]

use app_qa::decode::args::{DecodeArgs, GivenKey, WantedRung};
use app_qa::decode::decode;
use app_qa::decode::report::DecodeReport;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[derive(Deserialize)]
struct Index {
    streams: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    id: String,
    entry: String,
    keys: BTreeMap<String, String>,
    key_delivery: String,
    frame_hashes: Option<String>,
    n_video_frames: usize,
}

fn streams() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    let folder = std::env::var_os("LUMEN_STREAMS").map_or(beside, PathBuf::from);
    folder.join("index.json").is_file().then_some(folder)
}

/// Serves a folder, ranges included, for as long as the runtime lives.
async fn serve(folder: PathBuf) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let folder = folder.clone();
            tokio::spawn(async move { answer_all(stream, &folder).await });
        }
    });
    address
}

async fn answer_all(stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut path, mut range, mut line) = (String::new(), None, String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if path.is_empty() {
                path = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
            }
            let lower = line.to_ascii_lowercase();
            if let Some(bytes) = lower.strip_prefix("range: bytes=") {
                let (first, last) = bytes.trim().split_once('-').unwrap_or_default();
                range = Some((first.parse::<usize>().unwrap_or(0), last.parse::<usize>().ok()));
            }
            if line == "\r\n" {
                break;
            }
        }
        let file = std::fs::read(folder.join(path.split('?').next().unwrap_or_default()));
        let (head, body) = match (&file, range) {
            (Err(_), _) => ("404 Not Found".to_owned(), &[][..]),
            (Ok(file), None) => ("200 OK".to_owned(), &file[..]),
            (Ok(file), Some((first, _))) if first >= file.len() => ("416 Range Not Satisfiable".to_owned(), &[][..]),
            (Ok(file), Some((first, last))) => {
                let end = last.map_or(file.len(), |last| (last + 1).min(file.len()));
                let total = file.len();
                (format!("206 Partial Content\r\nContent-Range: bytes {first}-{}/{total}", end - 1), &file[first..end])
            }
        };
        let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
    }
}

/// What is wrong with a stream, in one line.
fn complaint(stream: &Stream, report: &DecodeReport, wanted: &[String], found: &[String]) -> Option<String> {
    let frames = report.video.as_ref().map_or(0, |video| video.frames);
    let errors: Vec<String> = report.errors.iter().map(|error| format!("{}: {}", error.code, error.message)).collect();
    let same = wanted == found;
    let right = report.ok && frames == stream.n_video_frames && same;
    (!right).then(|| format!("{}: {frames} of {} frames, same {same}, {errors:?}", stream.id, stream.n_video_frames))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_streams_come_through_frame_by_frame() {
    let Some(folder) = streams() else {
        eprintln!("skipped: the folder of streams is not here");
        return;
    };
    let index: Index = serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
    let address = serve(folder.clone()).await;
    let scratch = tempfile::tempdir().unwrap();
    let mut complaints = Vec::new();
    for stream in &index.streams {
        let hashes = scratch.path().join("frames.md5");
        let _ = std::fs::remove_file(&hashes);
        let in_playlist = stream.key_delivery.contains("playlist");
        let keys = stream.keys.iter().filter(|_| !in_playlist).map(|(id, key)| format!("{id}:{key}"));
        let arguments = DecodeArgs {
            url: format!("http://{address}/{}", stream.entry).parse().unwrap(),
            key: keys.map(|key| key.parse::<GivenKey>().unwrap()).collect(),
            licence: None,
            header: Vec::new(),
            rung: WantedRung::Highest,
            frame_hashes: Some(hashes.clone()),
            json: None,
        };
        let report = decode(&arguments).await.unwrap();
        let lines = |path: &Path| -> Vec<String> {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let hash = |line: &str| line.rsplit(' ').next().unwrap_or_default().to_owned();
            text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(hash).collect()
        };
        let wanted = stream.frame_hashes.as_ref().map(|file| lines(&folder.join(file))).unwrap_or_default();
        complaints.extend(complaint(stream, &report, &wanted, &lines(&hashes)));
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), index.streams.len(), complaints.join("\n"));
}
