//! The way to the network: the proxy, and certificates that are believed besides the system's.

use crate::{language::tr, storage};
use player_core::net;
use serde::{Deserialize, Serialize};
use service_api::client;
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};
use url::{Host, Url};

/// Variables that name a proxy, as other programs read them.
const VARIABLES: [&str; 3] = ["https_proxy", "http_proxy", "all_proxy"];

/// Which proxy to use.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyChoice {
    /// What the environment says, else what the desktop says.
    #[default]
    System,
    /// None, whatever they say.
    Direct,
    /// This one (http or https), for everything but this machine itself.
    Address(Url),
}

impl FromStr for ProxyChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "system" => return Ok(Self::System),
            "none" => return Ok(Self::Direct),
            _ => {}
        }
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if matches!(url.scheme(), "http" | "https") && url.has_host() {
            Ok(Self::Address(url))
        } else {
            Err("expected `system`, `none`, or an address such as http://proxy.example:3128".to_owned())
        }
    }
}

impl fmt::Display for ProxyChoice {
    /// Without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Direct => f.write_str("none"),
            Self::Address(url) => f.write_str(&without_user(url)),
        }
    }
}

impl fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyChoice({self})")
    }
}

fn without_user(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}", url.scheme())
}

/// What the viewer chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NetworkChoice {
    pub(crate) proxy: ProxyChoice,
    /// File with certificates (PEM).
    pub(crate) authorities: Option<PathBuf>,
}

/// How the network is reached by this process.
#[derive(Clone)]
pub(crate) struct Network {
    choice: NetworkChoice,
    authorities: Vec<u8>,
    /// The environment names a proxy, or says where none is to be used.
    environment: Vec<(String, String)>,
    /// What the desktop said; it answers later.
    desktop: Arc<RwLock<Option<Url>>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(tr!("stats-network")).field("choice", &self.choice).finish_non_exhaustive()
    }
}

impl Network {
    /// By a choice and the environment. Reads the file of certificates.
    ///
    /// # Errors
    /// A sentence, if that file cannot be used.
    pub(crate) fn of(choice: NetworkChoice) -> Result<Self, String> {
        let authorities = choice.authorities.as_deref().map_or_else(|| Ok(Vec::new()), read_authorities)?;
        let of_environment = |name: &str| {
            let (lower, upper) = (name.to_owned(), name.to_ascii_uppercase());
            [lower, upper].into_iter().find_map(|name| {
                let value = std::env::var(&name).ok().filter(|value| !value.trim().is_empty())?;
                Some((name, value))
            })
        };
        let environment = VARIABLES.into_iter().chain(["no_proxy"]).filter_map(of_environment).collect();
        Ok(Self { choice, authorities, environment, desktop: Arc::default() })
    }

    /// Is the desktop to be asked for its proxy?
    pub(crate) fn asks_desktop(&self) -> bool {
        let named = self.environment.iter().any(|(name, _)| VARIABLES.contains(&name.to_ascii_lowercase().as_str()));
        self.choice.proxy == ProxyChoice::System && !named && cfg!(target_os = "linux")
    }

    /// The desktop has answered.
    pub(crate) fn learn(&self, proxy: Option<Url>) {
        *self.desktop.write().unwrap_or_else(PoisonError::into_inner) = proxy;
    }

    /// Replaces what the HTTP client would read from the environment by itself.
    fn rule(&self) -> Option<net::ProxyRule> {
        match &self.choice.proxy {
            ProxyChoice::System if self.asks_desktop() => {
                let told = Arc::clone(&self.desktop);
                Some(Arc::new(move |url| {
                    let proxy = told.read().unwrap_or_else(PoisonError::into_inner);
                    proxy.clone().filter(|_| !is_this_machine(url))
                }))
            }
            ProxyChoice::System => None,
            ProxyChoice::Direct => Some(Arc::new(|_| None)),
            ProxyChoice::Address(proxy) => {
                let proxy = proxy.clone();
                Some(Arc::new(move |url| (!is_this_machine(url)).then(|| proxy.clone())))
            }
        }
    }

    /// For media.
    pub(crate) fn for_media(&self) -> net::NetAccess {
        net::NetAccess { authorities: self.authorities.clone(), proxy: self.rule() }
    }

    /// For the service.
    pub(crate) fn for_service(&self) -> client::NetAccess {
        client::NetAccess { authorities: self.authorities.clone(), proxy: self.rule() }
    }

