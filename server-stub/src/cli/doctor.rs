//! `lumen-server doctor`.

use super::{ServeArgs, settings::Settings};
use server_stub::{
    Database, Messages, Objects, Rates, RightsConfig, ServerConfig, TlsConfig,
    blob::{BlobError, BlobKey, BlobStore, FolderStore, Put, S3Store},
    check_database,
    messages::{NatsConfig, NatsLog, check_durability},
    shared::{RedisConfig, RedisShared},
};
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};
use tokio::{net::TcpListener, process::Command};

/// Fewer open files are a server for a household at most.
const FEW_FILES: u64 = 4_096;

/// One thing that the server needs.
struct Finding {
    what: &'static str,
    /// What was found, or what to do.
    outcome: Result<String, String>,
}

pub(crate) async fn run(mut args: ServeArgs) -> anyhow::Result<ExitCode> {
    let folder = args.library.data.folder()?;
    let default = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, server_stub::DEFAULT_PORT));
    let settings = Settings::read(args.listen.config.as_deref(), &folder);
    let address = match &settings {
        Ok(settings) => settings.listen(&args.listen, default),
        Err(_) => args.listen.listen.unwrap_or(default),
    };
    args.backends.is_checked_only = true;
    let mut config = ServerConfig::new(&folder);
    let nats_monitor = settings.as_ref().ok().and_then(|settings| settings.nats_monitor(&args));
    let understood = settings.and_then(|settings| settings.apply(&args, &mut config));
    let mut findings = vec![
        Finding { what: "settings", outcome: understood.as_ref().map(said).map_err(|error| format!("{error:#}")) },
        ffmpeg().await,
        data_folder(&folder),
        port(address).await,
        open_files(),
        kernel(&folder),
    ];
    if understood.is_ok() {
        findings.extend(proxies(&config));
        findings.extend(files(&config));
        findings.extend(backends(&config, nats_monitor.as_deref()).await);
    }
    let mut stdout = io::stdout().lock();
    for Finding { what, outcome } in &findings {
        match outcome {
            Ok(found) => writeln!(stdout, "ok       {what}: {found}")?,
            Err(advice) => writeln!(stdout, "problem  {what}: {advice}")?,
        }
    }
    let is_well = findings.iter().all(|finding| finding.outcome.is_ok());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn said((): &()) -> String {
    "understood".to_owned()
}

/// The files that the settings name and that are no backends.
fn files(config: &ServerConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(tls) = &config.tls {
        let outcome = tls.check().map(|()| tls_said(tls)).map_err(explain);
        findings.push(Finding { what: "certificate", outcome });
    }
    let RightsConfig { region_table, token_issuers, encryptors, .. } = &config.rights;
    if region_table.is_some() || token_issuers.is_some() || encryptors.is_some() {
        let outcome = config.rights.check().map(|()| "its files are understood".to_owned()).map_err(explain);
        findings.push(Finding { what: "rights", outcome });
    }
    findings
}

fn tls_said(tls: &TlsConfig) -> String {
    match tls.source {
        server_stub::TlsSource::Demo => "of an own authority".to_owned(),
        server_stub::TlsSource::Files { .. } => "it and the key belong together".to_owned(),
    }
}

/// A server that is known by another address than the one that it listens on, on this machine alone, has a proxy in
/// front.
fn proxies(config: &ServerConfig) -> Option<Finding> {
    let is_behind_one = config.public_url.is_some() && config.listen.ip().is_loopback();
    let outcome = match config.proxies.len() {
        0 => {
            Err("clients come by --public-url through a proxy that is not declared: limits and regions would be those \
                  of the proxy; name it with --trusted-proxy, such as 127.0.0.1"
                .to_owned())
        }
        count => Ok(format!("{count} believed")),
    };
    is_behind_one.then_some(Finding { what: "proxies", outcome })
}

/// Each connection is a file.
fn open_files() -> Finding {
    let files = super::serve::raise_open_files();
    let outcome = if files >= FEW_FILES {
        Ok(format!("{files} may be open"))
    } else {
        Err(format!("only {files} may be open, which is as many connections; raise it with ulimit -n"))
    };
    Finding { what: "open files", outcome }
}

/// Does the kernel keep reads within a folder by itself?
fn kernel(folder: &Path) -> Finding {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
    let existing = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let outcome = match rustix::fs::openat2(CWD, existing, flags, Mode::empty(), ResolveFlags::empty()) {
        Err(rustix::io::Errno::NOSYS) => {
            Err("it has no openat2 (Linux 5.6); paths are checked by their names only".to_owned())
        }
        _ => Ok("keeps reads within the library".to_owned()),
    };
    Finding { what: "kernel", outcome }
}

