//! What can be said on the command line. The groups that a file of settings can hold as well are read from either.

use super::backends::BackendArgs;
use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use server_stub::{Network, ServerConfig, ingest::LadderProfile};
use service_api::TitleId;
use std::{ffi::OsString, path::PathBuf};

/// Who may watch what, and where.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RightsArgs {
    /// File of networks and their countries, one `192.0.2.0/24 NL` or `198.51.100.0/24 hidden` a line
    #[arg(long, value_name = "FILE")]
    pub(super) region_table: Option<PathBuf>,
    /// Country of addresses that are not in the table
    #[arg(long, value_name = "COUNTRY")]
    pub(super) home_region: Option<String>,
    /// File of those whose authorization tokens for licences are accepted
    #[arg(long, value_name = "FILE")]
    pub(super) token_issuers: Option<PathBuf>,
    /// File of encryptors that may exchange keys over SPEKE
    #[arg(long, value_name = "FILE")]
    pub(super) encryptors: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Adds the demo accounts and shows them on the sign-in page
    #[arg(long)]
    pub(super) demo: bool,
    #[command(flatten)]
    pub(super) listen: ListenArgs,
    #[command(flatten)]
    pub(super) library: LibraryArgs,
    /// Serves only the titles that are already made
    #[arg(long)]
    pub(super) no_make: bool,
    /// How clients reach the server, if not by the address it listens on; also the OAuth issuer
    #[arg(long, value_name = "URL", env = "LUMEN_PUBLIC_URL", hide_env = true)]
    pub(super) public_url: Option<url::Url>,
    #[command(flatten)]
    pub(super) tls: TlsArgs,
    /// Obeys faults in media addresses, such as …/f=slow(300kbit),status(503,every=7)/master.m3u8
    #[arg(long)]
    pub(super) qa: bool,
    /// Proxy or network of proxies whose X-Forwarded-For and Forwarded are believed; may be repeated
    #[arg(long, value_name = "CIDR", env = "LUMEN_TRUSTED_PROXIES", hide_env = true, value_delimiter = ',')]
    pub(super) trusted_proxy: Vec<Network>,
    /// Appends traces to this file as OTLP JSON
    #[arg(long, value_name = "FILE", env = "LUMEN_TRACE_FILE", hide_env = true)]
    pub(super) trace_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) rights: RightsArgs,
    #[command(flatten)]
    pub(super) identity: IdentityArgs,
    #[command(flatten, next_help_heading = "Scaling out")]
    pub(super) backends: BackendArgs,
}

#[derive(Debug, Args)]
pub(super) struct TlsArgs {
    /// TLS with a certificate of an own authority, made in DATA/tls; clients must trust DATA/tls/ca.pem
    #[arg(long, value_name = "KIND", env = "LUMEN_TLS", hide_env = true)]
    pub(super) tls: Option<TlsKind>,
    /// TLS with this certificate chain (PEM); read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "LUMEN_TLS_CERT", hide_env = true)]
    pub(super) tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "LUMEN_TLS_KEY", hide_env = true)]
    pub(super) tls_key: Option<PathBuf>,
    /// Speaks TLS 1.2 as well as 1.3
    #[arg(long = "tls-1-2")]
    pub(super) tls_1_2: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum TlsKind {
    Demo,
}

#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct IdentityArgs {
    /// People cannot make accounts for themselves
    #[arg(long)]
    pub(super) no_registration: bool,
    /// Mail relay on this machine that mails are handed to [default: files in the folder mail of the data folder]
    #[arg(long, value_name = "ADDRESS", requires = "mail_from")]
    pub(super) mail_relay: Option<std::net::SocketAddr>,
    /// Sender of mails, such as lumen@example.org
    #[arg(long, value_name = "ADDRESS", requires = "mail_relay")]
    pub(super) mail_from: Option<String>,
    /// File with other providers to sign in at: a JSON list of id, name, issuer, client_id, client_secret, scopes
    #[arg(long, value_name = "FILE")]
    pub(super) identity_providers: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ListenArgs {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:7800]
    #[arg(long, value_name = "ADDRESS", env = "LUMEN_LISTEN", hide_env = true)]
    pub(super) listen: Option<std::net::SocketAddr>,
    /// File of settings (TOML) [default: lumen.toml in the data folder, if it is there]
    #[arg(long, value_name = "FILE", env = "LUMEN_CONFIG", hide_env = true)]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct LibraryArgs {
    #[command(flatten)]
    pub(super) data: DataArgs,
    /// How rich the encodings are: full is five rungs up to 1080p, test is small and fast
    #[arg(long, value_name = "PROFILE", default_value = "full")]
    pub(super) library_profile: ProfileName,
    /// Restricts the catalog to these titles
    #[arg(long, value_name = "TITLE", value_delimiter = ',')]
    pub(super) only: Option<Vec<String>>,
}

#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// Folder of the database, the master key and the library [default: ~/.local/share/lumen/server]
    #[arg(long, value_name = "DIR", env = "LUMEN_DATA", hide_env = true)]
    pub(super) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CopyArgs {
    #[command(flatten)]
    pub(super) data: DataArgs,
    /// File with the address of an empty database: postgres://user:password@host/name
    #[arg(long, value_name = "FILE", env = "LUMEN_DATABASE_URL_FILE", hide_env = true)]
    pub(super) database_url_file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ProfileName {
    Full,
    Test,
}

impl LibraryArgs {
    /// A configuration with these titles and nothing else changed.
    pub(super) fn config(&self) -> anyhow::Result<ServerConfig> {
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
    pub(super) fn folder(&self) -> anyhow::Result<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
