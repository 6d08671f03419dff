//! `lumen-server serve`, `make-library`, `doctor`, and what is administered beside a server.

mod admin;
mod backends;
mod copy_database;
mod doctor;
mod make_library;
mod operate;
mod serve;

use anyhow::Context;
use backends::BackendArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use server_stub::{ServerConfig, ingest::LadderProfile};
use service_api::TitleId;
use std::{ffi::OsString, io::IsTerminal, path::PathBuf, process::ExitCode};
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
  lumen-server make-library                    makes the titles without serving them
  lumen-server catalog export > catalog.json   the catalog, to be changed and imported again
  lumen-server keys verify-log                 was the licence log tampered with?
  lumen-server doctor                          says what is missing on this machine
  lumen-server client add portal --name Portal --redirect-uri https://portal.example/callback
                                               another app may sign people in here
  lumen-server account role mia@example.org admin

Environment:
  LUMEN_LOG        what is logged on stderr: error, warn, info, debug, or per module as in
                   info,server_stub::identity=debug. Default: info
  LUMEN_DATA       the data folder, where --data is not given
  LUMEN_PROFILE, LUMEN_PUBLIC_URL, LUMEN_MASTER_KEY_FILE, LUMEN_DATABASE_URL_FILE, LUMEN_S3_ENDPOINT,
  LUMEN_SHARED_FOLDER, LUMEN_S3_BUCKET, LUMEN_S3_REGION, LUMEN_S3_CREDENTIALS_FILE, LUMEN_CACHE_GB, LUMEN_REDIS_URL_FILE,
  LUMEN_NATS_URL, LUMEN_NATS_CREDENTIALS_FILE, LUMEN_NATS_MONITOR
                   the options of the same names; secrets are in files, and only there
  XDG_DATA_HOME    parent of the default data folder, lumen/server. Default: ~/.local/share

`serve` prints one line on stdout, `listening on http://HOST:PORT`, when it accepts connections.
It stops on Ctrl-C or SIGTERM: requests in flight get five seconds, a second signal ends it at once.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves, and makes missing titles in the background
    Serve(Box<ServeArgs>),
    /// Makes the library and ends; what is there already is kept
    MakeLibrary(LibraryArgs),
    /// Copies the database of a data folder to PostgreSQL; no server may be using either
    CopyDatabase(CopyArgs),
    /// Imports or exports the catalog as a file
    Catalog {
        #[command(flatten)]
        library: LibraryArgs,
        #[command(subcommand)]
        action: CatalogAction,
    },
    /// Content keys and permissions: exchange, rotate, take back, check the log
    Keys {
        #[command(flatten)]
        library: LibraryArgs,
        #[command(subcommand)]
        action: KeysAction,
    },
    /// Checks what the server needs: ffmpeg, a writable data folder, a free port, and every backend that is named
    Doctor(Box<DoctorArgs>),
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
    /// Wraps the data keys under a new key-encrypting key
    Rewrap {
        /// The master key file before, if it was replaced
        #[arg(long, value_name = "FILE")]
        previous: Option<PathBuf>,
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

/// Who may watch what, and where.
#[derive(Debug, Args)]
struct RightsArgs {
    /// File of networks and their countries, one `192.0.2.0/24 NL` or `198.51.100.0/24 hidden` a line
    #[arg(long, value_name = "FILE")]
    region_table: Option<PathBuf>,
    /// Country of addresses that are not in the table
    #[arg(long, value_name = "COUNTRY")]
    home_region: Option<server_stub::Country>,
    /// Proxies whose X-Forwarded-For is believed, as networks
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    trusted_proxy: Vec<server_stub::Network>,
    /// File of those whose authorization tokens for licences are accepted
    #[arg(long, value_name = "FILE")]
    token_issuers: Option<PathBuf>,
    /// File of encryptors that may exchange keys over SPEKE
    #[arg(long, value_name = "FILE")]
    encryptors: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Adds the demo accounts and shows them on the sign-in page
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    library: LibraryArgs,
    /// Serves only the titles that are already made
    #[arg(long)]
    no_make: bool,
    #[command(flatten)]
    rights: RightsArgs,
    /// How clients reach the server, if not by the address it listens on; also the OAuth issuer
    #[arg(long, value_name = "URL", env = "LUMEN_PUBLIC_URL", hide_env = true)]
    public_url: Option<url::Url>,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten, next_help_heading = "Scaling out")]
    backends: BackendArgs,
}

