//! Reports of crashes: written where it happens, shown at the next start, and never sent by themselves.

use super::log_file::{LogFile, redacted};
use crate::storage;
use std::{
    backtrace::Backtrace,
    fs,
    panic::PanicHookInfo,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Reports kept; the oldest go first.
const KEPT: usize = 5;
/// Longest report, in bytes.
const MAX_REPORT: usize = 64 << 10;
const NEW: &str = "txt";
const SEEN: &str = "seen";

/// A report as it would be shown to somebody who can help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrashReport {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Writes a report into `folder` whenever a thread panics, before whatever is done about it now.
pub(crate) fn install(folder: PathBuf, log: LogFile) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        static IS_WRITING: AtomicBool = AtomicBool::new(false);
        // A panic while this is written must not write another report about that.
        if !IS_WRITING.swap(true, Ordering::AcqRel) {
            let text = describe(info, log.tail().unwrap_or_default());
            let kept = keep(&folder, &text, since_1970_ms());
            if let Err(error) = kept {
                tracing::error!(%error, "the report of the crash was not kept");
            }
            IS_WRITING.store(false, Ordering::Release);
        }
        before(info);
    }));
}

fn describe(info: &PanicHookInfo<'_>, log: Vec<String>) -> String {
    let what = info.payload_as_str().unwrap_or("(no words)");
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    report(what, (&place, &thread), &Backtrace::force_capture().to_string(), &log)
}

fn report(what: &str, (place, thread): (&str, &str), backtrace: &str, log: &[String]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    let text = format!(
        "Lumen {version} on {system} {machine}\n\n{what}\nat {place}, on the thread {thread}\n\n\
         Last log lines:\n{}\n\nBacktrace:\n{backtrace}\n",
        log.join("\n")
    );
    // Paths of a home folder have a name in them.
    let home = directories::BaseDirs::new().map(|folders| folders.home_dir().display().to_string());
    let text = home.filter(|home| home.len() > 1).map_or_else(|| text.clone(), |home| text.replace(&home, "~"));
    let mut end = text.len().min(MAX_REPORT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    redacted(&text[..end]).into_owned()
}

fn since_1970_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

fn keep(folder: &Path, text: &str, now_ms: u128) -> std::io::Result<()> {
    let name = format!("crash-{now_ms:015}-{}.{NEW}", std::process::id());
    storage::write_atomically(&folder.join(name), text.as_bytes())?;
    let all = reports(folder);
    for old in all.iter().take(all.len().saturating_sub(KEPT)) {
        fs::remove_file(old)?;
    }
    Ok(())
}

/// Oldest first.
fn reports(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("crash-") && [NEW, SEEN].iter().any(|ending| name.ends_with(&format!(".{ending}")))
    };
    let mut found: Vec<PathBuf> = entries.filter(is_ours).collect();
    found.sort();
    found
}

/// The newest report that was not shown yet.
pub(crate) fn unseen(folder: &Path) -> Option<CrashReport> {
    let newest = reports(folder).into_iter().rev().find(|path| path.extension().is_some_and(|end| end == NEW))?;
    let bytes = storage::read(&newest).ok().flatten()?;
    let text: String = String::from_utf8_lossy(&bytes).chars().take(MAX_REPORT).collect();
    Some(CrashReport { path: newest, text })
}

/// It was shown: it stays as a file and is not shown again, and neither are older ones.
pub(crate) fn mark_seen(folder: &Path) {
    for path in reports(folder).iter().filter(|path| path.extension().is_some_and(|end| end == NEW)) {
        if let Err(error) = fs::rename(path, path.with_extension(SEEN)) {
            tracing::warn!(%error, "the report of a crash will be shown again");
        }
    }
}

/// Deletes all reports.
pub(crate) fn delete_all(folder: &Path) {
    for path in reports(folder) {
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(%error, "a report of a crash is still there");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_is_needed_and_no_secret() {
        let home = directories::BaseDirs::new().unwrap().home_dir().display().to_string();
        let log = vec!["WARN token=abc".to_owned(), format!("reading {home}/film.mp4")];
        let text = report("index 4 of 3 token: xyz", ("src/a.rs:1:2", "pipeline"), "0: main", &log);
        for part in ["Lumen", "index 4 of 3", "src/a.rs:1:2", "pipeline", "0: main", "token=…"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        for secret in ["abc", "xyz"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(home.len() < 2 || !text.contains(&home));
        assert!(report(&"é".repeat(MAX_REPORT), ("", ""), "", &[]).len() <= MAX_REPORT);
    }

    #[test]
    fn reports_are_shown_once_and_few_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(unseen(folder.path()), None);
        fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
        for number in 0..KEPT as u128 + 3 {
            keep(folder.path(), &format!("report {number}"), 1_700_000_000_000 + number).unwrap();
        }
        assert_eq!(reports(folder.path()).len(), KEPT);
        let newest = unseen(folder.path()).unwrap();
        assert_eq!(newest.text, format!("report {}", KEPT + 2));
        mark_seen(folder.path());
        assert_eq!(unseen(folder.path()), None);
        assert_eq!(reports(folder.path()).len(), KEPT, "they are kept");
        delete_all(folder.path());
        assert_eq!(reports(folder.path()).len(), 0);
        assert!(folder.path().join("notes.txt").exists());
    }

    #[test]
    fn a_panic_of_any_thread_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::open(folder.path().join("lumen.log"));
        install(folder.path().join("crashes"), log);
        let thread = std::thread::Builder::new().name("doomed".into());
        let ended = thread.spawn(|| panic!("on purpose, for the report")).unwrap().join();
        assert!(ended.is_err());
        // Back to what it was: other tests may want to fail in the usual way.
        drop(std::panic::take_hook());
        let reports = reports(&folder.path().join("crashes"));
        let texts: Vec<String> = reports.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        assert!(texts.iter().any(|text| text.contains("on purpose, for the report") && text.contains("doomed")));
    }
}
