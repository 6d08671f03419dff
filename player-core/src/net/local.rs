//! Files of this machine, for presentations that are themselves a file.

use super::{FetchError, FetchRequest, Fetched, Fetcher, Progress, ProgressSink, Protocol};
use bytes::BytesMut;
use futures_util::future::BoxFuture;
use std::io::{self, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use url::Url;

/// Read at once; a disk is asked some hundred times for a large segment.
const PIECE: usize = 256 << 10;

/// Answers `file:` addresses from one folder and what lies below it; all others go to the network. Only a session whose
/// own source is a file has one, so that nothing from elsewhere can name files of this machine, and a playlist that was
/// downloaded cannot reach out of its folder.
#[derive(Clone, Debug)]
pub struct LocalFetcher {
    folder: PathBuf,
    network: Arc<dyn Fetcher>,
}

impl LocalFetcher {
    /// For the presentation in the file at `source`. `None` if that is no `file:` address of this machine.
    pub fn beside(source: &Url, network: Arc<dyn Fetcher>) -> Option<Self> {
        let folder = path_of(source)?.parent()?.to_path_buf();
        Some(Self { folder, network })
    }
}

impl Fetcher for LocalFetcher {
    fn fetch(&self, request: FetchRequest, progress: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        if request.source.url.scheme() != "file" {
            return self.network.fetch(request, progress);
        }
        let path = path_of(&request.source.url).filter(|path| path.starts_with(&self.folder));
        Box::pin(async move {
            let path = path.ok_or(FetchError::Status(403))?;
            read(&path, request, &progress).await
        })
    }
}

/// The path behind a `file:` address; none with `..` in it, however that was written.
fn path_of(url: &Url) -> Option<PathBuf> {
    let path = (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()?;
    let goes_up = path.components().any(|part| matches!(part, Component::ParentDir));
    (!goes_up && path.is_absolute()).then_some(path)
}

async fn read(path: &Path, request: FetchRequest, progress: &ProgressSink) -> Result<Fetched, FetchError> {
    let started = Instant::now();
    // Opening a pipe or a device could wait for ever.
    let found = fs::metadata(path).await.map_err(refusal)?;
    if !found.is_file() {
        return Err(FetchError::Status(403));
    }
    let mut file = File::open(path).await.map_err(refusal)?;
    let length = file.metadata().await.map_err(refusal)?.len();
    let (first, most) = request.source.range.unwrap_or((0, u64::MAX));
    if first > 0 && first >= length {
        return Err(FetchError::Status(416));
    }
    let wanted = most.min(length - first);
    if wanted > request.max_bytes {
        return Err(FetchError::TooLarge { max: request.max_bytes });
    }
    file.seek(SeekFrom::Start(first)).await.map_err(refusal)?;
    let mut source = file.take(wanted);
    let mut body = BytesMut::with_capacity(wanted as usize);
    let mut ttfb = None;
    loop {
        body.reserve(PIECE.min(wanted as usize + 1 - body.len().min(wanted as usize)));
        let read = source.read_buf(&mut body).await.map_err(refusal)?;
        let ttfb = *ttfb.get_or_insert_with(|| started.elapsed());
        if read == 0 {
            break;
        }
        let received = body.len() as u64;
        progress(Progress { received, expected: Some(wanted), elapsed: started.elapsed(), ttfb });
    }
    if (body.len() as u64) < wanted {
        // Cut while it was read.
        return Err(FetchError::Interrupted { received: body.len() as u64 });
    }
    let elapsed = started.elapsed();
    Ok(Fetched {
        body: body.freeze(),
        url: request.source.url,
        ttfb: ttfb.unwrap_or(elapsed),
        elapsed,
        cached: false,
        protocol: Some(Protocol::File),
    })
}

/// As a server would say it: the session knows what to make of that.
fn refusal(error: io::Error) -> FetchError {
    match error.kind() {
        io::ErrorKind::NotFound => FetchError::Status(404),
        io::ErrorKind::PermissionDenied => FetchError::Status(403),
        kind => FetchError::Unreachable(kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::ByteSource;

    /// A network that nobody should ask.
    #[derive(Debug)]
    struct NoNetwork;

    impl Fetcher for NoNetwork {
        fn fetch(&self, _: FetchRequest, _: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>> {
            Box::pin(async { Err(FetchError::Unreachable("asked the network".into())) })
        }
    }

    struct Folder {
        root: tempfile::TempDir,
        fetcher: LocalFetcher,
    }

    fn folder() -> Folder {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("film/seg")).unwrap();
        std::fs::write(root.path().join("film/master.m3u8"), b"#EXTM3U").unwrap();
        std::fs::write(root.path().join("film/seg/a b.bin"), b"0123456789").unwrap();
        std::fs::write(root.path().join("secret"), b"not yours").unwrap();
        let source = Url::from_file_path(root.path().join("film/master.m3u8")).unwrap();
        let fetcher = LocalFetcher::beside(&source, Arc::new(NoNetwork)).unwrap();
        Folder { root, fetcher }
    }

    impl Folder {
        fn get(&self, url: Url, range: Option<(u64, u64)>, max_bytes: u64) -> Result<Vec<u8>, FetchError> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let request = FetchRequest { source: ByteSource { url, range }, max_bytes };
            let fetched = runtime.block_on(self.fetcher.fetch(request, Arc::new(|_| {})))?;
            Ok(fetched.body.to_vec())
        }

        fn url(&self, path: &str) -> Url {
            Url::from_file_path(self.root.path().join(path)).unwrap()
        }
    }

    #[test]
    fn files_and_parts_of_them_are_read() {
        let folder = folder();
        let file = folder.url("film/seg/a b.bin");
        for (range, expected) in [
            (None, "0123456789"),
            (Some((2, 3)), "234"),
            (Some((8, 50)), "89"),
            (Some((9, ByteSource::TO_THE_END)), "9"),
        ] {
            assert_eq!(folder.get(file.clone(), range, 100).unwrap(), expected.as_bytes(), "{range:?}");
        }
        assert_eq!(folder.get(file.clone(), Some((10, 1)), 100), Err(FetchError::Status(416)));
        assert_eq!(folder.get(file, None, 9), Err(FetchError::TooLarge { max: 9 }));
        assert_eq!(folder.get(folder.url("film/none"), None, 9), Err(FetchError::Status(404)));
    }

    #[test]
    fn nothing_outside_of_the_folder_is_read() {
        let folder = folder();
        let up = format!("{}/..%2F..%2Fsecret", folder.url("film/seg"));
        for url in [
            folder.url("secret"),
            folder.url("film/../secret"),
            up.parse().unwrap(),
            "file:///etc/passwd".parse().unwrap(),
            // No file: a folder, a device.
            folder.url("film/seg"),
            "file:///dev/zero".parse().unwrap(),
        ] {
            assert_eq!(folder.get(url.clone(), None, 100), Err(FetchError::Status(403)), "{url}");
        }
    }

    #[test]
    fn other_addresses_go_to_the_network() {
        let folder = folder();
        let answer = folder.get("https://media.test/a.mp4".parse().unwrap(), None, 1);
        assert_eq!(answer, Err(FetchError::Unreachable("asked the network".into())));
        assert!(LocalFetcher::beside(&"https://media.test/a.mp4".parse().unwrap(), Arc::new(NoNetwork)).is_none());
    }
}
