//! TLS by rustls: certificates of an authority of our own for a demo, or real ones that are read again when they change.

use crate::config::{TlsConfig, TlsSource};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How often it is looked whether certificates have changed.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Names that the demo's certificate is good for, beside that of the public address.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {reason}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Certificate and key do not belong together, or the key cannot be used.
    #[error("the certificate and the key cannot be used")]
    Unusable(#[from] rustls::Error),
    /// The demo's certificate cannot be made.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
}

impl TlsConfig {
    /// Can the files be used? A demo's are made when they are needed.
    ///
    /// # Errors
    /// [`TlsError`], which says what is wrong.
    pub fn check(&self) -> Result<(), TlsError> {
        match &self.source {
            TlsSource::Demo => Ok(()),
            TlsSource::Files { certificate, key } => read(certificate, key, self.with_1_2).map(drop),
        }
    }
}

/// Turns sockets into TLS streams with the certificate of the moment.
#[derive(Debug)]
pub(crate) struct Tls {
    config: RwLock<Arc<ServerConfig>>,
    files: (PathBuf, PathBuf),
    with_1_2: bool,
}

impl Tls {
    /// Reads the certificate; for a demo makes it first. `host` is what clients know the server by.
    pub(crate) fn open(config: &TlsConfig, data: &Path, host: Option<&str>) -> Result<Self, TlsError> {
        let files = match &config.source {
            TlsSource::Demo => make_demo(&data.join("tls"), host)?,
            TlsSource::Files { certificate, key } => (certificate.clone(), key.clone()),
        };
        let current = read(&files.0, &files.1, config.with_1_2)?;
        Ok(Self { config: RwLock::new(current), files, with_1_2: config.with_1_2 })
    }

    /// The handshake.
    pub(super) async fn accept(&self, socket: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner).clone();
        TlsAcceptor::from(config).accept(socket).await
    }

    /// Reads the files again whenever they change; what cannot be used is reported, and the old stays. Never ends.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut seen = self.changed();
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            every.tick().await;
            let now = self.changed();
            if now == seen {
                continue;
            }
            seen = now;
            match self.reload() {
                Ok(()) => tracing::info!(certificate = %self.files.0.display(), "the certificate was changed"),
                Err(error) => tracing::warn!(%error, "the new certificate cannot be used, the old one stays"),
            }
        }
    }

    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.files.0, &self.files.1].map(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
    }

    fn reload(&self) -> Result<(), TlsError> {
        let fresh = read(&self.files.0, &self.files.1, self.with_1_2)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

fn read(certificate: &Path, key: &Path, with_1_2: bool) -> Result<Arc<ServerConfig>, TlsError> {
    let content = |path: &Path, reason: String| TlsError::Content { path: path.to_owned(), reason };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| content(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(content(certificate, "there is no certificate in it".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| content(key, error.to_string()))?;
    let versions: &[_] =
        if with_1_2 { &[&rustls::version::TLS13, &rustls::version::TLS12] } else { &[&rustls::version::TLS13] };
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    // Where both would do, the cipher of half the work: 128 bits are not what anybody attacks.
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)?;
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // 0-RTT stays off, as it is by default: it can be replayed.
    Ok(Arc::new(config))
}

/// An authority and a certificate in `folder`, made once: whoever has told a browser to trust the authority keeps it.
fn make_demo(folder: &Path, host: Option<&str>) -> Result<(PathBuf, PathBuf), TlsError> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    fs::create_dir_all(folder).map_err(file(folder))?;
    let (ca_key_path, ca_path) = (folder.join("ca.key.pem"), folder.join("ca.pem"));
    let (key_path, path) = (folder.join("server.key.pem"), folder.join("server.pem"));
    let ca_key = match fs::read_to_string(&ca_key_path) {
        Ok(text) => KeyPair::from_pem(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::generate()?;
            write(&ca_key_path, &key.serialize_pem()).map_err(file(&ca_key_path))?;
            key
        }
        Err(source) => return Err(TlsError::File { path: ca_key_path, source }),
    };
    let mut ca = CertificateParams::default();
    ca.distinguished_name = name("Lumen demo authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    if !ca_path.exists() {
        write(&ca_path, &ca.self_signed(&ca_key)?.pem()).map_err(file(&ca_path))?;
    }
    // Anew at each start: the name may have changed, and nobody pins it.
    let names = LOCAL_NAMES.iter().map(|name| (*name).to_owned()).chain(host.map(str::to_owned)).collect::<Vec<_>>();
    let mut server = CertificateParams::new(names)?;
    server.distinguished_name = name("Lumen demo server");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let signed = server.signed_by(&key, &Issuer::new(ca, ca_key))?;
    write(&key_path, &key.serialize_pem()).map_err(file(&key_path))?;
    write(&path, &signed.pem()).map_err(file(&path))?;
    Ok((path, key_path))
}

fn name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

/// For its owner alone, whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
