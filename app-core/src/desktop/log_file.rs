//! The log as a file: bounded, private, and without secrets even where one slipped into a message.

use std::{
    borrow::Cow,
    collections::VecDeque,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use tracing_subscriber::fmt::MakeWriter;

/// A file is put aside at this size: an evening of ordinary use has some hundred kilobytes.
const MAX_FILE: u64 = 1 << 20;
/// Files kept besides the one that is written.
const KEPT: u32 = 3;
/// Lines kept in memory, for the report of a crash and for those who have no other way to read them.
const TAIL: usize = 60;
/// Characters of a line that are shown.
const SHOWN: usize = 300;
/// Longest line kept, in bytes.
const MAX_LINE: usize = 4096;

/// The log of this process, once there is one.
static THE_LOG: OnceLock<LogFile> = OnceLock::new();

/// The newest lines of this process, oldest first, at most `count`; the end of a long one is left out.
pub(crate) fn last(count: usize) -> Vec<String> {
    let Some(log) = THE_LOG.get() else { return Vec::new() };
    let inner = log.lock();
    let lines = inner.tail.iter().skip(inner.tail.len().saturating_sub(count));
    lines.map(|line| line.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect()).collect()
}

/// Where log lines go. Clones write to the same file.
#[derive(Clone, Debug)]
pub(crate) struct LogFile {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// `None` where no file can be written: then the tail is all there is.
    file: Option<File>,
    written: u64,
    tail: VecDeque<String>,
}

impl LogFile {
    /// Goes on writing at `path`. Without a folder that can be written it keeps the last lines in memory.
    pub(crate) fn open(path: PathBuf) -> Self {
        let file = open(&path).ok();
        let written = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |found| found.len());
        Self { inner: Arc::new(Mutex::new(Inner { path, file, written, tail: VecDeque::new() })) }
    }

    /// From now on it is what [`last`] reads; the first one stays.
    pub(crate) fn become_the_log(&self) {
        if THE_LOG.set(self.clone()).is_err() {
            tracing::debug!("there is a log already");
        }
    }

    /// The last lines. `None` while somebody is writing, which a dying thread must not wait for.
    pub(crate) fn tail(&self) -> Option<Vec<String>> {
        let inner = self.inner.try_lock().ok()?;
        Some(inner.tail.iter().cloned().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// `lumen.log.2` and so on; the higher the older.
fn aside(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

impl Inner {
    fn rotate(&mut self) {
        self.file = None;
        for number in (1..KEPT).rev() {
            // Fewer files than that are there at first.
            let _ = fs::rename(aside(&self.path, number), aside(&self.path, number + 1));
        }
        let _ = fs::rename(&self.path, aside(&self.path, 1));
        self.file = open(&self.path).ok();
        self.written = 0;
    }

    fn write(&mut self, line: &str) {
        if self.written + line.len() as u64 > MAX_FILE && self.written > 0 {
            self.rotate();
        }
        if let Some(file) = &mut self.file {
            // A full disk is no reason to stop.
            let _ = file.write_all(line.as_bytes());
            self.written += line.len() as u64;
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line.trim_end().to_owned());
    }
}

/// Takes one event at a time, as the subscriber formats it.
#[derive(Debug)]
pub(crate) struct LineWriter(LogFile);

impl Write for LineWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut end = text.len().min(MAX_LINE);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut line = redacted(&text[..end]).into_owned();
        if !line.ends_with('\n') {
            line.push('\n');
        }
        self.0.lock().write(&line);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter(self.clone())
    }
}

/// Words behind which a secret stands, after `=`, `:` or a space.
const SECRETS: [&str; 8] =
    ["bearer", "password", "secret", "token", "authorization", "access_token", "refresh_token", "code_verifier"];
const HIDDEN: &str = "…";

/// The text without what looks like a secret: users and queries of addresses, what stands behind words such as `token`,
/// and signed tokens wherever they stand. Messages should have none; this is for the day when one has.
pub(crate) fn redacted(text: &str) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    let is_suspect = text.contains("://") || text.contains("eyJ") || SECRETS.iter().any(|word| lower.contains(word));
    if !is_suspect {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut hides_next = false;
    for piece in
        text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | ';' | '(' | ')' | '{' | '}'))
    {
        let word =
            piece.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | ';' | '(' | ')' | '{' | '}'));
        let end = &piece[word.len()..];
        let named = names_a_secret(word);
        if word.is_empty() {
            out.push_str(piece);
            continue;
        }
        match named {
            // `token=abc`: the value is in the same word.
            Some((name, value)) if !value.is_empty() => {
                out.push_str(name);
                out.push_str(HIDDEN);
                hides_next = value.eq_ignore_ascii_case("bearer") || value.eq_ignore_ascii_case("basic");
            }
            // `token: abc` or `Bearer abc`: it is in the next one.
            Some((name, _)) => {
                out.push_str(name);
                hides_next = true;
            }
            None if hides_next && word.chars().any(char::is_alphanumeric) => {
                hides_next = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
                out.push_str(HIDDEN);
            }
            None => out.push_str(&without_address_secrets(word)),
        }
        out.push_str(end);
    }
    Cow::Owned(out)
}

