//! The scaled-out profile with everything real: PostgreSQL, an S3-compatible server, Redis, NATS, HAProxy, and several
//! instances of the program.
#![allow(clippy::unwrap_used)]

mod common;

#[path = "scaled_out/failover.rs"]
mod failover;
#[path = "scaled_out/operators.rs"]
mod operators;
#[path = "scaled_out/retries.rs"]
mod retries;

use common::{ENCRYPTED, MIA, Site, backends as real, data_folder, json, postgres::Cluster};
use reqwest::{Method, StatusCode};
use server_stub::{Database, copy_database};
use service_api::{
    licence::{ClearKeyLicence, ClearKeyRequest, SessionType},
    playback::PlaybackGrant,
    profile::Progress,
    routes,
};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// Longer than anything here takes on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// What all instances share.
struct Engines {
    s3: real::Backend,
    redis: real::Backend,
    nats: real::Backend,
    monitor: String,
    /// Settings that are secret, in files.
    secrets: TempDir,
}

impl Engines {
    async fn start(database_url: &str, master_key: &Path) -> Self {
        let (nats, monitor) = real::nats();
        let (s3, redis, secrets) = (real::s3().await, real::redis(), tempfile::tempdir().unwrap());
        let this = Self { s3, redis, nats, monitor, secrets };
        this.secret("database", database_url);
        this.secret("redis", &format!("redis://{}", this.redis.address()));
        this.secret("s3", "test\ntesttest\n");
        std::fs::copy(master_key, this.path("master.key")).unwrap();
        this
    }

    fn secret(&self, name: &str, content: &str) {
        real::secret_file(self.secrets.path(), name, content);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.secrets.path().join(name)
    }

    /// Arguments of `serve` and of `doctor`.
    fn arguments(&self) -> Vec<String> {
        let file = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let pairs = [
            ("--profile", "scale-out".to_owned()),
            ("--master-key-file", file("master.key")),
            ("--database-url-file", file("database")),
            ("--s3-endpoint", format!("http://{}", self.s3.address())),
            ("--s3-bucket", "media".to_owned()),
            ("--s3-credentials-file", file("s3")),
            ("--redis-url-file", file("redis")),
            ("--nats-url", format!("nats://{}", self.nats.address())),
            ("--nats-monitor", self.monitor.clone()),
        ];
        pairs.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }
}

/// One instance of the program.
struct Instance {
    child: Child,
    port: u16,
    _data: Option<TempDir>,
}

