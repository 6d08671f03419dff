//! Real backends on loopback, each on a port and in a folder of its own, stopped when dropped.

use super::postgres::programs;
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a backend may take to listen, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Describes a program for a port and a folder.
type Describe = Box<dyn Fn(u16, &Path) -> Command + Send + Sync>;

/// A program that listens.
pub struct Backend {
    pub port: u16,
    child: Child,
    command: Describe,
    pub folder: TempDir,
}

impl Backend {
    /// Starts the program that `command` describes for a port and a folder, and waits until it listens.
    fn start(command: impl Fn(u16, &Path) -> Command + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Programs that must not run as the administrator look into it too.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        // Between finding a free port and taking it, somebody else may; then it is tried with another.
        for _ in 0..5 {
            let port = free_port();
            let mut child = spawn(&mut command(port, folder.path()));
            if listens(port, &mut child) {
                return Self { port, child, command: Box::new(command), folder };
            }
        }
        panic!("a backend does not start");
    }

    /// The same on a port that is known already.
    fn start_on(port: u16, command: impl Fn(u16, &Path) -> Command + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = spawn(&mut command(port, folder.path()));
        assert!(listens(port, &mut child), "a backend does not start");
        Self { port, child, command: Box::new(command), folder }
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// As by `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// After [`Backend::kill`]: the same port, the same folder.
    pub fn revive(&mut self) {
        self.child = spawn(&mut (self.command)(self.port, self.folder.path()));
        assert!(listens(self.port, &mut self.child), "a backend does not start again");
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if std::env::var_os("LUMEN_TEST_BACKENDS_LOUD").is_some() {
        command.stderr(Stdio::inherit());
    }
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; scripts/setup.sh installs what is missing"))
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits for the port to be open or the program to end. There is no event to wait for: programs differ in what they say.
fn listens(port: u16, child: &mut Child) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if std::net::TcpStream::connect(address).is_ok() {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    false
}

/// Redis, of Debian's package without a service: the server is the tool under another name.
pub fn redis() -> Backend {
    Backend::start(|port, folder| {
        let program =
            ["/usr/bin/redis-server", "/usr/bin/redis-check-rdb"].into_iter().find(|path| Path::new(path).exists());
        let mut command = Command::new(program.expect("redis-tools is not installed; scripts/setup.sh installs it"));
        command.arg0("redis-server").args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--dir"]).arg(folder);
        command.args(["--save", "", "--appendonly", "no"]);
        command
    })
}

/// NATS with JetStream that syncs each write, and the port of its monitoring.
pub fn nats() -> (Backend, String) {
    let monitor = free_port();
    let backend = Backend::start(move |port, folder| {
        let file = folder.join("nats.conf");
        let text = format!(
            "listen: 127.0.0.1:{port}\nhttp: 127.0.0.1:{monitor}\n\
             jetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
            folder.join("js").display()
        );
        fs::write(&file, text).unwrap();
        let mut command = Command::new(installed().join("nats-server"));
        command.arg("-c").arg(file);
        command
    });
    (backend, format!("127.0.0.1:{monitor}"))
}

/// An S3-compatible server that forgets everything when it ends, with the bucket `media`.
pub async fn s3() -> Backend {
    let backend = Backend::start(|port, _| {
        let mut command = Command::new(installed().join("moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command
    });
    let made = super::http_client().put(format!("http://{}/media", backend.address())).send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.status());
    backend
}

/// HAProxy on this port, with the configuration for it.
pub fn haproxy_on(port: u16, configuration: impl Fn(u16) -> String + Send + Sync + 'static) -> Backend {
    Backend::start_on(port, move |port, folder| {
        let file = folder.join("haproxy.cfg");
        fs::write(&file, configuration(port)).unwrap();
        let debian = Path::new("/usr/sbin/haproxy");
        let mut command = Command::new(if debian.exists() { debian } else { Path::new("haproxy") });
        command.arg("-db").arg("-f").arg(file);
        command
    })
}

/// Where the programs of the Python package index are; installs them the first time.
pub fn installed() -> &'static Path {
    static BIN: OnceLock<PathBuf> = OnceLock::new();
    BIN.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("backends");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/backends.sh");
        let output = Command::new(script).arg(&folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.join("venv/bin")
    })
}

/// PostgreSQL that syncs its writes and is reached over TCP: one whose crash is to be looked at.
pub struct DurablePostgres {
    pub port: u16,
    pub folder: TempDir,
}

impl DurablePostgres {
    /// A new cluster. Replicas may follow it.
    pub fn primary() -> Self {
        let this = Self::empty();
        let log = this
            .run("initdb", &["-D", &this.data(), "-A", "trust", "-U", "app", "-E", "UTF8", "--locale=C", "--no-sync"]);
        assert!(log.0, "{}", log.1);
        fs::write(
            this.folder.path().join("data/pg_hba.conf"),
            "host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n",
        )
        .unwrap();
        this.start();
        this
    }

    /// A replica of `primary`, complete and following.
    pub fn replica_of(primary: &Self) -> Self {
        let this = Self::empty();
        let source = format!("host=127.0.0.1 port={} user=app application_name=replica", primary.port);
        let log = this.run(
            "pg_basebackup",
            &["-d", &source, "-D", &this.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync"],
        );
        assert!(log.0, "{}", log.1);
        this.start();
        this
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(folder.path()).status().unwrap().success());
        }
        Self { port: free_port(), folder }
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    pub fn start(&self) {
        let options = format!(
            "-c port={} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=32MB -c jit=off \
             -c max_connections=200",
            self.port
        );
        let log = self.folder.path().join("server.log");
        let said =
            self.run("pg_ctl", &["-D", &self.data(), "-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
        assert!(said.0, "{}", said.1);
    }

    /// Makes a replica the one that is written to; returns when it can be.
    pub fn promote(&self) {
        let said = self.run("pg_ctl", &["-D", &self.data(), "-w", "promote"]);
        assert!(said.0, "{}", said.1);
    }

    /// `kill -9` of the server and every process of it.
    pub fn kill_all(&self) {
        let pid = fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", pid]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let all = std::iter::once(pid).chain(children.split_whitespace());
        let _ = Command::new("kill").arg("-9").args(all).stderr(Stdio::null()).status().unwrap();
    }

    pub fn url(&self, name: &str) -> String {
        format!("postgres://app@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a program of PostgreSQL as whom it wants to be run; says whether it succeeded, and what it said.
    fn run(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let program = programs().join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // Into a file: a server that is started keeps what it inherits open.
        let log = fs::File::create(self.folder.path().join("programs.log")).unwrap();
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        let status = command.stdout(log.try_clone().unwrap()).stderr(log).status().unwrap();
        let text = ["programs.log", "server.log"]
            .map(|name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default());
        (status.success(), text.concat())
    }
}

impl Drop for DurablePostgres {
    fn drop(&mut self) {
        if self.folder.path().join("data/postmaster.pid").exists() {
            self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

/// A file that only its owner may read.
pub fn secret_file(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}
