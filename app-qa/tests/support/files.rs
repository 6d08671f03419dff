//! A folder of media behind HTTP, and lists of frame hashes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The hashes of a file in the form of FFmpeg's framemd5; none if there is no such file.
pub fn hashes_of(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let hash = |line: &str| line.rsplit(' ').next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(hash).collect()
}

/// Serves a folder, ranges included, for as long as the runtime lives.
pub async fn serve(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a listener has an address");
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
