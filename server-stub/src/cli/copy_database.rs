//! `lumen-server copy-database`.

use super::{CopyArgs, backends::secret_line};
use anyhow::Context;
use server_stub::{Database, copy_database};
use std::process::ExitCode;

pub(crate) async fn run(args: &CopyArgs) -> anyhow::Result<ExitCode> {
    let file = args.data.folder()?.join("lumen.db");
    anyhow::ensure!(file.is_file(), "there is no database {}", file.display());
    let file = std::path::absolute(&file).with_context(|| format!("cannot find {}", file.display()))?;
    let target = Database::Postgres(secret_line(&args.database_url_file)?);
    let rows = copy_database(&Database::File(file), &target).await?;
    eprintln!("{rows} rows are copied; start the server with --database-url-file and the same master key");
    Ok(ExitCode::SUCCESS)
}
