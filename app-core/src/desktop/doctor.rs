//! `lumen doctor`: what this machine has of what is needed, and what to do about the rest.

use super::network::{Network, NetworkChoice};
use crate::{
    language::{self, Locale, tr},
    launch::LaunchArgs,
    settings::{Places, Settings},
    storage,
    video_surface::{self, Graphics, VideoPathWish},
};
use player_core::pipeline::gst::{CodecSupport, installed_decoders};
use serde::Serialize;
use service_api::client::{Client, KeyringStore, MemoryStore};
use std::{
    fmt::Write,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

/// How long the keyring may take: as long as the application waits for it.
const KEYRING_PATIENCE: Duration = Duration::from_millis(1500);
/// Without these nearly nothing can be watched.
const NEEDED: [&str; 2] = ["H.264", "AAC"];

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Good,
    /// Something is missing that can be done without.
    Lacking,
    /// Films will not play, or nobody can sign in.
    Broken,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What, in one word or two.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// What was found; without secrets.
    pub detail: String,
    /// What to do about it; empty where nothing needs to be done.
    pub advice: String,
}

impl Finding {
    fn new(name: &str, health: Health, detail: impl Into<String>, advice: &str) -> Self {
        let advice = if health == Health::Good { String::new() } else { advice.to_owned() };
        Self { name: name.to_owned(), health, detail: detail.into(), advice }
    }
}

/// Everything that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Of the application.
    pub version: String,
    /// In the order in which a film needs them.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// The worst of it.
    pub fn health(&self) -> Health {
        self.findings.iter().map(|finding| finding.health).max().unwrap_or(Health::Good)
    }

    /// For a person.
    pub fn text(&self) -> String {
        let mut out = format!("Lumen {}\n", self.version);
        for finding in &self.findings {
            let mark = match finding.health {
                Health::Good => "ok  ",
                Health::Lacking => "note",
                Health::Broken => "FAIL",
            };
            // Writing to a string does not fail.
            let _ = writeln!(out, "{mark}  {:<12} {}", finding.name, finding.detail);
            if !finding.advice.is_empty() {
                let _ = writeln!(out, "      {:<12} {}", "", finding.advice);
            }
        }
        out
    }

    /// For a program.
    pub fn json(&self) -> String {
        serde_json::json!({ "version": self.version, "health": self.health(), "findings": self.findings }).to_string()
    }
}

/// Looks at everything. Takes some seconds at most; opens a window that is not shown, for its OpenGL.
pub fn diagnose(args: &LaunchArgs) -> Diagnosis {
    let places = Places::of_user();
    let settings = Settings::load(&places.settings);
    language::speak(Locale::wanted(settings.language));
    let choice = args.network(&settings.desktop.network);
    let mut findings = vec![decoders(installed_decoders())];
    let (graphics, found) = look_at_graphics();
    findings.push(found);
    findings.push(video_path(args.video_path, graphics.as_ref()));
    findings.push(keyring(&args.server));
    findings.extend(network(&args.server, choice));
    findings.push(folder("settings", &places.settings));
    findings.push(folder("log", &places.log));
    findings.push(crashes(&places.crashes));
    Diagnosis { version: env!("CARGO_PKG_VERSION").to_owned(), findings }
}

fn decoders(found: Result<Vec<CodecSupport>, String>) -> Finding {
    let advice = tr!("doctor-plugins");
    let found = match found {
        Ok(found) => found,
        Err(error) => return Finding::new("decoders", Health::Broken, error, advice),
    };
    let (here, missing): (Vec<_>, Vec<_>) = found.into_iter().partition(|codec| codec.decoder.is_some());
    let name = |codec: &CodecSupport| match &codec.decoder {
        Some(decoder) => format!("{} ({decoder})", codec.codec),
        None => codec.codec.to_owned(),
    };
    let mut detail = here.iter().map(name).collect::<Vec<_>>().join(", ");
    if !missing.is_empty() {
        let missing = missing.iter().map(name).collect::<Vec<_>>().join(", ");
        detail = if detail.is_empty() {
            tr!("doctor-none", missing = missing)
        } else {
            tr!("doctor-none-for", here = detail, missing = missing)
        };
    }
    let health = if missing.iter().any(|codec| NEEDED.contains(&codec.codec)) {
        Health::Broken
    } else if missing.is_empty() {
        Health::Good
    } else {
        Health::Lacking
    };
    Finding::new("decoders", health, detail, advice)
}

