//! PostgreSQL's primary dies and its replica takes over, below a server that is being written to.

use super::PATIENCE;
use crate::common::{CLEAR, ENCRYPTED, MIA, Site, TestServer, backends as real, data_folder, json};
use reqwest::{Method, StatusCode};
use server_stub::{Database, copy_database};
use service_api::{profile::Progress, routes};
use sqlx::{Connection, Executor};
use std::{
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// The primary is killed in mid-write and its replica takes over: nothing that was answered is lost.
async fn survive_failover(cycles: u32) {
    let data = data_folder().await;
    let mut primary = real::DurablePostgres::primary();
    let name = "lumen";
    {
        let mut admin = sqlx::PgConnection::connect(&primary.url("postgres")).await.unwrap();
        admin.execute("CREATE DATABASE lumen").await.unwrap();
    }
    let file = Database::File(data.path().join("lumen.db"));
    copy_database(&file, &Database::Postgres(primary.url(name))).await.unwrap();

    let mut expected = 0_i64;
    for cycle in 0..cycles {
        let replica = real::DurablePostgres::replica_of(&primary);
        synchronous(&primary).await;
        // The server reaches whichever is the primary through the balancer, as a pooler would do it.
        let port = real::free_port();
        let (first, second) = (primary.port, replica.port);
        let pooler = real::haproxy_on(port, move |port| {
            format!(
                "defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 60s\n  timeout server 60s\n  \
                 option redispatch 1\n  retries 2\nfrontend database\n  bind 127.0.0.1:{port}\n  \
                 default_backend cluster\nbackend cluster\n  server first 127.0.0.1:{first} check inter 100ms fall 1 rise 1 \
                 on-marked-down shutdown-sessions\n  server second 127.0.0.1:{second} check inter 100ms fall 1 rise 1 backup\n"
            )
        });
        let address = format!("postgres://app@127.0.0.1:{}/{name}", pooler.port);
        let secrets = tempfile::tempdir().unwrap();
        let secret = real::secret_file(secrets.path(), "database", &address);
        let mut child = Command::new(env!("CARGO_BIN_EXE_lumen-server"))
            .args(["serve", "--demo", "--no-make", "--library-profile", "test", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .arg("--database-url-file")
            .arg(secret)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        let site = Site::new(line.strip_prefix("listening on ").unwrap().trim_end());
        let mia = site.sign_in(MIA).await;
        let profile = mia.profile("Mia").await;
        let path = routes::fill(routes::PROGRESS, &[("profile", profile.as_str()), ("title", ENCRYPTED)]);
        let stored: i64 = mia.get(&path).send().await.unwrap().json::<Progress>().await.map_or(0, |at| at.taken_at_ms);
        assert_eq!(stored, expected, "cycle {cycle} begins where the one before has ended");

        // Writes, one after another; in the middle of them the primary dies.
        let mut acknowledged = expected;
        let mut attempt = expected;
        let mut back_after = None;
        let mut killed: Option<Instant> = None;
        let begun = Instant::now();
        while back_after.is_none() || acknowledged < attempt {
            assert!(begun.elapsed() < 2 * PATIENCE, "the service does not come back");
            attempt += 1;
            let progress = Progress { position_s: 1.0, duration_s: 40.0, taken_at_ms: attempt };
            let answer = mia.request(Method::PUT, &path).json(&progress).send().await.unwrap();
            if answer.status() == StatusCode::OK {
                acknowledged = attempt;
                if let Some(killed) = killed {
                    back_after.get_or_insert(killed.elapsed());
                }
            } else {
                assert!(answer.status().is_server_error(), "{}", answer.status());
            }
            if killed.is_none() && attempt >= expected + 20 + i64::from(cycle) {
                primary.kill_all();
                replica.promote();
                killed = Some(Instant::now());
            }
        }
        let held = json::<Progress>(mia.get(&path)).await.taken_at_ms;
        assert!(held >= acknowledged, "an answered write is lost: {held} < {acknowledged}");
        eprintln!("cycle {cycle}: {acknowledged} writes answered, back {:?} after the promotion", back_after.unwrap());
        expected = held;
        child.kill().await.unwrap();
        primary = replica;
    }
}

/// From now on a commit is answered when the replica has it on disk too.
async fn synchronous(primary: &real::DurablePostgres) {
    let mut admin = sqlx::PgConnection::connect(&primary.url("postgres")).await.unwrap();
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'replica'").await.unwrap();
    admin.execute("SELECT pg_reload_conf()").await.unwrap();
    let begun = Instant::now();
    loop {
        let state: Option<String> =
            sqlx::query_scalar("SELECT sync_state FROM pg_stat_replication").fetch_optional(&mut admin).await.unwrap();
        if state.as_deref() == Some("sync") {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "the replica does not follow: {state:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn nothing_answered_is_lost_when_the_replica_takes_over() {
    survive_failover(1).await;
}

#[tokio::test]
#[ignore = "minutes long; scripts/failover.sh runs it"]
async fn nothing_answered_is_lost_in_many_take_overs() {
    let cycles = std::env::var("LUMEN_FAILOVER_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    survive_failover(cycles).await;
}

/// Who watches goes on watching while the database is away, for a minute and no longer; what needs an answer gets none.
#[tokio::test]
async fn segments_go_on_for_a_minute_while_the_database_is_away() {
    let primary = real::DurablePostgres::primary();
    {
        let mut admin = sqlx::PgConnection::connect(&primary.url("postgres")).await.unwrap();
        admin.execute("CREATE DATABASE lumen").await.unwrap();
    }
    let address = primary.url("lumen");
    let server = TestServer::start_with(|config| config.database = Some(Database::Postgres(address))).await;
    let mia = server.sign_in(MIA).await;
    let manifest = mia.grant(CLEAR).await.manifest;
    let other = mia.grant_on(CLEAR, "another").await.manifest;
    let segment = |manifest: &str| manifest.replace("master.m3u8", "video/480p/seg-00001.m4s");
    let status = async |path: &str| server.get(path).send().await.unwrap().status();
    assert_eq!(status(&segment(&manifest)).await, StatusCode::OK);
    primary.kill_all();
    for _ in 0..5 {
        // Past the time that a decision holds, so that the database is asked.
        server.clock.advance(Duration::from_secs(10));
        let begun = Instant::now();
        for _ in 0..10 {
            assert_eq!(status(&segment(&manifest)).await, StatusCode::OK);
        }
        assert!(begun.elapsed() < Duration::from_secs(4), "one request waits, and not for long");
    }
    assert!(status(&segment(&other)).await.is_server_error(), "nothing was decided of it before");
    server.clock.advance(Duration::from_secs(10));
    assert!(status(&segment(&manifest)).await.is_server_error(), "a minute is over");
    primary.start();
    let begun = Instant::now();
    while status(&segment(&manifest)).await != StatusCode::OK {
        assert!(begun.elapsed() < PATIENCE, "the database is back");
    }
}
