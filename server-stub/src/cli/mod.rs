//! `lumen-server serve`, `make-library`, `doctor`, and what is administered beside a server.

mod admin;
mod args;
mod backends;
mod copy_database;
mod doctor;
mod make_library;
mod operate;
pub(crate) mod private_memory;
mod serve;
mod settings;

use args::{CopyArgs, DataArgs, IdentityArgs, LibraryArgs, ListenArgs, RightsArgs, ServeArgs, TlsArgs};
use backends::StoreArgs;
use clap::{Parser, Subcommand};
use std::{io::IsTerminal, path::PathBuf, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// What is logged unless LUMEN_LOG says otherwise.
const DEFAULT_LOG: &str = "info";

/// Lumen's server: sign-in, catalog, licences and segments in one process.
#[derive(Debug, Parser)]
#[command(name = "lumen-server", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  lumen-server serve --demo                    everything, on http://127.0.0.1:7800
  lumen-server serve --demo --listen 127.0.0.1:0 --library-profile test --only the-long-tide
                                               a free port and one small title, for experiments
  lumen-server serve --demo --tls demo         the same by https, with an authority of its own
  lumen-server make-library                    makes the titles without serving them
  lumen-server catalog export > catalog.json   the catalog, to be changed and imported again
  lumen-server keys verify-log                 was the licence log tampered with?
  lumen-server doctor                          says what is missing on this machine
  lumen-server client add portal --name Portal --redirect-uri https://portal.example/callback
                                               another app may sign people in here
  lumen-server account role mia@example.org admin
                                               commands find the database and the master key as serve does, by option,
                                               environment or file of settings

Environment:
  LUMEN_LOG        what is logged on stderr: error, warn, info, debug, or per module as in
                   info,server_stub::identity=debug. Default: info
  LUMEN_DATA       the data folder, where --data is not given
  LUMEN_CONFIG, LUMEN_LISTEN, LUMEN_PUBLIC_URL, LUMEN_TLS, LUMEN_TLS_CERT, LUMEN_TLS_KEY, LUMEN_TRUSTED_PROXIES,
  LUMEN_TRACE_FILE, LUMEN_PROFILE, LUMEN_MASTER_KEY_FILE, LUMEN_DATABASE_URL_FILE, LUMEN_SHARED_FOLDER,
  LUMEN_S3_ENDPOINT, LUMEN_S3_BUCKET, LUMEN_S3_REGION, LUMEN_S3_CREDENTIALS_FILE, LUMEN_CACHE_GB, LUMEN_REDIS_URL_FILE,
  LUMEN_NATS_URL, LUMEN_NATS_CREDENTIALS_FILE, LUMEN_NATS_MONITOR
                   the option of the same name, where that is not given; secrets are in files, and only there. The file
                   of settings comes after both
  XDG_DATA_HOME    parent of the default data folder, lumen/server. Default: ~/.local/share

`serve` prints one line on stdout, `listening on http://HOST:PORT` (or https), when it accepts connections.
It stops on Ctrl-C or SIGTERM: requests in flight get eight seconds, a second signal ends it at once.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves, and makes missing titles in the background
    Serve(Box<ServeArgs>),
    /// Makes the library and ends; what is there already is kept
    MakeLibrary {
        #[command(flatten)]
        library: LibraryArgs,
        #[command(flatten)]
        stores: StoreArgs,
    },
    /// Copies the database of a data folder to PostgreSQL; no server may be using either
    CopyDatabase(CopyArgs),
    /// Imports or exports the catalog as a file
    Catalog {
        #[command(flatten)]
        library: LibraryArgs,
        #[command(flatten)]
        stores: StoreArgs,
        #[command(subcommand)]
        action: CatalogAction,
    },
    /// Content keys and permissions: exchange, rotate, take back, check the log
    Keys {
        #[command(flatten)]
        library: LibraryArgs,
        #[command(flatten)]
        stores: StoreArgs,
        #[command(subcommand)]
        action: KeysAction,
    },
    /// Checks what the server needs: settings, ffmpeg, a writable data folder, a free port, certificates, limits, and
    /// every backend that is named; takes the options of serve
    Doctor(Box<ServeArgs>),
    /// Registers apps that sign people in here
    Client(admin::ClientArgs),
    /// Changes what an account may do
    Account(admin::AccountArgs),
    /// Looks after the keys that sign id tokens
    SigningKeys(admin::KeysArgs),
}

#[derive(Debug, Subcommand)]
enum CatalogAction {
    /// Checks a file and puts it in place of the one before; a running server notices within seconds
    Import {
        /// As `export` writes it
        file: PathBuf,
    },
    /// Writes the whole catalog
    Export {
        /// Where to; stdout if absent
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum KeysAction {
    /// Writes a title's keys, in the clear, as CPIX 2.3 into a new file that only you may read
    Export {
        /// The title
        title: String,
        /// The file
        file: PathBuf,
    },
    /// Brings the keys of a CPIX document in
    Import {
        /// The file
        file: PathBuf,
    },
    /// Makes a new key for what is made of a title from now on
    Rotate {
        /// The title
        title: String,
    },
    /// Wraps the data keys under a new key-encrypting key; with --previous, carries everything that is stored over to
    /// another master key. No server may be running on the database then
    Rewrap {
        /// The master key file before, if it was replaced
        #[arg(long, value_name = "FILE")]
        previous: Option<PathBuf>,
        /// Keeps a licence log whose chain is broken, and begins a new chain behind it
        #[arg(long, requires = "previous")]
        restart_log: bool,
    },
    /// Takes back what was granted until now
    Revoke {
        /// Everything of an account, or of one of its devices
        #[arg(long, value_name = "ID")]
        account: Option<String>,
        /// Together with --account
        #[arg(long, value_name = "ID", requires = "account")]
        device: Option<String>,
        /// Everything of a title
        #[arg(long, value_name = "ID")]
        title: Option<String>,
        /// One grant
        #[arg(long, value_name = "ID")]
        grant: Option<String>,
    },
    /// Checks the chain of the licence log
    VerifyLog,
}

impl Cli {
    /// Does what was asked for.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(args) => serve::run(*args).await,
            Command::MakeLibrary { library, stores } => make_library::run(&library, &stores).await,
            Command::CopyDatabase(args) => copy_database::run(&args).await,
            Command::Catalog { library, stores, action } => operate::catalog(&library, &stores, action).await,
            Command::Keys { library, stores, action } => operate::keys(&library, &stores, action).await,
            Command::Doctor(args) => doctor::run(*args).await,
            Command::Client(args) => admin::client(args).await,
            Command::Account(args) => admin::account(args).await,
            Command::SigningKeys(args) => admin::keys(args).await,
        }
    }
}

/// Logs to stderr; stdout belongs to the one line that scripts wait for.
pub(crate) fn start_log() {
    let filter = EnvFilter::try_from_env("LUMEN_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