/// The renderer of a window that is never shown.
fn look_at_graphics() -> (Option<Graphics>, Finding) {
    let advice = tr!("doctor-display");
    let seen = Arc::new(Mutex::new(None));
    let told = Arc::clone(&seen);
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_visible(false).with_inner_size([64.0, 64.0]),
        renderer: eframe::Renderer::Glow,
        persist_window: false,
        ..Default::default()
    };
    let looked = eframe::run_native(
        "lumen-doctor",
        options,
        Box::new(move |cc| {
            let found = cc.gl.as_deref().map(video_surface::look);
            *told.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = found;
            // It was only looked at.
            Err("enough".into())
        }),
    );
    let graphics = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let finding = match (&graphics, looked) {
        (Some(graphics), _) => {
            let health = if graphics.is_software() { Health::Lacking } else { Health::Good };
            Finding::new("OpenGL", health, graphics.renderer.clone(), tr!("doctor-software"))
        }
        (None, Err(error)) => {
            // The window library puts the place in its source in front.
            let said = error.to_string();
            let words = said.rsplit(": ").next().unwrap_or(&said).to_owned();
            Finding::new("OpenGL", Health::Broken, words, advice)
        }
        (None, Ok(())) => Finding::new("OpenGL", Health::Broken, tr!("doctor-no-window"), advice),
    };
    (graphics, finding)
}

/// The way of pictures that would be taken.
fn video_path(wish: VideoPathWish, graphics: Option<&Graphics>) -> Finding {
    let chosen = video_surface::choose(wish, graphics);
    let health = if chosen.remark.is_some() { Health::Lacking } else { Health::Good };
    Finding::new("video path", health, chosen.path.words(), chosen.remark.map(language::text).unwrap_or_default())
}

fn keyring(server: &Url) -> Finding {
    let answers = KeyringStore::new(server).answers_within(KEYRING_PATIENCE);
    let (health, detail) = match answers {
        true => (Health::Good, tr!("doctor-answers")),
        false => (Health::Lacking, tr!("doctor-keyring-silent")),
    };
    Finding::new("keyring", health, detail, tr!("doctor-keyring"))
}

