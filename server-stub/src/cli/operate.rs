//! `lumen-server catalog` and `lumen-server keys`: what an operator does with a data folder, whether or not a server
//! runs on it.

use super::{CatalogAction, KeysAction, LibraryArgs};
use anyhow::Context;
use server_stub::{Revoked, Rewrap, RunningServer, Server, ServerConfig};
use service_api::{AccountId, GrantId, TitleId, playback::Quality};
use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

/// Imports or exports the catalog.
pub(crate) async fn catalog(library: &LibraryArgs, action: CatalogAction) -> anyhow::Result<ExitCode> {
    with_server(library, async |server| {
        match action {
            CatalogAction::Import { file } => {
                let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let titles = server.import_catalog(&text).await.with_context(|| file.display().to_string())?;
                eprintln!("{titles} titles");
            }
            CatalogAction::Export { file } => write(file.as_deref(), &server.export_catalog())?,
        }
        Ok(())
    })
    .await
}

/// Does something with keys.
pub(crate) async fn keys(library: &LibraryArgs, action: KeysAction) -> anyhow::Result<ExitCode> {
    // Before anything is opened: with another master key nothing would.
    if let KeysAction::Rewrap { previous, restart_log } = &action {
        return rewrap(&library.config()?, previous.as_deref(), *restart_log).await;
    }
    with_server(library, async |server| {
        match action {
            KeysAction::Export { title, file } => {
                let document = server.export_keys(&TitleId(title)).await?;
                write_private(&file, &document)?;
            }
            KeysAction::Import { file } => {
                let text = zeroize::Zeroizing::new(
                    std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?,
                );
                eprintln!("{} new keys", server.import_keys(&text).await?);
            }
            KeysAction::Rotate { title } => server.rotate_key(&TitleId(title), Quality::Any).await?,
            KeysAction::Rewrap { .. } => unreachable!("it is done before a server opens"),
            KeysAction::Revoke { account, device, title, grant } => {
                let what = match (account, device, title, grant) {
                    (Some(account), None, None, None) => Revoked::Account(AccountId(account)),
                    (Some(account), Some(device), None, None) => Revoked::Device(AccountId(account), device),
                    (None, None, Some(title), None) => Revoked::Title(TitleId(title)),
                    (None, None, None, Some(grant)) => Revoked::Grant(GrantId(grant)),
                    _ => anyhow::bail!("say --account, --account with --device, --title or --grant"),
                };
                server.revoke(&what).await?;
            }
            KeysAction::VerifyLog => match server.verify_audit().await? {
                Ok(entries) => eprintln!("{entries} entries, unbroken"),
                Err(what) => anyhow::bail!("the licence log was tampered with: {what}"),
            },
        }
        Ok(())
    })
    .await
}

/// Carries the data over to another master key, or draws a new salt.
async fn rewrap(config: &ServerConfig, previous: Option<&Path>, restart_log: bool) -> anyhow::Result<ExitCode> {
    let done = server_stub::rewrap(Rewrap { config, previous, restart_log }).await?;
    if done.is_already {
        eprintln!("everything is under the new master key already");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} data keys", done.data_keys);
    if previous.is_some() {
        eprintln!("{} signing keys, {} entries of the licence log", done.signing_keys, done.log_entries);
        eprintln!("PINs stay; open pages, device codes, tokens for licences and media addresses are void");
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the data folder as a server would, on a port that nobody knows.
async fn with_server(
    library: &LibraryArgs,
    work: impl AsyncFnOnce(&RunningServer) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let mut config = library.config()?;
    config.listen.set_port(0);
    config.library.make = false;
    let server = Server::start(config).await?;
    let outcome = work(&server).await;
    server.shutdown().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

fn write(file: Option<&Path>, text: &str) -> anyhow::Result<()> {
    match file {
        Some(file) => std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display())),
        None => Ok(writeln!(io::stdout().lock(), "{text}")?),
    }
}

/// A new file that only its owner may read: one that is there may be open to others.
fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut open = options.open(file).with_context(|| format!("cannot make {}", file.display()))?;
    Ok(open.write_all(text.as_bytes())?)
}
