//! Vendors' content decryption modules through OpenCDM (`libocdm.so`, the interface of the RDK and of Thunder).
//!
//! [`systems`] loads a library and asks which of the key systems that we know it has; each becomes a [`KeySystem`].
//! `session.rs` is one conversation, on a thread of its own (`worker.rs`); `ffi.rs` is the C interface and the only place
//! with `unsafe`. Decrypted samples come back to this process; modules that decrypt into memory that only a decoder can
//! read are not for this adapter.

mod ffi;
mod session;
#[cfg(test)]
mod tests;
mod worker;

use super::{
    CdmOptions, DrmError, KeySystem, KeySystemCapabilities, KeySystemId, LicenseSession, ProtectionInit, SecurityLevel,
    SystemId,
};
use session::OpenCdmSession;
use std::ffi::{CString, OsStr};
use std::sync::Arc;
use std::time::Duration;

/// Where the system's linker looks by itself.
const LIBRARY: &str = "libocdm.so";

/// Why an OpenCDM library is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenCdmAbsent {
    #[error("{library}: {why}")]
    NotLoaded { library: String, why: String },
    #[error("{library} has none of the key systems that are known here")]
    NoSystem { library: String },
}

/// Loads the library and says which key systems it has. May block for as long as the library does.
///
/// # Errors
/// It is not there, lacks functions, or has none of the systems. That is no error for a player: see
/// [`super::KeySystems::installed`].
pub fn systems(options: &CdmOptions) -> Result<Vec<Arc<dyn KeySystem>>, OpenCdmAbsent> {
    let path = options.library.as_deref().map_or(OsStr::new(LIBRARY), |path| path.as_os_str());
    // Its name is enough for people: where it lies is their machine's business.
    let name = options.library.as_deref().and_then(|path| path.file_name()).unwrap_or(OsStr::new(LIBRARY));
    let library = name.to_string_lossy().into_owned();
    let api = ffi::Api::load(path, options.plain_decrypt).map_err(|why| {
        let why = why.replace(&*path.to_string_lossy(), &library);
        OpenCdmAbsent::NotLoaded { library: library.clone(), why }
    })?;
    let api = Arc::new(api);
    let offered = options.systems.iter().filter_map(|(name, system)| {
        let is_there = CString::new(&**name).is_ok_and(|name| api.supports(&name));
        let (id, patience) = (KeySystemId(name.clone().into()), options.patience);
        is_there.then(|| Arc::new(OpenCdm { api: api.clone(), id, system: system.clone(), patience }) as _)
    });
    let offered: Vec<Arc<dyn KeySystem>> = offered.collect();
    if offered.is_empty() { Err(OpenCdmAbsent::NoSystem { library }) } else { Ok(offered) }
}

/// One key system of a library.
#[derive(Debug)]
struct OpenCdm {
    api: Arc<ffi::Api>,
    id: KeySystemId,
    system: SystemId,
    patience: Duration,
}

impl KeySystem for OpenCdm {
    fn id(&self) -> KeySystemId {
        self.id.clone()
    }

    fn capabilities(&self) -> KeySystemCapabilities {
        KeySystemCapabilities {
            systems: vec![self.system.clone()],
            schemes: if self.api.is_plain() { &["cenc"] } else { &["cenc", "cens", "cbc1", "cbcs"] },
            security: SecurityLevel::Software,
            persistent: false,
        }
    }

    fn open(&self, init: &ProtectionInit) -> Result<Box<dyn LicenseSession>, DrmError> {
        let session = OpenCdmSession::open(self.api.clone(), &self.id, init, self.patience)?;
        Ok(Box::new(session))
    }
}
