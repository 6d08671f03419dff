//! The players of the web play what we deliver, in headless Chromium: hls.js (HLS) and Shaka Player (DASH) a clear, a
//! `cenc` and a `cbcs` title with Clear Key, dash.js the clear one.
#![allow(clippy::unwrap_used)]

mod common;

use common::{CLEAR, ENCRYPTED, MIA, TestServer};
use serde_json::{Value, json};
use service_api::TitleId;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{io::AsyncWriteExt, process::Command};

/// The only title that is encrypted with `cbcs`.
const CBCS: &str = "a-winter-without-maps";
/// How far each player must come, in seconds.
const SECONDS: u32 = 5;
/// Seven runs of several seconds on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(400);

/// A folder with the scripts and the players, installed when their list changes.
async fn workshop() -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/players");
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("players");
    fs::create_dir_all(&to).unwrap();
    let wanted = fs::read(from.join("package-lock.json")).unwrap();
    let stamp = to.join("installed");
    for name in ["package.json", "package-lock.json", "page.html", "play.mjs"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    if fs::read(&stamp).ok().as_ref() != Some(&wanted) {
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        let output = Command::new("npm")
            .args(arguments)
            .current_dir(&to)
            .output()
            .await
            .expect("npm is installed by scripts/setup.sh");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::write(stamp, wanted).unwrap();
    }
    to
}

fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let places =
        std::env::split_paths(&path).flat_map(|dir| ["chromium", "chromium-browser"].map(|name| dir.join(name)));
    places.into_iter().find(|place| place.is_file()).expect("Chromium is installed by scripts/setup.sh")
}

/// A server with all three titles; the third is kept between runs, with the key it was encrypted with.
async fn server() -> TestServer {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("players-data");
    let server = TestServer::start_with(|config| {
        if kept.join("lumen.db").exists() {
            for file in ["master.key", "lumen.db"] {
                fs::copy(kept.join(file), config.data.join(file)).unwrap();
            }
        }
        // A library of its own: the template's is shared with other tests.
        let library = config.data.join("library");
        let template = library.canonicalize().unwrap();
        fs::remove_file(&library).unwrap();
        fs::create_dir_all(library.join("media")).unwrap();
        let made = kept.join("library/media");
        for title in [CLEAR, ENCRYPTED, CBCS] {
            let from = [made.join(title), template.join("media").join(title)].into_iter().find(|path| path.is_dir());
            if let Some(from) = from {
                std::os::unix::fs::symlink(from, library.join("media").join(title)).unwrap();
            }
        }
        config.library.only = Some([CLEAR, ENCRYPTED, CBCS].map(TitleId::from).to_vec());
    })
    .await;
    server.running.library().make(server.running.key_source()).await.unwrap();
    let cbcs = server.data().join("library/media").join(CBCS);
    if !kept.join("lumen.db").exists() {
        fs::create_dir_all(kept.join("library/media")).unwrap();
        assert!(
            std::process::Command::new("cp")
                .arg("-rL")
                .arg(cbcs)
                .arg(kept.join("library/media"))
                .status()
                .unwrap()
                .success()
        );
        for file in ["master.key", "lumen.db"] {
            fs::copy(server.data().join(file), kept.join(file)).unwrap();
        }
    }
    server
}

#[tokio::test]
async fn three_players_play_three_kinds_of_titles() {
    let (workshop, server) = (workshop().await, server().await);
    let mia = server.sign_in(MIA).await;
    let mut titles = Vec::new();
    for title in [CLEAR, ENCRYPTED, CBCS] {
        // Titles that are open at the same time are so on devices of their own.
        let grant = mia.grant_on(title, title).await;
        let dash = grant.manifest.replace("master.m3u8", "manifest.mpd");
        // hls.js reads Clear Key by bare key ids.
        let hls = grant.manifest.replace("master.m3u8", "k=kid/master.m3u8");
        titles.push(json!({ "id": title, "hls": hls, "dash": dash, "licence": grant.licence }));
    }
    let order = json!({
        "origin": server.issuer,
        "token": mia.tokens.access_token,
        "chromium": chromium(),
        "titles": titles,
        "seconds": SECONDS,
    });
    let mut node = Command::new("node")
        .arg("play.mjs")
        .current_dir(workshop)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node is installed by scripts/setup.sh");
    node.stdin.take().unwrap().write_all(order.to_string().as_bytes()).await.unwrap();
    let output = tokio::time::timeout(PATIENCE, node.wait_with_output()).await.expect("the players end").unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let outcomes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(outcomes.len(), 7, "{text}{errors}");
    for outcome in &outcomes {
        let is_well = outcome["errors"] == json!([])
            && outcome["frames"].as_u64().unwrap_or(0) > 0
            && outcome["position"].as_f64().unwrap_or(0.0) > f64::from(SECONDS);
        assert!(is_well, "{outcome:#}");
    }
}
