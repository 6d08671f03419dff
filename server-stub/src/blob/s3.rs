//! Objects in a bucket.

use super::{BlobError, BlobInfo, BlobKey, BlobStore, MAX_LIST, MAX_READ, Put, check_size, readable};
use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::TryStreamExt;
use object_store::{
    ClientOptions, Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut},
    path::Path as ObjectPath,
};
use std::{fmt, io, ops::Range, path::Path, time::Duration};
use tokio::io::AsyncReadExt;
use url::Url;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest single request: [`MAX_READ`] over a slow line. [`super::Patient`] is what gives up earlier.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Files beyond this are sent in pieces of it. The protocol wants at least 5 MiB and at most 10,000 pieces.
const PIECE_BYTES: usize = 8 * 1024 * 1024;

/// Where the bucket is and who may use it. `Debug` does not show the secret.
#[derive(Clone)]
pub struct S3Config {
    /// Address of the server, such as `https://s3.example.net`. Without TLS only on loopback, or where `allow_http`
    /// says that the network is trusted.
    pub endpoint: Url,
    /// The bucket. It must exist.
    pub bucket: String,
    /// The region, where the server has such a thing.
    pub region: String,
    /// Public half of the credentials.
    pub access_key: String,
    /// Secret half.
    pub secret_key: String,
    /// The network to the server is trusted.
    pub allow_http: bool,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, bucket, region, allow_http, .. } = self;
        let mut f = f.debug_struct("S3Config");
        f.field("endpoint", &endpoint.host_str()).field("bucket", bucket).field("region", region);
        f.field("allow_http", allow_http).finish_non_exhaustive()
    }
}

/// A bucket of an S3-compatible server. Needs conditional writes (`If-None-Match`) of it.
#[derive(Clone, Debug)]
pub struct S3Store(AmazonS3);

impl S3Store {
    /// Prepares to use the bucket; connects to nothing yet.
    ///
    /// # Errors
    /// [`BlobError::Settings`]
    pub fn new(config: &S3Config) -> Result<Self, BlobError> {
        let is_loopback = match config.endpoint.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let is_plain = config.endpoint.scheme() == "http";
        if is_plain && !is_loopback && !config.allow_http {
            let advice = "the address of the bucket is not https, and its network was not said to be trusted";
            return Err(BlobError::Settings(advice.to_owned()));
        }
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(REQUEST_TIMEOUT)
            .with_allow_http(is_plain);
        let store = AmazonS3Builder::new()
            .with_endpoint(config.endpoint.as_str().trim_end_matches('/'))
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_access_key_id(&config.access_key)
            .with_secret_access_key(&config.secret_key)
            .with_virtual_hosted_style_request(false)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            // Repeating is done around the store, where it can be counted and tested.
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
            .with_client_options(client)
            .build()
            .map_err(|error| BlobError::Settings(error.to_string()))?;
        Ok(Self(store))
    }

    async fn put_as(&self, key: &BlobKey, content: Bytes, mode: PutMode) -> Result<Put, BlobError> {
        check_size(&content)?;
        match self.0.put_opts(&path(key), content.into(), mode.into()).await {
            Ok(_) => Ok(Put::Stored),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Put::Present),
            Err(error) => Err(explain(error)),
        }
    }

    async fn put_pieces(&self, key: &BlobKey, file: &mut tokio::fs::File) -> Result<(), BlobError> {
        let mut upload = self.0.put_multipart(&path(key)).await.map_err(explain)?;
        let sent = send_pieces(upload.as_mut(), file).await;
        if sent.is_err() {
            // Pieces of an upload that nobody ends are kept, and paid for, for ever.
            let _ = upload.abort().await;
        }
        sent
    }
}

async fn send_pieces(upload: &mut dyn MultipartUpload, file: &mut tokio::fs::File) -> Result<(), BlobError> {
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        file.take(PIECE_BYTES as u64).read_to_end(&mut piece).await?;
        if piece.is_empty() {
            break;
        }
        upload.put_part(PutPayload::from(piece)).await.map_err(explain)?;
    }
    upload.complete().await.map(drop).map_err(explain)
}

