//! What was opened lately, newest first; one small private file.

use crate::storage;
use serde::{Deserialize, Serialize};
use std::path::Path;
use url::Url;

/// Kept; more than a page of them nobody reads.
const ENTRIES: usize = 20;
/// Longest address kept, in bytes.
const MAX_ADDRESS: usize = 4096;

/// The list. Addresses are kept as they were opened, because without its query a signed address leads nowhere; those
/// with a user's name or password in them are not kept at all.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Recents {
    version: u32,
    addresses: Vec<Url>,
}

impl std::fmt::Debug for Recents {
    /// Queries may be permissions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recents({})", self.addresses.len())
    }
}

impl Recents {
    /// Reads the file; an unreadable one is an empty list.
    pub(crate) fn load(path: &Path) -> Self {
        let read = storage::read(path).ok().flatten();
        let mut kept: Self = read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        kept.addresses.retain(is_kept);
        kept.addresses.truncate(ENTRIES);
        kept
    }

    /// Writes the file. Blocks on the disk.
    ///
    /// # Errors
    /// As the file system reports.
    pub(crate) fn save(&self, path: &Path) -> std::io::Result<()> {
        let bytes = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        storage::write_atomically(path, &bytes)
    }

    /// Newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Url> {
        self.addresses.iter()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Url> {
        self.addresses.get(index)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Something was opened. Returns whether the list is another one now.
    pub(crate) fn add(&mut self, url: &Url) -> bool {
        if !is_kept(url) || self.addresses.first() == Some(url) {
            return false;
        }
        self.version = 1;
        self.addresses.retain(|known| known != url);
        self.addresses.insert(0, url.clone());
        self.addresses.truncate(ENTRIES);
        true
    }

    pub(crate) fn clear(&mut self) {
        self.addresses.clear();
    }
}

fn is_kept(url: &Url) -> bool {
    let open = url.username().is_empty() && url.password().is_none();
    open && url.as_str().len() <= MAX_ADDRESS && matches!(url.scheme(), "http" | "https" | "file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn newest_is_first_once_and_the_list_ends() {
        let mut recents = Recents::default();
        for number in 0..ENTRIES + 5 {
            assert!(recents.add(&url(&format!("https://example.com/{number}.mpd"))));
        }
        assert!(recents.add(&url("https://example.com/10.mpd")));
        assert!(!recents.add(&url("https://example.com/10.mpd")), "it is the newest already");
        assert_eq!(recents.iter().count(), ENTRIES);
        assert_eq!(recents.get(0), Some(&url("https://example.com/10.mpd")));
        assert_eq!(recents.iter().filter(|kept| kept.path() == "/10.mpd").count(), 1);
    }

    #[test]
    fn passwords_are_not_kept_and_nothing_is_printed() {
        let mut recents = Recents::default();
        assert!(!recents.add(&url("https://mia:secret@example.com/a.mpd")));
        assert!(!recents.add(&url("data:,x")));
        recents.add(&url("https://example.com/a.mpd?token=secret"));
        assert!(!format!("{recents:?}").contains("secret"));
    }

    #[test]
    fn the_list_survives_a_restart_and_a_damaged_file_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recent.json");
        assert!(Recents::load(&path).is_empty());
        let mut recents = Recents::default();
        recents.add(&url("file:///films/a.mp4"));
        recents.save(&path).unwrap();
        assert_eq!(Recents::load(&path), recents);
        let many = serde_json::json!({"addresses": vec!["https://a.test/x"; 900]}).to_string();
        let odd = r#"{"addresses":["ftp://a.test/x","https://u:p@a.test/"]}"#;
        for (content, expected) in [("", 0), ("{", 0), (odd, 0), (&many, ENTRIES)] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(Recents::load(&path).iter().count(), expected);
        }
    }
}