    /// Facts for a person, without passwords: name and value.
    pub(crate) fn facts(&self) -> Vec<(String, String)> {
        let mut facts = vec![("proxy".to_owned(), self.choice.proxy.to_string())];
        facts.extend(self.environment.iter().map(|(name, value)| {
            let is_address = !name.eq_ignore_ascii_case("no_proxy");
            let shown = match Url::parse(value) {
                Ok(url) if is_address && url.has_host() => without_user(&url),
                _ if is_address && value.contains('@') => "…".to_owned(),
                _ => value.clone(),
            };
            (name.clone(), shown)
        }));
        if let Some(told) = self.desktop.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            facts.push((tr!("doctor-desktop-proxy").to_owned(), without_user(told)));
        }
        if let Some(path) = &self.choice.authorities {
            let count = String::from_utf8_lossy(&self.authorities).matches(BEGIN).count();
            facts.push((
                tr!("doctor-own-certificates").to_owned(),
                tr!("doctor-count-in", count = count, path = path.display().to_string()),
            ));
        }
        facts
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

fn read_authorities(path: &Path) -> Result<Vec<u8>, String> {
    let read = storage::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let bytes = read.ok_or_else(|| tr!("doctor-no-such-file", path = path.display().to_string()))?;
    // What is in them is looked at by whoever uses them.
    if !String::from_utf8_lossy(&bytes).contains(BEGIN) {
        return Err(tr!("doctor-no-certificate", path = path.display().to_string()));
    }
    let usable = net::HttpFetcher::by_way_of(
        &player_core::config::NetConfig::default(),
        &net::NetAccess { authorities: bytes.clone(), proxy: None },
    );
    usable.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(bytes)
}

/// No proxy can reach it.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::TcpListener,
        time::Duration,
    };

    fn choice(proxy: &str) -> NetworkChoice {
        NetworkChoice { proxy: proxy.parse().unwrap(), authorities: None }
    }

    #[test]
    fn proxies_are_read_and_passwords_are_not_printed() {
        for wrong in ["", "proxy", "socks5://a:1", "ftp://a", "http://"] {
            assert!(wrong.parse::<ProxyChoice>().is_err(), "{wrong}");
        }
        let network = Network::of(choice("http://mia:secret@proxy.test:3128")).unwrap();
        assert_eq!(network.facts()[0].1, "http://proxy.test:3128");
        assert!(!format!("{network:?} {:?}", network.for_media()).contains("secret"));
        let rule = network.rule().unwrap();
        assert!(rule(&"https://media.test/a".parse().unwrap()).is_some());
        for own in ["http://127.0.0.1:1/", "http://[::1]/", "http://localhost/", "http://a.localhost/"] {
            assert_eq!(rule(&own.parse().unwrap()), None, "{own}");
        }
        assert_eq!(Network::of(choice("none")).unwrap().rule().unwrap()(&"https://a.test/".parse().unwrap()), None);
    }

    #[test]
    fn files_without_certificates_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let with = |path: &Path| NetworkChoice { authorities: Some(path.to_owned()), ..NetworkChoice::default() };
        assert!(Network::of(with(&path)).unwrap_err().contains("no such file"));
        let broken = format!("{BEGIN}\nnot base64!\n-----END CERTIFICATE-----\n");
        for content in ["", "-----BEGIN PRIVATE KEY-----\n", &broken] {
            std::fs::write(&path, content).unwrap();
            assert!(Network::of(with(&path)).is_err(), "{content}");
        }
    }

    /// Media and service go to the proxy that was chosen: it sees a whole address, as only proxies do.
    #[tokio::test]
    async fn both_ways_lead_through_the_proxy() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let network = Network::of(choice(&proxy)).unwrap();
        let seen = std::thread::spawn(move || {
            let mut lines = Vec::new();
            for _ in 0..2 {
                let (mut visitor, _) = listener.accept().unwrap();
                visitor.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let mut head = [0; 2048];
                let length = visitor.read(&mut head).unwrap();
                lines.push(String::from_utf8_lossy(&head[..length]).lines().next().unwrap().to_owned());
                visitor.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            }
            lines
        });
        let http = net::HttpFetcher::by_way_of(&Default::default(), &network.for_media()).unwrap();
        let source = player_core::manifest::ByteSource { url: "http://media.test/a.mpd".parse().unwrap(), range: None };
        let request = net::FetchRequest { source, max_bytes: 10 };
        let fetched = net::Fetcher::fetch(&http, request, Arc::new(|_| {})).await;
        assert_eq!(fetched.unwrap_err(), net::FetchError::Status(403));
        let store = Arc::new(client::MemoryStore::default());
        let origin: Url = "https://lumen.example".parse().unwrap();
        let service = client::Client::by_way_of(origin, store, &network.for_service()).unwrap();
        assert!(service.picture("/artwork/a").await.is_err());
        let lines = seen.join().unwrap();
        assert_eq!(lines[0], "GET http://media.test/a.mpd HTTP/1.1");
        assert!(lines[1].starts_with("CONNECT lumen.example:443 "), "{}", lines[1]);
    }
}