fn network(server: &Url, choice: NetworkChoice) -> Vec<Finding> {
    let network = match Network::of(choice) {
        Ok(network) => network,
        Err(error) => {
            let advice = tr!("doctor-certificates");
            return vec![Finding::new("certificates", Health::Broken, error, advice)];
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![Finding::new("network", Health::Broken, error.to_string(), "")],
    };
    runtime.block_on(async {
        #[cfg(target_os = "linux")]
        if network.asks_desktop()
            && let Ok(proxy) = super::linux::portal::proxy_for(&Default::default(), server).await
        {
            network.learn(proxy);
        }
        let facts = network.facts().into_iter().map(|(name, value)| format!("{name}: {value}"));
        let mut findings = vec![Finding::new("network", Health::Good, facts.collect::<Vec<_>>().join(", "), "")];
        findings.push(reach(server, &network).await);
        findings
    })
}

async fn reach(server: &Url, network: &Network) -> Finding {
    let advice = tr!("doctor-server");
    let store = Arc::new(MemoryStore::default());
    let client = match Client::by_way_of(server.clone(), store, &network.for_service()) {
        Ok(client) => client,
        Err(error) => return Finding::new("server", Health::Lacking, error.to_string(), advice),
    };
    let name = client.origin().as_str().trim_end_matches('/').to_owned();
    match client.probe().await {
        Ok(()) => Finding::new("server", Health::Good, tr!("doctor-server-answers", name = name), ""),
        Err(error) => Finding::new("server", Health::Lacking, format!("{name}: {error}"), advice),
    }
}

fn folder(name: &str, file: &Path) -> Finding {
    let shown = file.display().to_string();
    let probe = file.with_extension("probe");
    let written = storage::write_atomically(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => Finding::new(name, Health::Good, shown, ""),
        Err(error) => {
            let advice = tr!("doctor-folder");
            Finding::new(name, Health::Lacking, format!("{shown}: {error}"), advice)
        }
    }
}

fn crashes(folder: &Path) -> Finding {
    let (health, detail) = match super::crash::unseen(folder) {
        Some(report) => (Health::Lacking, format!("{}", report.path.display())),
        None => (Health::Good, tr!("doctor-no-crash").to_owned()),
    };
    Finding::new("crashes", health, detail, tr!("doctor-crash"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codec(codec: &'static str, decoder: Option<&str>) -> CodecSupport {
        CodecSupport { codec, decoder: decoder.map(str::to_owned) }
    }

    #[test]
    fn what_is_missing_is_weighed() {
        let all = [codec("H.264", Some("avdec_h264")), codec("AAC", Some("avdec_aac"))];
        assert_eq!(decoders(Ok(all.to_vec())).health, Health::Good);
        let without = |missing| [all.to_vec(), vec![codec(missing, None)]].concat();
        let lacking = decoders(Ok(without("AV1")));
        assert_eq!((lacking.health, lacking.detail.contains("none for AV1")), (Health::Lacking, true));
        assert!(!lacking.advice.is_empty());
        assert_eq!(decoders(Ok(without("H.264"))).health, Health::Broken);
        assert_eq!(decoders(Err("no GStreamer".to_owned())).health, Health::Broken);
        let diagnosis = Diagnosis { version: "1".to_owned(), findings: vec![lacking, decoders(Ok(all.to_vec()))] };
        assert_eq!(diagnosis.health(), Health::Lacking);
        assert!(diagnosis.text().contains("note  decoders") && diagnosis.text().contains("ok    decoders"));
        let json: serde_json::Value = serde_json::from_str(&diagnosis.json()).unwrap();
        assert_eq!(json["health"], "lacking");
        assert_eq!(json["findings"][1]["health"], "good");
    }

    #[test]
    fn the_way_of_pictures_is_told() {
        let card = Graphics { renderer: "Mesa Intel(R) Iris(R) Xe Graphics".to_owned(), takes_planes: true };
        let found = video_path(VideoPathWish::Auto, Some(&card));
        assert_eq!((found.health, found.detail.starts_with("yuv")), (Health::Good, true));
        let found = video_path(VideoPathWish::Gl, Some(&card));
        assert!(found.health == Health::Lacking && found.detail.starts_with("yuv") && found.advice.contains("gl"));
    }

    #[test]
    fn folders_and_servers_that_cannot_be_used_are_named() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(folder("log", &root.path().join("state/lumen.log")).health, Health::Good);
        assert_eq!(std::fs::read_dir(root.path().join("state")).unwrap().count(), 0, "nothing is left there");
        std::fs::write(root.path().join("file"), b"").unwrap();
        assert_eq!(folder("log", &root.path().join("file/lumen.log")).health, Health::Lacking);
        // A port that nobody listens at any more.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server: Url = format!("http://127.0.0.1:{port}").parse().unwrap();
        let findings = network(&server, NetworkChoice { proxy: "none".parse().unwrap(), authorities: None });
        assert_eq!(findings[0].detail, "proxy: none");
        assert_eq!((findings[1].name.as_str(), findings[1].health), ("server", Health::Lacking));
        let wrong = NetworkChoice { authorities: Some(root.path().join("none.pem")), ..NetworkChoice::default() };
        assert_eq!(network(&server, wrong)[0].health, Health::Broken);
    }
}
