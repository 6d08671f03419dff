//! What a viewer names: the address of a stream, a file of this machine, or a title of the catalog.

use crate::language::tr;
use service_api::TitleId;
use std::{path::Path, time::Duration};
use url::Url;

/// Longest text that is read, in bytes; signed addresses have some two thousand.
const MAX_TEXT: usize = 8192;
/// Longest identity of a title in a link, in bytes.
const MAX_ID: usize = 128;
/// Latest start in a link, in seconds: eleven days.
const MAX_START_S: f64 = 1e6;
/// Of links to titles: `lumen://title/ID?t=SECONDS`.
const SCHEME: &str = "lumen";

/// Something that can be opened. As text it is an address again.
#[derive(Clone, Debug, PartialEq)]
pub enum Address {
    /// A playlist, an MPD or a media file; by `http`, `https` or `file`.
    Stream(Url),
    /// A title of the catalog, from a time on.
    Title {
        /// Its identity at the service.
        id: TitleId,
        /// `None` to go on where it was left.
        at: Option<Duration>,
    },
}

impl Address {
    /// Reads what was typed: a complete address, a link to a title, or a path, also from `~` and from where the program
    /// was started. Looks whether a file is there.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(tr!("address-enter").to_owned());
        }
        if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
            return Err(tr!("address-too-long").to_owned());
        }
        if text == "-" {
            return Err(tr!("address-standard-input").to_owned());
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => match url.has_host() {
                true => Ok(Self::Stream(url)),
                false => Err(tr!("address-no-server").to_owned()),
            },
            Ok(url) if url.scheme() == SCHEME => link(&url),
            Ok(url) if url.scheme() == "file" => match url.to_file_path() {
                Ok(path) => file(&path),
                Err(()) => Err(tr!("address-other-machine").to_owned()),
            },
            // `C:\film.mp4` reads like an address, and so does `Part 1: the film.mp4`.
            Ok(_) if !Path::new(text).exists() => Err(tr!("address-kinds").to_owned()),
            _ => path(text),
        }
    }

    /// The same for what was pasted where no address was asked for: only what is plainly one, in one line.
    pub fn pasted(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = ["http://", "https://", "file://", "lumen://"].iter().any(|scheme| starts_with(text, scheme))
            || Path::new(text).is_absolute();
        plain.then(|| Self::parse(text).ok()).flatten()
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream(url) => f.write_str(url.as_str()),
            Self::Title { id, at: None } => write!(f, "{SCHEME}://title/{id}"),
            Self::Title { id, at: Some(at) } => write!(f, "{SCHEME}://title/{id}?t={}", at.as_secs_f64()),
        }
    }
}

/// What a stream is called where its title is not known: the file's name, and the server or the folder.
pub(crate) fn name_of(url: &Url) -> (String, String) {
    if let (true, Ok(path)) = (url.scheme() == "file", url.to_file_path()) {
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        return (part(path.file_name()), part(path.parent().and_then(Path::file_name)));
    }
    let last =
        url.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty())).unwrap_or(tr!("address-stream"));
    (last.to_owned(), url.host_str().unwrap_or_default().to_owned())
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn path(text: &str) -> Result<Address, String> {
    let home = || directories::BaseDirs::new().map(|folders| folders.home_dir().to_path_buf());
    let expanded = text.strip_prefix("~/").and_then(|rest| Some(home()?.join(rest)));
    let path = expanded.unwrap_or_else(|| text.into());
    if !path.exists() && !text.starts_with(['/', '.', '~', '\\']) {
        return Err(tr!("address-no-such-name").to_owned());
    }
    file(&path)
}

fn file(path: &Path) -> Result<Address, String> {
    let found = path.metadata().map_err(|_| tr!("address-no-file").to_owned())?;
    if found.is_dir() {
        return Err(tr!("address-folder").to_owned());
    }
    if !found.is_file() {
        return Err(tr!("address-only-files").to_owned());
    }
    let whole = std::path::absolute(path).ok().and_then(|path| Url::from_file_path(path).ok());
    whole.map(Address::Stream).ok_or_else(|| tr!("address-bad-path").to_owned())
}

