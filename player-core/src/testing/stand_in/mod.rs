//! A content decryption module for tests: a library with the OpenCDM interface, compiled when it is needed.
//!
//! `standin.c` says how initialisation data and licences steer it. It writes down what is made and ended.

pub mod film;

use crate::drm::{CdmOptions, ContentKey, KeyId, SystemId, pssh};
use bytes::Bytes;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The one key system that it has.
pub const KEY_SYSTEM: &str = "org.lumen.standin";
/// The system of its `pssh` boxes.
pub const SYSTEM: [u8; 16] = *b"lumen stand-in 1";

/// A compiled stand-in.
#[derive(Debug)]
pub struct StandIn {
    pub library: PathBuf,
    log: PathBuf,
}

impl StandIn {
    /// Compiles it into `folder` as `name`, with these macros defined: `PLAIN` for the older form of decryption,
    /// `LACKS_UPDATE` for a library without a function. The linker that Rust needs comes with the compiler.
    ///
    /// # Panics
    /// There is no C compiler, or it finds fault.
    pub fn build(folder: &Path, name: &str, macros: &[&str]) -> Self {
        let (source, library, log) = (folder.join("standin.c"), folder.join(name), folder.join(format!("{name}.log")));
        std::fs::write(&source, include_str!("standin.c")).expect("the folder can be written to");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let status = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-pthread", "-o"])
            .args([&library, &source])
            .arg(format!("-DSTANDIN_LOG=\"{}\"", log.display()))
            .args(macros.iter().map(|name| format!("-D{name}")))
            .status();
        assert!(status.expect("there is a C compiler").success(), "the stand-in compiles");
        Self { library, log }
    }

    /// Options with which it is loaded and its key system found.
    pub fn options(&self) -> CdmOptions {
        let systems = vec![(KEY_SYSTEM.to_owned(), SystemId::Uuid(SYSTEM))];
        let (library, patience) = (Some(self.library.clone()), Duration::from_secs(5));
        CdmOptions { library, systems, patience, plain_decrypt: false }
    }

    /// What was made (`+`) and ended (`-`) so far, in order.
    pub fn log(&self) -> Vec<String> {
        std::fs::read_to_string(&self.log).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Are all sessions and systems ended that were made, in the right order?
    pub fn is_at_rest(&self) -> bool {
        let log = self.log();
        let count = |what: &str| log.iter().filter(|line| *line == what).count();
        count("+session") == count("-session")
            && count("+session") == count("close")
            && count("+system") == count("-system")
            && count("-system before its session") == 0
    }
}

/// Its initialisation data.
///
/// # Panics
/// Data beyond 65,503 bytes.
pub fn init_data(data: &str) -> Bytes {
    pssh::wrap(SYSTEM, data.as_bytes()).expect("test data are short")
}

/// Its licence for these keys, all of one status, and further lines.
pub fn licence(keys: &[(KeyId, ContentKey)], status: u32, more: &str) -> Vec<u8> {
    let mut text = String::from("standin-licence\n");
    for (id, key) in keys {
        let key: String = key.0.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let _ = writeln!(text, "key {id} {key} {status}");
    }
    (text + more).into_bytes()
}
