//! The settings of a server from three places: what is said on the command line wins over the environment, that over
//! the file, and that over the defaults. (clap reads the environment as if it stood on the command line.)

use super::{IdentityArgs, ListenArgs, RightsArgs, ServeArgs, TlsArgs, backends::BackendArgs};
use anyhow::Context;
use serde::Deserialize;
use server_stub::{
    CdnConfig, IdentityConfig, Network, Rate, RelaySink, RightsConfig, ServerConfig, TlsConfig, TlsSource,
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use url::Url;

/// Name of the file that is read from the data folder where no other is named.
pub(super) const FILE: &str = "lumen.toml";

/// The file. Unknown names are errors: a misspelt limit is no limit.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Settings {
    listen: Option<SocketAddr>,
    public_url: Option<Url>,
    demo: Option<bool>,
    qa: Option<bool>,
    trace_file: Option<PathBuf>,
    proxies: Vec<String>,
    tls: Option<TlsSettings>,
    limits: LimitSettings,
    delivery: DeliverySettings,
    identity: IdentityArgs,
    rights: RightsArgs,
    scale: BackendArgs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TlsSettings {
    demo: bool,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    with_1_2: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitSettings {
    connections: Option<usize>,
    connections_per_address: Option<usize>,
    requests_per_second: Option<f64>,
    burst: Option<u32>,
    body_kb: Option<usize>,
    drain_s: Option<u64>,
    lame_duck_s: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DeliverySettings {
    cache_mb: Option<u64>,
    shared_caches: bool,
    steering_ttl_s: Option<u32>,
    cdn: Vec<CdnSettings>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CdnSettings {
    name: String,
    base: Url,
    clone_of: Option<String>,
}

impl Settings {
    /// Reads the file that is named, or that of the data folder if there is one.
    pub(super) fn read(named: Option<&Path>, data: &Path) -> anyhow::Result<Self> {
        let path = named.map_or_else(|| data.join(FILE), Path::to_owned);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).with_context(|| format!("in {}", path.display())),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let settings: Self = toml::from_str(text)?;
        let rate = settings.limits.requests_per_second.unwrap_or(1.0);
        anyhow::ensure!(rate.is_finite() && rate > 0.0, "requests_per_second must be more than 0");
        anyhow::ensure!(settings.limits.burst != Some(0), "burst must be at least 1");
        for cdn in &settings.delivery.cdn {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            anyhow::ensure!(
                !cdn.name.is_empty() && cdn.name.chars().all(is_plain),
                "{:?} is no name of a CDN",
                cdn.name
            );
            anyhow::ensure!(matches!(cdn.base.scheme(), "http" | "https"), "{} is no address of a CDN", cdn.base);
            let others = &settings.delivery.cdn;
            let is_known = |name: &String| others.iter().any(|other| other.name == *name && other.clone_of.is_none());
            anyhow::ensure!(cdn.clone_of.as_ref().is_none_or(is_known), "{} is a clone of nothing", cdn.name);
        }
        Ok(settings)
    }

    /// Where the broker tells of itself, for the doctor.
    pub(super) fn nats_monitor(&self, args: &ServeArgs) -> Option<String> {
        args.backends.nats_monitor.clone().or_else(|| self.scale.nats_monitor.clone())
    }

    /// What stands behind the server.
    pub(super) fn scale(self) -> BackendArgs {
        self.scale
    }

    /// Where to listen.
    pub(super) fn listen(&self, args: &ListenArgs, default: SocketAddr) -> SocketAddr {
        args.listen.or(self.listen).unwrap_or(default)
    }

    /// Writes what was said into the configuration.
    pub(super) fn apply(self, args: &ServeArgs, config: &mut ServerConfig) -> anyhow::Result<()> {
        config.listen = self.listen(&args.listen, config.listen);
        config.demo = args.demo || self.demo.unwrap_or(config.demo);
        config.public_url = args.public_url.clone().or(self.public_url);
        config.delivery.url_faults = args.qa || self.qa.unwrap_or(false);
        config.trace_file = args.trace_file.clone().or(self.trace_file);
        config.tls = tls(&args.tls, self.tls)?;
        let proxies = self.proxies.iter().map(|text| text.parse::<Network>());
        let proxies = proxies.collect::<Result<_, _>>().map_err(anyhow::Error::msg)?;
        config.proxies = if args.trusted_proxy.is_empty() { proxies } else { args.trusted_proxy.clone() };
        identity(&args.identity, self.identity, &mut config.identity)?;
        rights(&args.rights, self.rights, &mut config.rights)?;
        args.backends.clone().or(self.scale).apply(config)?;

        let limits = &mut config.limits;
        let LimitSettings {
            connections,
            connections_per_address,
            requests_per_second,
            burst,
            body_kb,
            drain_s,
            lame_duck_s,
        } = self.limits;
        limits.connections = connections.unwrap_or(limits.connections);
        limits.connections_per_address = connections_per_address.unwrap_or(limits.connections_per_address);
        limits.body_bytes = body_kb.map_or(limits.body_bytes, |kilobytes| kilobytes.saturating_mul(1024));
        limits.drain = drain_s.map_or(limits.drain, Duration::from_secs);
        limits.lame_duck = lame_duck_s.map_or(limits.lame_duck, Duration::from_secs);
        let Rate { per_second, burst: default_burst } = limits.rate_per_address;
        limits.rate_per_address =
            Rate { per_second: requests_per_second.unwrap_or(per_second), burst: burst.unwrap_or(default_burst) };

        let delivery = &mut config.delivery;
        delivery.cache_bytes = self.delivery.cache_mb.map_or(delivery.cache_bytes, |mb| mb.saturating_mul(1024 * 1024));
        delivery.shared_caches = self.delivery.shared_caches;
        delivery.steering_ttl_s = self.delivery.steering_ttl_s.unwrap_or(delivery.steering_ttl_s).max(1);
        delivery.cdns = self
            .delivery
            .cdn
            .into_iter()
            .map(|CdnSettings { name, base, clone_of }| CdnConfig { name, base, clone_of })
            .collect();
        Ok(())
    }
}

fn tls(args: &TlsArgs, file: Option<TlsSettings>) -> anyhow::Result<Option<TlsConfig>> {
    let file = file.unwrap_or_default();
    let with_1_2 = args.tls_1_2 || file.with_1_2;
    let pair = match (&args.tls_cert, &args.tls_key) {
        (None, None) if args.tls.is_some() => (None, None),
        (None, None) => (file.certificate, file.key),
        (certificate, key) => (certificate.clone(), key.clone()),
    };
    let source = match pair {
        (Some(certificate), Some(key)) => TlsSource::Files { certificate, key },
        (None, None) if args.tls.is_some() || file.demo => TlsSource::Demo,
        (None, None) => return Ok(None),
        _ => anyhow::bail!("a certificate needs its key and a key its certificate"),
    };
    Ok(Some(TlsConfig { source, with_1_2 }))
}

fn identity(args: &IdentityArgs, file: IdentityArgs, config: &mut IdentityConfig) -> anyhow::Result<()> {
    config.may_register = !(args.no_registration || file.no_registration);
    match (args.mail_relay.or(file.mail_relay), args.mail_from.clone().or(file.mail_from)) {
        (Some(relay), Some(from)) => config.mail = Some(Arc::new(RelaySink::new(relay, &from)?)),
        (None, None) => {}
        _ => anyhow::bail!("mail_relay and mail_from need each other"),
    }
    if let Some(file) = args.identity_providers.as_ref().or(file.identity_providers.as_ref()) {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        // Says where, and not what: the file holds secrets.
        config.providers = serde_json::from_str(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            anyhow::anyhow!("{} is not a list of providers (line {line}, column {column})", file.display())
        })?;
    }
    Ok(())
}

fn rights(args: &RightsArgs, file: RightsArgs, config: &mut RightsConfig) -> anyhow::Result<()> {
    let home = args.home_region.clone().or(file.home_region);
    config.home_region = home.map(|text| text.parse().with_context(|| format!("home_region {text:?}"))).transpose()?;
    config.region_table = args.region_table.clone().or(file.region_table);
    config.token_issuers = args.token_issuers.clone().or(file.token_issuers);
    config.encryptors = args.encryptors.clone().or(file.encryptors);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    fn config(file: &str, flags: &[&str]) -> anyhow::Result<ServerConfig> {
        let cli = Cli::try_parse_from([&["lumen-server", "serve"], flags].concat())?;
        let crate::cli::Command::Serve(args) = cli.command else { anyhow::bail!("another command") };
        let mut config = ServerConfig::new("/nowhere");
        Settings::parse(file)?.apply(&args, &mut config)?;
        Ok(config)
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_that_over_the_defaults() {
        let file = "listen = \"127.0.0.1:1\"\nqa = true\n[limits]\nconnections = 7\nburst = 3\n[delivery]\ncache_mb = 2\n\
            [[delivery.cdn]]\nname = \"a\"\nbase = \"https://a.example\"\n[tls]\ndemo = true\n";
        let found = config(file, &[]).unwrap();
        assert_eq!(found.listen.port(), 1);
        assert_eq!((found.limits.connections, found.limits.rate_per_address.burst), (7, 3));
        assert_eq!(found.limits.rate_per_address.per_second, ServerConfig::new("/").limits.rate_per_address.per_second);
        assert_eq!((found.delivery.cache_bytes, found.delivery.cdns.len()), (2 << 20, 1));
        assert!(found.delivery.url_faults && found.tls.unwrap().source == TlsSource::Demo);
        assert_eq!(config(file, &["--listen", "127.0.0.1:2"]).unwrap().listen.port(), 2);
        let own = config(file, &["--tls-cert", "c", "--tls-key", "k"]).unwrap().tls.unwrap().source;
        assert!(matches!(own, TlsSource::Files { .. }));
        assert_eq!(config("", &[]).unwrap().listen.port(), server_stub::DEFAULT_PORT);
    }

    #[test]
    fn services_rights_and_accounts_can_be_in_the_file() {
        let file = "[identity]\nno_registration = true\n[rights]\nhome_region = \"nl\"\nregion_table = \"r\"\n[scale]\n\
            services = [\"catalog\"]\nshared_folder = \"/media\"\ncache_gb = 3\n";
        let found = config(file, &[]).unwrap();
        assert!(!found.identity.may_register);
        assert_eq!(found.rights.home_region, Some("NL".parse().unwrap()));
        assert_eq!(found.rights.region_table.as_deref(), Some(Path::new("r")));
        assert!(
            found.services.has(server_stub::Service::Catalog) && !found.services.has(server_stub::Service::Licence)
        );
        assert!(matches!(
            &found.backends.objects,
            server_stub::Objects::SharedFolder { cache_bytes: 3_000_000_000, .. }
        ));
        let said =
            config(file, &["--home-region", "DE", "--services", "licence", "--trusted-proxy", "10.0.0.0/8"]).unwrap();
        assert_eq!(said.rights.home_region, Some("DE".parse().unwrap()));
        assert!(said.services.has(server_stub::Service::Licence) && !said.services.has(server_stub::Service::Catalog));
        assert_eq!(said.proxies, ["10.0.0.0/8".parse().unwrap()]);
    }

    #[test]
    fn mistakes_are_named() {
        for (file, word) in [
            ("listen = \"x\"", "listen"),
            ("[limits]\nconections = 1", "conections"),
            ("proxies = [\"10.0.0.0/99\"]", "10.0.0.0/99"),
            ("[limits]\nrequests_per_second = 0.0", "requests_per_second"),
            ("[[delivery.cdn]]\nname = \"a b\"\nbase = \"https://a.example\"", "a b"),
            ("[[delivery.cdn]]\nname = \"a\"\nbase = \"https://a.example\"\nclone_of = \"x\"", "clone"),
            ("[tls]\ncertificate = \"x\"", "key"),
            ("admin_token_file = \"/nowhere/at/all\"", "admin_token_file"),
            ("[identity]\nidentity_providers = \"/nowhere/at/all\"", "/nowhere"),
            ("[identity]\nmail_from = \"lumen@example.org\"", "mail_relay"),
            ("[rights]\nhome_region = \"Holland\"", "Holland"),
            ("[scale]\nservices = [\"cooking\"]", "cooking"),
            ("[scale]\nprofile = \"scale-out\"", "--database-url-file"),
            ("[scale]\ns3_endpoint = \"http://127.0.0.1:9000\"", "s3-credentials-file"),
        ] {
            let error = format!("{:#}", config(file, &[]).unwrap_err());
            assert!(error.contains(word), "{file}: {error}");
        }
    }
}
