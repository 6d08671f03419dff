//! Schemathesis reads our description and does its worst: no failure of ours, and no answer that is not described.

use crate::common::{MIA, TestServer};
use server_stub::Rate;
use service_api::identity::Role;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::process::Command;

/// What is installed; a change installs anew.
const VERSION: &str = "schemathesis==4.32.5";
/// How long it searches, in seconds.
const SEARCH_S: &str = "25";
const PATIENCE: Duration = Duration::from_secs(300);

/// A virtual environment of its own, below the target folder.
async fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let stamp = folder.join("installed");
    let run = async |program: &Path, args: &[&str]| {
        let output =
            Command::new(program).args(args).output().await.expect("python3-venv is installed by scripts/setup.sh");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    if fs::read_to_string(&stamp).ok().as_deref() != Some(VERSION) {
        run(Path::new("python3"), &["-m", "venv", folder.to_str().unwrap()]).await;
        run(&folder.join("bin/pip"), &["install", "--quiet", "--disable-pip-version-check", VERSION]).await;
        fs::write(stamp, VERSION).unwrap();
    }
    folder.join("bin/schemathesis")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_undescribed_and_no_failure_of_ours() {
    let program = installed().await;
    let server = TestServer::start_with(|config| {
        // It is meant to ask often.
        let rate = Rate { per_second: 1e6, burst: 1_000_000 };
        (config.limits.rate_per_address, config.limits.rate_per_session) = (rate, rate);
    })
    .await;
    // Whoever may do everything reaches the most.
    server.set_role(MIA, Role::Admin).await;
    let mia = server.sign_in(MIA).await;
    for token in [None, Some(&mia.tokens.access_token)] {
        let mut command = Command::new(&program);
        command.args([
            "run",
            &format!("{}/openapi.json", server.issuer),
            "--max-time",
            SEARCH_S,
            "--seed",
            "7",
            "--no-color",
        ]);
        command.args([
            "--phases",
            "examples,coverage,fuzzing",
            "--request-timeout",
            "20",
            "--suppress-health-check",
            "all",
        ]);
        let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
        command.args(["-c", checks]);
        if let Some(token) = token {
            command.args(["-H", &format!("Authorization: Bearer {token}")]);
        }
        let run = command.current_dir(env!("CARGO_TARGET_TMPDIR")).kill_on_drop(true).output();
        let output = tokio::time::timeout(PATIENCE, run).await.expect("it ends").unwrap();
        let text = String::from_utf8_lossy(&output.stdout).replace(&mia.tokens.access_token, "…");
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