#[async_trait]
impl BlobStore for S3Store {
    async fn put(&self, key: &BlobKey, content: Bytes) -> Result<Put, BlobError> {
        self.put_as(key, content, PutMode::Create).await
    }

    async fn replace(&self, key: &BlobKey, content: Bytes) -> Result<(), BlobError> {
        self.put_as(key, content, PutMode::Overwrite).await.map(drop)
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<Put, BlobError> {
        let mut file = tokio::fs::File::open(file).await?;
        let length = file.metadata().await?.len();
        if length <= PIECE_BYTES as u64 {
            let mut content = Vec::with_capacity(usize::try_from(length).map_err(io::Error::other)?);
            (&mut file).take(PIECE_BYTES as u64).read_to_end(&mut content).await?;
            return self.put(key, content.into()).await;
        }
        // The end of an upload in pieces cannot be made conditional everywhere. Whoever gets here twice at a time
        // stores the same content twice, because the name of a published file contains its generation.
        match self.info(key).await {
            Ok(_) => Ok(Put::Present),
            Err(BlobError::NotFound) => self.put_pieces(key, &mut file).await.map(|()| Put::Stored),
            Err(error) => Err(error),
        }
    }

    async fn info(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        let meta = self.0.head(&path(key)).await.map_err(explain)?;
        let stored_at_s = u64::try_from(meta.last_modified.timestamp()).unwrap_or(0);
        Ok(BlobInfo { length: meta.size, stored_at_s })
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError> {
        let end = range.end.min(range.start.saturating_add(MAX_READ));
        if range.start < end {
            match self.0.get_range(&path(key), range.start..end).await {
                Ok(bytes) => return Ok(bytes),
                // What is said about a range outside of the object differs; its length tells.
                Err(Error::Generic { .. }) => {}
                Err(error) => return Err(explain(error)),
            }
        }
        let range = readable(&range, self.info(key).await?.length)?;
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.0.get_range(&path(key), range).await.map_err(explain)
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        match self.0.delete(&path(key)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(explain(error)),
        }
    }

    async fn list(&self, folder: &BlobKey, after: Option<&BlobKey>, limit: usize) -> Result<Vec<BlobKey>, BlobError> {
        let prefix = path(folder);
        let found = match after {
            Some(after) => self.0.list_with_offset(Some(&prefix), &path(after)),
            None => self.0.list(Some(&prefix)),
        };
        // What somebody else has put into the bucket is no key.
        let found = found.try_filter_map(async |meta| Ok(BlobKey::new(meta.location.as_ref()).ok()));
        let mut found = std::pin::pin!(found);
        let mut keys = Vec::new();
        while keys.len() < limit.min(MAX_LIST)
            && let Some(key) = found.try_next().await.map_err(explain)?
        {
            keys.push(key);
        }
        Ok(keys)
    }
}

/// Keys have no character that would be escaped.
fn path(key: &BlobKey) -> ObjectPath {
    ObjectPath::from(key.as_str())
}

fn explain(error: Error) -> BlobError {
    match error {
        Error::NotFound { .. } => BlobError::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => BlobError::Denied,
        Error::InvalidPath { .. } => BlobError::Key,
        Error::NotSupported { source } => BlobError::Settings(source.to_string()),
        other => BlobError::Unavailable(Box::new(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(endpoint: &str) -> S3Config {
        S3Config {
            endpoint: Url::parse(endpoint).unwrap(),
            bucket: "media".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "key".to_owned(),
            secret_key: "canary-secret".to_owned(),
            allow_http: false,
        }
    }

    #[test]
    fn secret_is_not_shown_and_cleartext_stays_on_this_machine() {
        assert!(!format!("{:?}", config("https://s3.example.net")).contains("canary"));
        for (endpoint, is_fine) in [
            ("https://s3.example.net", true),
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000", true),
            ("http://s3.example.net", false),
            ("http://127.0.0.1.example.net", false),
        ] {
            assert_eq!(S3Store::new(&config(endpoint)).is_ok(), is_fine, "{endpoint}");
        }
        let store = S3Store::new(&S3Config { allow_http: true, ..config("http://s3.internal") }).unwrap();
        assert!(!format!("{store:?}").contains("canary"));
    }
}