impl Instance {
    /// Starts it with a data folder of its own, or with one that has media, and waits until it accepts connections.
    async fn start(engines: &Engines, public_url: &str, data: Option<&Path>, services: &str) -> Self {
        let own = data.is_none().then(|| tempfile::tempdir().unwrap());
        let folder = data.unwrap_or_else(|| own.as_ref().unwrap().path());
        let log = std::fs::File::create(folder.join("server.log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_lumen-server"))
            .args(["serve", "--demo", "--no-make", "--library-profile", "test", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .args(["--public-url", public_url, "--services", services])
            .args(engines.arguments())
            .env("LUMEN_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        tokio::time::timeout(PATIENCE, stdout.read_line(&mut line)).await.unwrap().unwrap();
        let log = || std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        let origin =
            line.strip_prefix("listening on http://127.0.0.1:").unwrap_or_else(|| panic!("{line:?} {}", log()));
        Self { port: origin.trim_end().parse().unwrap(), child, _data: own }
    }

    fn site(&self) -> Site {
        Site::new(&format!("http://127.0.0.1:{}", self.port))
    }
}

const ALL_BUT_MAKING: &str = "identity,profiles,catalog,entitlement,licence,delivery";

/// A balancer on a known port in front of instances on these.
fn balancer(port: u16, instances: &[u16]) -> real::Backend {
    let servers: Vec<String> = instances
        .iter()
        .enumerate()
        .map(|(number, port)| format!("  server instance{number} 127.0.0.1:{port} check inter 200ms fall 1 rise 1"))
        .collect();
    let servers = servers.join("\n");
    // What is repeated is what deploy/haproxy.cfg says; times are shorter.
    let is_retry = |line: &&str| {
        let words = ["retries ", "option redispatch", "retry-on ", "http-request disable-l7-retry"];
        words.iter().any(|word| line.trim().starts_with(word))
    };
    let retries: Vec<&str> = include_str!("../../deploy/haproxy.cfg").lines().filter(is_retry).collect();
    assert_eq!(retries.len(), 4, "{retries:?}");
    let retries = retries.join("\n");
    real::haproxy_on(port, move |port| {
        format!(
            "global\n  maxconn 500\ndefaults\n  mode http\n  timeout connect 1s\n  timeout client 30s\n  \
             timeout server 30s\nfrontend public\n  bind 127.0.0.1:{port}\n  default_backend lumen\n\
             backend lumen\n{retries}\n  balance roundrobin\n  option httpchk GET /health/ready\n{servers}\n"
        )
    })
}

/// Every segment of a title's first rendition, through whoever answers.
async fn segments(site: &Site, grant: &PlaybackGrant) -> Vec<String> {
    let (base, _) = grant.manifest.rsplit_once('/').unwrap();
    let master = text(site, &grant.manifest).await;
    let media = master.lines().find(|line| line.ends_with(".m3u8") && !line.starts_with('#')).unwrap();
    let playlist = text(site, &format!("{base}/{media}")).await;
    let (folder, _) = media.rsplit_once('/').unwrap_or(("", ""));
    playlist
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|segment| format!("{base}/{folder}/{segment}"))
        .collect()
}

async fn text(site: &Site, path: &str) -> String {
    let response = site.get(path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.unwrap()
}

async fn until_ready(site: &Site) {
    let begun = Instant::now();
    loop {
        let ready = site.get(routes::HEALTH_READY).send().await;
        if ready.is_ok_and(|response| response.status() == StatusCode::OK) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "the service is not ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn titles_ready(site: &Site) -> u64 {
    let document: serde_json::Value = json(site.get(routes::HEALTH_READY)).await;
    document["titles_ready"].as_u64().unwrap()
}

/// A database with the template's accounts and keys, and the folder with the media that belong to them.
async fn household(name: &str) -> (TempDir, String) {
    let folder = data_folder().await;
    let cluster = Cluster::of_process();
    cluster.create(name, "TEMPLATE template0").await;
    let url = cluster.url(name);
    let file = Database::File(folder.path().join("lumen.db"));
    copy_database(&file, &Database::Postgres(url.clone())).await.unwrap();
    (folder, url)
}

/// Sign-in, catalog, playback, licence and segments through the balancer, while one of three instances is killed.
#[tokio::test]
async fn household_watches_on_when_an_instance_is_killed() {
    let (maker_data, url) = household("scaled_out").await;
    let engines = Engines::start(&url, &maker_data.path().join("master.key")).await;
    let public = real::free_port();
    let origin = format!("http://127.0.0.1:{public}");

    // One makes and publishes; three serve, and have no media of their own.
    let maker = Instance::start(&engines, &origin, Some(maker_data.path()), "ingest").await;
    assert_eq!(maker.site().get(routes::ME).send().await.unwrap().status(), StatusCode::NOT_FOUND, "not its service");
    let mut instances = Vec::new();
    for _ in 0..3 {
        instances.push(Instance::start(&engines, &origin, None, ALL_BUT_MAKING).await);
    }
    let ports: Vec<u16> = instances.iter().map(|instance| instance.port).collect();
    let _balancer = balancer(public, &ports);
    let site = Site::new(&origin);
    until_ready(&site).await;
    let begun = Instant::now();
    for instance in &instances {
        while titles_ready(&instance.site()).await < 2 {
            assert!(begun.elapsed() < PATIENCE, "the titles are not published");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    // The page comes from one instance, the form goes to another, the code to a third.
    let mia = site.sign_in(MIA).await;
    assert_eq!(mia.me().await.email, MIA);
    let profile = mia.profile("Mia").await;
    let grant = mia.grant(ENCRYPTED).await;
    let segments = segments(&site, &grant).await;
    assert!(segments.len() >= 6, "{segments:?}");
    let kid = kid(&url).await;
    let challenge = ClearKeyRequest { kids: vec![kid], session: SessionType::Temporary };
    let licence: ClearKeyLicence =
        json(mia.request(Method::POST, grant.licence.as_deref().unwrap()).json(&challenge)).await;

    // In mid-play one goes down as by a power cut.
    let path = routes::fill(routes::PROGRESS, &[("profile", profile.as_str()), ("title", ENCRYPTED)]);
    let mut watched = Vec::new();
    let mut saved = None;
    for (number, segment) in segments.iter().enumerate() {
        if number == 2 {
            instances[0].child.kill().await.unwrap();
        }
        let response = site.get(segment).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "segment {number}");
        watched.push(response.bytes().await.unwrap());
        let progress =
            Progress { position_s: number as f64, duration_s: 40.0, taken_at_ms: i64::try_from(number).unwrap() + 1 };
        saved = Some(json::<Progress>(mia.request(Method::PUT, &path).json(&progress)).await);
    }
    assert_eq!(json::<Progress>(mia.get(&path)).await, saved.unwrap());
    let again: ClearKeyLicence =
        json(mia.request(Method::POST, grant.licence.as_deref().unwrap()).json(&challenge)).await;
    assert!(again.keys[0].k == licence.keys[0].k, "every instance has the same keys");

    // What was watched is what was made, and two instances name it by the same validators.
    let mut tags = Vec::new();
    for instance in &instances[1..] {
        let response = instance.site().get(&segments[0]).send().await.unwrap();
        tags.push(response.headers()["etag"].to_str().unwrap().to_owned());
        assert!(response.bytes().await.unwrap() == watched[0]);
    }
    assert_eq!(tags[0], tags[1]);
    let (_, file) = segments[0].split_once(ENCRYPTED).unwrap();
    let made = maker_data.path().join("library/media").join(ENCRYPTED).join(file.trim_start_matches('/'));
    assert!(std::fs::read(made).unwrap() == watched[0]);

    // A sign-in is ended on one instance and at once on the other.
    let form = [("token", mia.tokens.refresh_token.as_str()), ("client_id", routes::CLIENT_ID)];
    let revoked = instances[1].site().request(Method::POST, routes::OAUTH_REVOKE).form(&form).send().await.unwrap();
    assert_eq!(revoked.status(), StatusCode::OK);
    let me = instances[2].site().get(routes::ME).bearer_auth(&mia.tokens.access_token).send().await.unwrap();
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);

    // Guesses that are spread over instances are counted together.
    let (mut refused, mut tried) = (false, 0);
    while !refused && tried < 200 {
        let site = instances[1 + tried % 2].site();
        let answer = site.request(Method::POST, routes::OAUTH_TOKEN).form(&[("grant_type", "x")]).send().await.unwrap();
        refused = answer.status() == StatusCode::TOO_MANY_REQUESTS && answer.headers().contains_key("retry-after");
        tried += 1;
    }
    assert!(refused && tried < 130, "one instance alone would have allowed as many: {tried}");
}

async fn kid(url: &str) -> String {
    use base64::Engine;
    use sqlx::Connection;
    let mut database = sqlx::PgConnection::connect(url).await.unwrap();
    let kid: Vec<u8> = sqlx::query_scalar("SELECT kid FROM licence_keys WHERE title_id = $1")
        .bind(ENCRYPTED)
        .fetch_one(&mut database)
        .await
        .unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(kid)
}

#[tokio::test]
async fn doctor_looks_at_every_backend() {
    let (data, url) = household("doctor").await;
    let mut engines = Engines::start(&url, &data.path().join("master.key")).await;
    let doctor = async |engines: &Engines| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumen-server"));
        command.args(["doctor", "--listen", "127.0.0.1:0", "--data"]).arg(data.path()).args(engines.arguments());
        let output = command.output().await.unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (is_well, report) = doctor(&engines).await;
    assert!(is_well, "{report}");
    for line in ["ok       database: PostgreSQL", "ok       bucket: media", "ok       redis", "ok       nats: 2."] {
        assert!(report.contains(line), "{line} in {report}");
    }
    engines.redis.kill();
    engines.s3.kill();
    engines.secret("database", "postgres://app:canary@127.0.0.1:1/none");
    let (is_well, report) = doctor(&engines).await;
    assert!(!is_well && !report.contains("canary"), "{report}");
    for line in ["problem  database", "problem  bucket", "problem  redis", "ok       nats"] {
        assert!(report.contains(line), "{line} in {report}");
    }
    // What is missing for the profile is named, and so is a secret that everybody can read.
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumen-server"));
    let output = command.args(["serve", "--profile", "scale-out", "--data"]).arg(data.path()).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("--database-url-file") && said.contains("--nats-url"), "{said}");
    let open = engines.path("database");
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (_, report) = doctor(&engines).await;
    assert!(report.contains("can be read by everybody"), "{report}");
}