/// What the configuration names beyond the data folder.
async fn backends(config: &ServerConfig, nats_monitor: Option<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(path) = &config.master_key {
        findings.push(Finding { what: "master key", outcome: master_key(path) });
    }
    if let Some(database @ Database::Postgres(_)) = &config.database {
        findings.push(Finding { what: "database", outcome: check_database(database).await.map_err(explain) });
    }
    let checked = match &config.backends.objects {
        Objects::Bucket { bucket, .. } => {
            let store = S3Store::new(bucket);
            Some((bucket.bucket.clone(), store.map(|store| Box::new(store) as Box<dyn BlobStore>)))
        }
        Objects::SharedFolder { folder, .. } => {
            let store = FolderStore::open(folder);
            Some((folder.display().to_string(), store.map(|store| Box::new(store) as Box<dyn BlobStore>)))
        }
        _ => None,
    };
    if let Some((name, store)) = checked {
        let outcome = check_objects(store).await.map(|()| format!("{name} can be written")).map_err(explain);
        findings.push(Finding { what: "bucket", outcome });
    }
    if let Rates::Redis(redis) = &config.backends.rates {
        findings.push(Finding { what: "redis", outcome: check_redis(redis).await.map_err(explain) });
    }
    if let Messages::Nats(nats) = &config.backends.messages {
        findings.push(Finding { what: "nats", outcome: check_nats(nats, nats_monitor).await });
    }
    findings
}

/// The cause is what helps.
fn explain(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

fn master_key(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?.len();
    if length == 32 {
        Ok(path.display().to_string())
    } else {
        Err(format!("{} must hold 32 bytes; make one with: head -c 32 /dev/urandom", path.display()))
    }
}

/// Writes, writes again, reads and removes a small object: a server without conditional writes would lose titles.
async fn check_objects(store: Result<Box<dyn BlobStore>, BlobError>) -> Result<(), BlobError> {
    let store = store?;
    let key = BlobKey::new(format!("doctor/{}-{}", std::process::id(), rand::random::<u64>()))?;
    let first = store.put(&key, "probe".into()).await?;
    let second = store.put(&key, "other".into()).await?;
    let content = store.read(&key, 0..16).await?;
    store.delete(&key).await?;
    if (first, second, &content[..]) == (Put::Stored, Put::Present, b"probe") {
        Ok(())
    } else {
        Err(BlobError::Settings("it has no conditional writes (If-None-Match)".to_owned()))
    }
}

async fn check_redis(config: &RedisConfig) -> Result<String, server_stub::shared::SharedError> {
    RedisShared::connect(config).await?.check().await?;
    Ok("answers".to_owned())
}

async fn check_nats(config: &NatsConfig, monitor: Option<&str>) -> Result<String, String> {
    NatsLog::connect(config).await.map_err(explain)?;
    let Some(monitor) = monitor else {
        return Err("it answers, but whether it syncs each write is only known from its monitoring port; say \
                    --nats-monitor HOST:PORT"
            .to_owned());
    };
    let version = check_durability(monitor).await.map_err(explain)?;
    Ok(format!("{version}, and it syncs each write"))
}

async fn ffmpeg() -> Finding {
    let advice = "not found; install it (on Debian and Ubuntu: apt install ffmpeg). Only making titles needs it";
    let outcome = match Command::new("ffmpeg").args(["-hide_banner", "-encoders"]).output().await {
        Err(_) => Err(advice.to_owned()),
        Ok(output) => {
            let encoders = String::from_utf8_lossy(&output.stdout).into_owned();
            let missing: Vec<_> = ["libx264", "aac"].into_iter().filter(|name| !encoders.contains(name)).collect();
            if missing.is_empty() {
                Ok("with H.264 and AAC encoders".to_owned())
            } else {
                Err(format!("it has no encoder {}; install a full build", missing.join(" and no ")))
            }
        }
    };
    Finding { what: "ffmpeg", outcome }
}

/// Leaves nothing behind: the server itself makes the folder, for its owner alone.
fn data_folder(folder: &Path) -> Finding {
    let existing = folder.ancestors().find(|path| path.is_dir()).unwrap_or(folder);
    let probe = existing.join(format!(".lumen-doctor-{}", std::process::id()));
    let outcome = std::fs::write(&probe, b"probe")
        .and_then(|()| std::fs::remove_file(&probe))
        .map(|()| folder.display().to_string())
        .map_err(|error| format!("cannot write in {}: {error}; choose another with --data", existing.display()));
    Finding { what: "data folder", outcome }
}

async fn port(address: std::net::SocketAddr) -> Finding {
    let outcome = match TcpListener::bind(address).await {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(format!("{address} is taken, perhaps by a server that is running; choose another with --listen"))
        }
        Err(error) => Err(format!("cannot listen on {address}: {error}")),
    };
    Finding { what: "port", outcome }
}