#[derive(Debug, Args)]
struct IdentityArgs {
    /// People cannot make accounts for themselves
    #[arg(long)]
    no_registration: bool,
    /// Mail relay on this machine that mails are handed to [default: files in the folder mail of the data folder]
    #[arg(long, value_name = "ADDRESS", requires = "mail_from")]
    mail_relay: Option<std::net::SocketAddr>,
    /// Sender of mails, such as lumen@example.org
    #[arg(long, value_name = "ADDRESS", requires = "mail_relay")]
    mail_from: Option<String>,
    /// File with other providers to sign in at: a JSON list of id, name, issuer, client_id, client_secret, scopes
    #[arg(long, value_name = "FILE")]
    identity_providers: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ListenArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7800")]
    listen: std::net::SocketAddr,
}

#[derive(Debug, Args)]
struct LibraryArgs {
    #[command(flatten)]
    data: DataArgs,
    /// How rich the encodings are: full is five rungs up to 1080p, test is small and fast
    #[arg(long, value_name = "PROFILE", default_value = "full")]
    library_profile: ProfileName,
    /// Restricts the catalog to these titles
    #[arg(long, value_name = "TITLE", value_delimiter = ',')]
    only: Option<Vec<String>>,
}

#[derive(Debug, Args)]
struct DataArgs {
    /// Folder of the database, the master key and the library [default: ~/.local/share/lumen/server]
    #[arg(long, value_name = "DIR", env = "LUMEN_DATA", hide_env = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct DoctorArgs {
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten, next_help_heading = "Scaling out")]
    backends: BackendArgs,
}

#[derive(Debug, Args)]
struct CopyArgs {
    #[command(flatten)]
    data: DataArgs,
    /// File with the address of an empty database: postgres://user:password@host/name
    #[arg(long, value_name = "FILE", env = "LUMEN_DATABASE_URL_FILE", hide_env = true)]
    database_url_file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProfileName {
    Full,
    Test,
}

impl Cli {
    /// Does what was asked for.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(args) => serve::run(*args).await,
            Command::MakeLibrary(args) => make_library::run(args).await,
            Command::CopyDatabase(args) => copy_database::run(&args).await,
            Command::Catalog { library, action } => operate::catalog(&library, action).await,
            Command::Keys { library, action } => operate::keys(&library, action).await,
            Command::Doctor(args) => doctor::run(*args).await,
            Command::Client(args) => admin::client(args).await,
            Command::Account(args) => admin::account(args).await,
            Command::SigningKeys(args) => admin::keys(args).await,
        }
    }
}

impl LibraryArgs {
    /// A configuration with these titles and nothing else changed.
    fn config(&self) -> anyhow::Result<ServerConfig> {
        let mut config = ServerConfig::new(self.data.folder()?);
        config.library.profile = match self.library_profile {
            ProfileName::Full => LadderProfile::Full,
            ProfileName::Test => LadderProfile::Test,
        };
        if let Some(only) = &self.only {
            let known = server_stub::ingest::catalogue();
            for id in only {
                if !known.iter().any(|title| title.id.as_str() == id) {
                    let ids: Vec<&str> = known.iter().map(|title| title.id.as_str()).collect();
                    anyhow::bail!("there is no title {id}; choose from {}", ids.join(", "));
                }
            }
            config.library.only = Some(only.iter().map(|id| TitleId(id.clone())).collect());
        }
        Ok(config)
    }
}

impl DataArgs {
    fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.data {
            Some(data) => Ok(data.clone()),
            None => default_data(std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"))
                .context("neither XDG_DATA_HOME nor HOME is set; say --data DIR"),
        }
    }
}

/// The XDG base directory specification: a relative XDG_DATA_HOME is to be ignored.
fn default_data(xdg_data_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    let parent =
        xdg_data_home.and_then(absolute).or_else(|| Some(home.and_then(absolute)?.join(".local").join("share")))?;
    Some(parent.join("lumen").join("server"))
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

    #[test]
    fn data_folder_follows_xdg() {
        let os = |text: &str| Some(OsString::from(text));
        let table = [
            (os("/x"), os("/home/mia"), Some("/x/lumen/server")),
            (None, os("/home/mia"), Some("/home/mia/.local/share/lumen/server")),
            (os("relative"), os("/home/mia"), Some("/home/mia/.local/share/lumen/server")),
            (os(""), os("/home/mia"), Some("/home/mia/.local/share/lumen/server")),
            (None, None, None),
        ];
        for (xdg, home, expected) in table {
            assert_eq!(default_data(xdg, home), expected.map(PathBuf::from));
        }
    }
}