/// Reads `lumen://title/ID?t=SECONDS`. Other parameters are left for other versions.
fn link(url: &Url) -> Result<Address, String> {
    let wrong = || tr!("address-bad-link").to_owned();
    let mut parts = url.path().trim_matches('/').split('/');
    let (Some("title"), Some(id), None) = (url.host_str(), parts.next(), parts.next()) else { return Err(wrong()) };
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !(1..=MAX_ID).contains(&id.len()) || !id.bytes().all(sane) {
        return Err(wrong());
    }
    let start = url.query_pairs().find(|(name, _)| name == "t").map(|(_, value)| value.into_owned());
    let at = match start {
        None => None,
        Some(text) => {
            let seconds: f64 = text.trim_end_matches('s').parse().map_err(|_| wrong())?;
            let sane = (0.0..=MAX_START_S).contains(&seconds);
            Some(Duration::try_from_secs_f64(seconds).ok().filter(|_| sane).ok_or_else(wrong)?)
        }
    };
    Ok(Address::Title { id: TitleId::from(id), at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_files_and_links_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let film = folder.path().join("my film: part 1.mp4");
        std::fs::write(&film, b"x").unwrap();
        let as_url = Url::from_file_path(&film).unwrap();
        assert_eq!(Address::parse(film.to_str().unwrap()), Ok(Address::Stream(as_url.clone())));
        assert_eq!(Address::parse(as_url.as_str()), Ok(Address::Stream(as_url.clone())));
        assert_eq!(Address::pasted(&format!(" {}\n", film.display())), Some(Address::Stream(as_url.clone())));
        assert_eq!(name_of(&as_url).0, "my film: part 1.mp4");
        // As the tests are started in the folder of their crate.
        assert!(
            matches!(Address::parse("Cargo.toml"), Ok(Address::Stream(url)) if url.path().ends_with("/Cargo.toml"))
        );
        assert!(matches!(Address::parse("https://example.com/a.m3u8?x=1"), Ok(Address::Stream(_))));
        let title = |t: Option<f64>| Address::Title { id: "the-long-tide".into(), at: t.map(Duration::from_secs_f64) };
        assert_eq!(Address::parse("lumen://title/the-long-tide"), Ok(title(None)));
        assert_eq!(Address::parse("LUMEN://title/the-long-tide/?t=90.5s&x"), Ok(title(Some(90.5))));
    }

    #[test]
    fn what_cannot_be_opened_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let long = "https://example.com/".to_owned() + &"a".repeat(MAX_TEXT);
        for (wrong, word) in [
            ("", "Enter"),
            ("-", "Standard input"),
            ("example.com/a.m3u8", "begins with https://"),
            ("/no/such/file.mp4", "no such file"),
            (folder.path().to_str().unwrap(), "folder"),
            ("/dev/null", "Only files"),
            ("ftp://example.com/a", "Only http"),
            ("javascript:alert(1)", "Only http"),
            ("file://server/share/a.mp4", "file"),
            ("https://", "begins with"),
            ("https://example.com/\u{7}", "strange"),
            (&long, "too long"),
            ("lumen://title/", "link"),
            ("lumen://title/a/b", "link"),
            ("lumen://title/a%2Fb", "link"),
            ("lumen://sign-out/all", "link"),
            ("lumen://title/a?t=-1", "link"),
            ("lumen://title/a?t=1e300", "link"),
            ("lumen://title/a?t=NaN", "link"),
        ] {
            let said = Address::parse(wrong).unwrap_err();
            assert!(said.contains(word), "{wrong}: {said}");
        }
    }

    #[test]
    fn pasted_text_is_only_opened_if_it_is_plainly_an_address() {
        assert!(Address::pasted("HTTPS://example.com/a.mpd").is_some());
        for text in
            ["", "Cargo.toml", "look at https://example.com/a.mpd", "example.com", "https://a.com/1\nhttps://b.com/2"]
        {
            assert_eq!(Address::pasted(text), None, "{text}");
        }
    }

    #[test]
    fn as_text_it_is_the_same_address() {
        for text in ["https://example.com/a.m3u8?x=1", "lumen://title/paper-lions?t=12.5", "lumen://title/paper-lions"]
        {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
    }
}
