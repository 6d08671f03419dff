//! `lumen-server catalog` and `lumen-server keys`: what an operator does with the stores of a server, whether or not one
//! runs on them.

use super::{CatalogAction, KeysAction, LibraryArgs, StoreArgs};
use anyhow::Context;
use server_stub::{Operator, Revoked, Rewrap, ServerConfig};
use service_api::{AccountId, GrantId, TitleId, playback::Quality};
use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

/// Imports or exports the catalog.
pub(crate) async fn catalog(
    library: &LibraryArgs,
    stores: &StoreArgs,
    action: CatalogAction,
) -> anyhow::Result<ExitCode> {
    with_stores(library, stores, async |operator| {
        match action {
            CatalogAction::Import { file } => {
                let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let titles = operator.import_catalog(&text).await.with_context(|| file.display().to_string())?;
                eprintln!("{titles} titles");
            }
            CatalogAction::Export { file } => write(file.as_deref(), &operator.export_catalog())?,
        }
        Ok(())
    })
    .await
}

/// Does something with keys.
pub(crate) async fn keys(library: &LibraryArgs, stores: &StoreArgs, action: KeysAction) -> anyhow::Result<ExitCode> {
    // Before anything is opened: with another master key nothing would.
    if let KeysAction::Rewrap { previous, restart_log } = &action {
        let mut config = library.config()?;
        stores.apply(&mut config)?;
        return rewrap(&config, previous.as_deref(), *restart_log).await;
    }
    with_stores(library, stores, async |operator| {
        match action {
            KeysAction::Export { title, file } => {
                let document = operator.export_keys(&TitleId(title)).await?;
                write_private(&file, &document)?;
            }
            KeysAction::Import { file } => {
                let text = zeroize::Zeroizing::new(
                    std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?,
                );
                eprintln!("{} new keys", operator.import_keys(&text).await?);
            }
            KeysAction::Rotate { title } => operator.rotate_key(&TitleId(title), Quality::Any).await?,
            KeysAction::Rewrap { .. } => unreachable!("it is done before a store opens"),
            KeysAction::Revoke { account, device, title, grant } => {
                let what = match (account, device, title, grant) {
                    (Some(account), None, None, None) => Revoked::Account(AccountId(account)),
                    (Some(account), Some(device), None, None) => Revoked::Device(AccountId(account), device),
                    (None, None, Some(title), None) => Revoked::Title(TitleId(title)),
                    (None, None, None, Some(grant)) => Revoked::Grant(GrantId(grant)),
                    _ => anyhow::bail!("say --account, --account with --device, --title or --grant"),
                };
                operator.revoke(&what).await?;
            }
            KeysAction::VerifyLog => match operator.verify_audit().await? {
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

async fn with_stores(
    library: &LibraryArgs,
    stores: &StoreArgs,
    work: impl AsyncFnOnce(&Operator) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let mut config = library.config()?;
    stores.apply(&mut config)?;
    let operator = Operator::open(&config).await?;
    let outcome = work(&operator).await;
    operator.close().await;
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
