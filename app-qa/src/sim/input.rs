//! Files that were written by others: read with limits, refused with their name and line.

use crate::exit::Exit;
use abr::engine::{ModelError, ModelFiles, Models};
use abr::sim::{Content, ContentError, NetworkTrace, TraceError};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Why what was given cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    #[error("cannot read {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("{} is larger than {} MiB", path.display(), MAX_BYTES >> 20)]
    TooLarge { path: PathBuf },
    #[error("{}: line {line} is not text", path.display())]
    NotText { path: PathBuf, line: usize },
    #[error("{}: {cause}", path.display())]
    Trace { path: PathBuf, cause: TraceError },
    #[error("{}: {cause}", path.display())]
    Ladder { path: PathBuf, cause: ContentError },
    #[error("{}: line {line}: write `source recording kind`", path.display())]
    StressList { path: PathBuf, line: usize },
    #[error("there are no recordings in {}: it should hold one folder per source, with one file per recording", path.display())]
    NoRecordings { path: PathBuf },
    #[error("there is no recording {0} in what --traces names")]
    UnknownRecording(String),
    #[error("the optimum is that of a viewer who watches everything: leave out `offline`, or --viewers")]
    NoOptimum,
    #[error("{}: {cause}", path.display())]
    Models { path: PathBuf, cause: ModelError },
    #[error("no folder of ladders beside {}: say where they are with --ladder", path.display())]
    NoLadders { path: PathBuf },
}

impl InputError {
    /// What is not there may be elsewhere on this machine; what is wrong is wrong everywhere.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unreadable { .. } | Self::NoLadders { .. } => Exit::Environment,
            _ => Exit::Usage,
        }
    }
}

/// Several times the longest recording that [`NetworkTrace`] takes.
const MAX_BYTES: u64 = 64 << 20;

fn read_bytes(path: &Path) -> Result<Vec<u8>, InputError> {
    let unreadable = |cause| InputError::Unreadable { path: path.to_owned(), cause };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(InputError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// The networks in a folder.
pub fn read_models(folder: &Path) -> Result<Models, InputError> {
    let files = ModelFiles::read(|name| read_bytes(&folder.join(name)))?;
    Models::new(&files).map_err(|cause| InputError::Models { path: folder.to_owned(), cause })
}

/// The text of a file.
pub fn read_text(path: &Path) -> Result<String, InputError> {
    String::from_utf8(read_bytes(path)?).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        InputError::NotText { path: path.to_owned(), line }
    })
}

/// A recording, in any format of [`abr::sim::formats`].
pub fn read_trace(path: &Path) -> Result<NetworkTrace, InputError> {
    NetworkTrace::read(&read_text(path)?).map_err(|cause| InputError::Trace { path: path.to_owned(), cause })
}

/// A ladder with the sizes of its segments.
pub fn read_content(path: &Path) -> Result<Content, InputError> {
    Content::parse(&read_text(path)?).map_err(|cause| InputError::Ladder { path: path.to_owned(), cause })
}

/// What lies in a folder, by name.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let unreadable = |cause| InputError::Unreadable { path: folder.to_owned(), cause };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        found.push(entry.map_err(unreadable)?.path());
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn the_file_and_the_line_at_fault_are_named() {
        for (bytes, expected) in [
            (&b""[..], "the recording is empty"),
            (b"1000 100 20\n1000 NaN 20\n", "line 2: no bandwidth in kbit/s"),
            (b"1000 100 20\n1000 \xff\xfe 20\n", "line 2 is not text"),
        ] {
            let file = file(bytes);
            let error = read_trace(file.path()).unwrap_err();
            assert_eq!(error.to_string(), format!("{}: {expected}", file.path().display()));
            assert_eq!(error.exit(), Exit::Usage);
        }
    }

    #[test]
    fn a_line_without_end_is_a_line_like_any_other() {
        let mut bytes = vec![b'7'; 4 << 20];
        assert!(read_trace(file(&bytes).path()).is_err());
        bytes[..14].copy_from_slice(b"1000 100 20 # ");
        assert!(read_trace(file(&bytes).path()).is_ok());
    }

    #[test]
    fn a_missing_file_is_the_machine_s_fault() {
        let error = read_content(Path::new("/nonexistent/ladder.txt")).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.exit()),
            ("cannot read /nonexistent/ladder.txt", Exit::Environment)
        );
    }
}
