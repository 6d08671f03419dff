//! Names that arrive from outside and become paths.

use rustix::{
    fs::{Mode, OFlags, ResolveFlags},
    io::Errno,
};
use std::{
    fs::File,
    io,
    path::{Component, Path, PathBuf},
};

/// Longest relative path that is looked at, in bytes.
const MAX_LENGTH: usize = 200;

/// The existing regular file `relative` below `folder`, or nothing.
///
/// Nothing is also the answer to absolute names, `..`, unusual characters and anything that a symbolic link leads out
/// of `folder`: the check is made on the name first and on the resolved path after.
pub(crate) fn file_below(folder: &Path, relative: &str) -> Option<PathBuf> {
    if !is_plain(relative) {
        return None;
    }
    let root = folder.canonicalize().ok()?;
    let file = root.join(relative).canonicalize().ok()?;
    (file.starts_with(&root) && file.is_file()).then_some(file)
}

/// Is it a relative path of usual characters without `..`?
fn is_plain(relative: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    !relative.is_empty()
        && relative.len() <= MAX_LENGTH
        && relative.chars().all(plain)
        && Path::new(relative).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Opens the regular file `relative` below `folder`, or nothing. The kernel sees to it that no link leads out, however
/// the folder changes meanwhile; where it is too old for that, [`file_below`] has to do.
pub(crate) fn open_below(folder: &Path, relative: &str) -> io::Result<Option<File>> {
    if !is_plain(relative) {
        return Ok(None);
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opened = rustix::fs::open(folder, flags | OFlags::DIRECTORY, Mode::empty()).and_then(|root| {
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(root, relative, flags, Mode::empty(), within)
    });
    let file = match opened {
        Ok(file) => File::from(file),
        Err(Errno::NOSYS) => match file_below(folder, relative) {
            Some(path) => File::open(path)?,
            None => return Ok(None),
        },
        // No such file, or one that lies outside.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::XDEV | Errno::LOOP | Errno::ISDIR) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

/// May `id` be the name of a folder?
pub(crate) fn is_slug(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_only_plain_files_inside() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("title");
        std::fs::create_dir_all(root.join("video/720p")).unwrap();
        std::fs::write(root.join("video/720p/seg-00001.m4s"), b"x").unwrap();
        std::fs::write(outer.path().join("secret"), b"x").unwrap();
        assert!(file_below(&root, "video/720p/seg-00001.m4s").is_some());
        let refused = [
            "",
            ".",
            "..",
            "../secret",
            "video/../../secret",
            "/etc/passwd",
            "video",
            "video/720p/none",
            "video\\..\\secret",
            "video/%2e%2e/secret",
            "a\0b",
            "./video/720p/seg-00001.m4s/..",
        ];
        for name in refused {
            assert!(file_below(&root, name).is_none(), "{name:?}");
            assert!(open_below(&root, name).unwrap().is_none(), "{name:?}");
        }
        assert!(file_below(&root, &"a/".repeat(200)).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn follows_no_link_out_of_the_folder() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("title");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(outer.path().join("secret"), b"x").unwrap();
        std::os::unix::fs::symlink("../secret", root.join("link.m4s")).unwrap();
        std::os::unix::fs::symlink(outer.path(), root.join("folder")).unwrap();
        assert!(file_below(&root, "link.m4s").is_none());
        assert!(file_below(&root, "folder/secret").is_none());
        assert!(
            open_below(&root, "link.m4s").unwrap().is_none() && open_below(&root, "folder/secret").unwrap().is_none()
        );
        std::fs::write(root.join("file.m4s"), b"x").unwrap();
        assert!(open_below(&root, "file.m4s").unwrap().is_some());
    }

    #[test]
    fn slugs_are_lower_case_words() {
        assert!(is_slug("the-long-tide") && is_slug("qa-counter-clear"));
        assert!(!is_slug("") && !is_slug("..") && !is_slug("A") && !is_slug("a/b") && !is_slug("a.b"));
    }
}
