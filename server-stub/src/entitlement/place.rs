//! From the address of a connection to a place.
//!
//! The table is a text file of the operator's (a geography database is licensed by somebody else), one network a line:
//!
//! ```text
//! 192.0.2.0/24    NL
//! 2001:db8::/32   DE
//! 198.51.100.0/24 hidden      # a VPN, a proxy, a hosting company
//! ```

use crate::gateway::proxies::{Network, mapped, mask};
use std::{
    collections::{BTreeMap, HashMap},
    fmt, fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Largest table that is read, in bytes. All networks of the world are about half of it.
const MAX_TABLE_BYTES: u64 = 32 << 20;

/// A country as ISO 3166-1 alpha-2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl FromStr for Country {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        match text.as_bytes() {
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                Ok(Self([first.to_ascii_uppercase(), second.to_ascii_uppercase()]))
            }
            _ => Err(PlaceError::Country),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a request comes from, as far as that can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) country: Option<Country>,
    /// Through a service that hides where it comes from.
    pub(crate) is_hidden: bool,
}

/// Why a network or a table cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Not two letters.
    #[error("a country is two letters (ISO 3166-1), such as NL")]
    Country,
    /// Not `address/bits`.
    #[error("a network is an address with its length, such as 192.0.2.0/24")]
    Network,
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A line of the file is wrong.
    #[error("line {line} of {path}: {source}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What is wrong.
        #[source]
        source: Box<PlaceError>,
    },
}

/// Networks and where they are; the longest match decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlaceTable {
    /// By length: network to place.
    networks: BTreeMap<u8, HashMap<u128, Place>>,
}

impl PlaceTable {
    /// Reads the operator's file.
    pub(crate) fn read(path: &Path) -> Result<Self, PlaceError> {
        let failed = |source| PlaceError::Io { path: path.to_owned(), source };
        if fs::metadata(path).map_err(failed)?.len() > MAX_TABLE_BYTES {
            return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "more than 32 MiB")));
        }
        Self::parse(&fs::read_to_string(path).map_err(failed)?).map_err(|(line, source)| PlaceError::Line {
            path: path.to_owned(),
            line,
            source: Box::new(source),
        })
    }

    fn parse(text: &str) -> Result<Self, (usize, PlaceError)> {
        let mut table = Self::default();
        for (index, line) in text.lines().enumerate() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(network) = words.next() else { continue };
            let at = |error| (index + 1, error);
            let (address, bits) = network_of(network).map_err(at)?;
            let place = match words.next() {
                Some("hidden") => Place { country: None, is_hidden: true },
                Some(country) => Place { country: Some(country.parse().map_err(at)?), is_hidden: false },
                None => return Err(at(PlaceError::Country)),
            };
            table.networks.entry(bits).or_default().insert(address, place);
        }
        Ok(table)
    }

    /// The place of an address; nothing is known of most.
    pub(crate) fn place(&self, address: IpAddr) -> Option<Place> {
        let number = mapped(address);
        self.networks.iter().rev().find_map(|(bits, of_length)| of_length.get(&(number & mask(*bits))).copied())
    }
}

/// A network of the table: an address alone would be a slip of whoever wrote it.
fn network_of(text: &str) -> Result<(u128, u8), PlaceError> {
    let network = text.contains('/').then(|| text.parse::<Network>().ok()).flatten();
    network.map(Network::mapped).ok_or(PlaceError::Network)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn longest_network_decides_and_comments_do_not() {
        let text = "# ours\n192.0.2.0/24 nl\n192.0.2.128/25  hidden # a VPN\n2001:db8::/32 DE\n\n0.0.0.0/0 US\n";
        let table = PlaceTable::parse(text).unwrap();
        let country = |text: &str| table.place(ip(text)).unwrap().country.map(|country| country.to_string());
        assert_eq!(country("192.0.2.1").as_deref(), Some("NL"));
        assert!(table.place(ip("192.0.2.200")).unwrap().is_hidden);
        assert_eq!(country("2001:db8::1").as_deref(), Some("DE"));
        assert_eq!(country("::ffff:192.0.2.1").as_deref(), Some("NL"), "a mapped address is the same one");
        assert_eq!(country("203.0.113.1").as_deref(), Some("US"));
        assert_eq!(table.place(ip("2001:db9::1")), None);
    }

    #[test]
    fn wrong_lines_are_named() {
        for text in ["x NL", "192.0.2.0 NL", "192.0.2.0/33 NL", "::/129 NL", "192.0.2.0/24", "192.0.2.0/24 Holland"] {
            let (line, _) = PlaceTable::parse(&format!("192.0.2.0/24 NL\n{text}")).unwrap_err();
            assert_eq!(line, 2, "{text}");
        }
    }
}