/// Splits `name=value`, `name:value` and a lone `name` or `name:`, if the name is one of [`SECRETS`].
fn names_a_secret(word: &str) -> Option<(&str, &str)> {
    let at = word.find(['=', ':']).map_or(word.len(), |at| at + 1);
    let (name, value) = word.split_at(at);
    let bare = name.trim_end_matches(['=', ':']).trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_secret = SECRETS.iter().any(|secret| bare.eq_ignore_ascii_case(secret));
    // A lone word in a sentence is only suspicious where something must follow.
    let follows = name.len() != bare.len() || bare.eq_ignore_ascii_case("bearer");
    (is_secret && follows).then_some((name, value))
}

fn without_address_secrets(word: &str) -> Cow<'_, str> {
    if let Some(at) = word.find("eyJ")
        && word[at..].len() > 20
    {
        return Cow::Owned(format!("{}{HIDDEN}", &word[..at]));
    }
    let Some(scheme) = word.find("://") else { return Cow::Borrowed(word) };
    let rest = &word[scheme + 3..];
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    let user = if host > 0 { "…@" } else { "" };
    let tail = &rest[host..];
    let (path, query) = tail.find(['?', '#']).map_or((tail, ""), |at| (&tail[..at], "?…"));
    Cow::Owned(format!("{}{user}{path}{query}", &word[..scheme + 3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_sentences_are_not() {
        for (text, expected) in [
            ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
            ("sent Bearer abc", "sent Bearer …"),
            ("token=abc next", "token=… next"),
            ("access_token=\"abc\" x", "access_token=\"…\" x"),
            ("password: hunter2.", "password: …"),
            ("the password was wrong", "the password was wrong"),
            ("url=https://mia:pw@media.test/a/b.mpd?sig=1#t", "url=https://…@media.test/a/b.mpd?…"),
            ("GET http://127.0.0.1:8011/a.m3u8", "GET http://127.0.0.1:8011/a.m3u8"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig end", "jwt … end"),
            ("nothing to hide", "nothing to hide"),
        ] {
            assert_eq!(redacted(text), expected);
        }
    }

    #[test]
    fn files_are_bounded_private_and_the_last_lines_are_at_hand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/lumen.log");
        let log = LogFile::open(path.clone());
        let line = format!("{}\n", "x".repeat(4000));
        for _ in 0..1500 {
            log.make_writer().write_all(line.as_bytes()).unwrap();
        }
        log.make_writer().write_all(b"token=abc").unwrap();
        let mut names: Vec<_> =
            fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["lumen.log", "lumen.log.1", "lumen.log.2", "lumen.log.3"]);
        for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
            let found = entry.unwrap().metadata().unwrap();
            assert!(found.len() <= MAX_FILE);
            #[cfg(unix)]
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777, 0o600);
        }
        let tail = log.tail().unwrap();
        assert_eq!((tail.len(), tail.last().unwrap().as_str()), (TAIL, "token=…"));
        // The next start goes on where this one ended.
        LogFile::open(path.clone()).make_writer().write_all(b"again").unwrap();
        assert!(fs::read_to_string(path).unwrap().ends_with("token=…\nagain\n"));
    }

    #[test]
    fn the_newest_lines_are_shown_without_secrets_and_with_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::open(folder.path().join("lumen.log"));
        log.become_the_log();
        for number in 0..2 * TAIL {
            let line = format!("line\t{number} of token=abc {}\n", "x".repeat(10 * SHOWN));
            log.make_writer().write_all(line.as_bytes()).unwrap();
        }
        let lines = last(3);
        assert_eq!(lines.len(), 3);
        assert!(lines[2].starts_with(&format!("line{} of token=… x", 2 * TAIL - 1)), "{}", lines[2]);
        assert!(lines.iter().all(|line| line.chars().count() == SHOWN));
        assert_eq!(last(usize::MAX).len(), TAIL);
    }

    #[test]
    fn without_a_folder_the_last_lines_are_kept_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let log = LogFile::open(file.join("lumen.log"));
        log.make_writer().write_all("é".repeat(MAX_LINE).as_bytes()).unwrap();
        assert_eq!(log.tail().unwrap()[0].len(), MAX_LINE);
    }
}
