//! A PostgreSQL of our own, for as long as the test process lives, and a database in it for each test.
//!
//! The suites that are part of the target `on_postgres` use it; everywhere else servers have their SQLite file.

use server_stub::{Database, copy_database};
use sqlx::{AnyConnection, Connection, Executor, PgConnection};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Is this the target that runs the suites on PostgreSQL?
pub const IS_WANTED: bool = is_wanted(env!("CARGO_CRATE_NAME"));

/// File in a data folder that names the database of its server.
const NAME_FILE: &str = "postgres-url";

/// Every connection of every server of a test process.
const CONNECTIONS: u32 = 400;

const fn is_wanted(target: &str) -> bool {
    matches!(target.as_bytes(), b"on_postgres")
}

/// The database of the server in this folder, if it is in PostgreSQL.
pub fn database_of(data: &Path) -> Option<Database> {
    fs::read_to_string(data.join(NAME_FILE)).ok().map(Database::Postgres)
}

/// A database with the content of the template's, for the server in `data`.
pub async fn new_database(template: &Path, data: &Path) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = Cluster::of_process();
    cluster.fill_template(template).await;
    // Each suite is compiled with its own copy of this file, and so with its own counter.
    let suite = module_path!().split("::").nth(1).unwrap_or("suite");
    let name = format!("{suite}_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    cluster.create(&name, "TEMPLATE prepared").await;
    fs::write(data.join(NAME_FILE), cluster.url(&name)).unwrap();
}

/// Where the server keeps the tables of this database, with everything written to them.
pub async fn folder_of(database: &mut AnyConnection) -> PathBuf {
    database.execute("CHECKPOINT").await.unwrap();
    let folder: String =
        sqlx::query_scalar("SELECT current_setting('data_directory')").fetch_one(&mut *database).await.unwrap();
    let number: i64 =
        sqlx::query_scalar("SELECT CAST(oid AS BIGINT) FROM pg_database WHERE datname = current_database()")
            .fetch_one(database)
            .await
            .unwrap();
    Path::new(&folder).join("base").join(number.to_string())
}

/// An empty database, for tests that want nothing else.
pub async fn empty_database(name: &str) -> Database {
    let cluster = Cluster::of_process();
    cluster.create(name, "TEMPLATE template0").await;
    Database::Postgres(cluster.url(name))
}

/// A server with its files in a folder under the temporary one.
pub struct Cluster {
    folder: PathBuf,
}

impl Cluster {
    /// The one of this process; started by whoever needs it first.
    pub fn of_process() -> Self {
        // Held until the process ends: its standard input tells the keeper that it has.
        static KEEPER: OnceLock<Child> = OnceLock::new();
        let folder = std::env::temp_dir().join(format!("lumen-postgres-{}", std::process::id()));
        let lock = File::create(folder.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        if !folder.join("started").exists() {
            let keeper = start(&folder);
            assert!(KEEPER.set(keeper).is_ok(), "the server of this process is gone");
            fs::write(folder.join("started"), "").unwrap();
        }
        Self { folder }
    }

    /// Address of a database.
    pub fn url(&self, name: &str) -> String {
        let folder = self.folder.to_str().unwrap().replace('/', "%2F");
        format!("postgres://app@{folder}/{name}")
    }

    /// Makes a database.
    pub async fn create(&self, name: &str, from: &str) {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        let statement = format!("CREATE DATABASE \"{name}\" {from}");
        connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn fill_template(&self, template: &Path) {
        let lock = File::create(self.folder.join("template.lock")).unwrap();
        lock.lock().unwrap();
        let done = self.folder.join("prepared");
        if done.exists() {
            return;
        }
        self.create("prepared", "TEMPLATE template0").await;
        // Other processes copy the template at any time; the source of a copy is opened for writing.
        let own = self.folder.join("lumen.db");
        fs::copy(template.join("lumen.db"), &own).unwrap();
        let from = Database::File(own);
        assert!(copy_database(&from, &Database::Postgres(self.url("prepared"))).await.unwrap() > 0);
        fs::write(done, "").unwrap();
    }
}

/// Programs of PostgreSQL; Debian keeps them out of the path.
pub fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    debian.sort();
    // A link into one of these folders may be all there is in the path, and for some of the programs alone.
    let found = std::env::split_paths(&path).chain(debian).filter(|bin| bin.join("initdb").is_file());
    found.last().expect("PostgreSQL is not installed; scripts/setup.sh installs it")
}

/// Starts a server and the shell that keeps it: when this process ends, however it ends, the shell reads the end of its
/// input, stops the server and removes the folder.
fn start(folder: &Path) -> Child {
    // PostgreSQL refuses to run as the administrator.
    const KEEPER: &str = r#"
        run() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
        umask 077
        mkdir "$FOLDER" && cd "$FOLDER" || exit 1
        if [ "$(id -u)" = 0 ]; then chown postgres "$FOLDER"; fi
        if run "$BIN/initdb" -D "$FOLDER/data" -A trust -U app -E UTF8 --locale=C --no-sync >log 2>&1 &&
            run "$BIN/pg_ctl" -D "$FOLDER/data" -w -l "$FOLDER/server.log" -o "$OPTIONS" start >>log 2>&1
        then echo started; else cat log server.log; fi
        exec >&-
        cat >/dev/null
        run "$BIN/pg_ctl" -D "$FOLDER/data" -m immediate stop >/dev/null 2>&1
        cd / && rm -rf "$FOLDER" "$FOLDER.lock"
    "#;
    // What is in it is gone with the process, so nothing has to reach the disk.
    let options = format!(
        "-c listen_addresses= -c unix_socket_directories={} -c max_connections={CONNECTIONS} -c shared_buffers=32MB \
         -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c jit=off",
        folder.display()
    );
    let mut keeper = Command::new("sh")
        .args(["-c", KEEPER])
        .env("FOLDER", folder)
        .env("BIN", programs())
        .env("OPTIONS", options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C is for the tests; the keeper hears of their end in its own way.
        .process_group(0)
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut stdout = BufReader::new(keeper.stdout.take().unwrap());
    stdout.read_line(&mut said).unwrap();
    if said.trim_end() != "started" {
        stdout.read_to_string(&mut said).unwrap();
        panic!("PostgreSQL does not start: {said}");
    }
    keeper
}
