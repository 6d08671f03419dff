//! `lumen-server doctor`.

use super::{DoctorArgs, settings::Settings};
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

pub(crate) async fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let folder = args.data.folder()?;
    let default = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, server_stub::DEFAULT_PORT));
    let settings = Settings::read(args.listen.config.as_deref(), &folder);
    let address = match &settings {
        Ok(settings) => settings.listen(&args.listen, default),
        Err(_) => args.listen.listen.unwrap_or(default),
    };
    let findings = [
        settings_file(&settings),
        ffmpeg().await,
        data_folder(&folder),
        port(address).await,
        open_files(),
        kernel(&folder),
    ];
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

fn settings_file(settings: &anyhow::Result<Settings>) -> Finding {
    let outcome = match settings {
        Ok(settings) => settings.check(),
        Err(error) => Err(format!("{error:#}")),
    };
    Finding { what: "settings", outcome }
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
