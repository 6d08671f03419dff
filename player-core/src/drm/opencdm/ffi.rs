//! The C interface of OpenCDM, as the RDK's public `open_cdm.h` has it, and nothing else. All `unsafe` of the adapter is
//! here.
//!
//! What a library may do to us and what it may not:
//! - callbacks come on its threads, at any time, also late: what we hand out as user data is a number that is looked up,
//!   never a pointer that could dangle, and the table of callbacks is never freed;
//! - it may call back from within our calls: no lock of ours is held then;
//! - it is never unloaded: its threads may still be running its code;
//! - a panic of ours does not cross into it.
#![expect(unsafe_code, reason = "a library that is loaded at run time is C")]

use libloading::Library;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

/// `OpenCDMError`; zero is success.
type Status = u32;

/// Longest message or address that is read, in bytes.
const MAX_TEXT: usize = 2_048;

/// `OpenCDMSystem`, never looked into.
#[repr(C)]
struct CSystem {
    _opaque: [u8; 0],
}

/// `OpenCDMSession`, never looked into.
#[repr(C)]
struct CSession {
    _opaque: [u8; 0],
}

/// `OpenCDMSessionCallbacks`.
#[repr(C)]
struct CCallbacks {
    process_challenge: unsafe extern "C" fn(*mut CSession, *mut c_void, *const c_char, *const u8, u16),
    key_update: unsafe extern "C" fn(*mut CSession, *mut c_void, *const u8, u8),
    error_message: unsafe extern "C" fn(*mut CSession, *mut c_void, *const c_char),
    keys_updated: unsafe extern "C" fn(*const CSession, *mut c_void),
}

/// `EncryptionPattern`, in blocks of 16 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct CPattern {
    encrypted: u32,
    clear: u32,
}

/// `SubSampleInfo`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CSubsample {
    pub(super) clear: u16,
    pub(super) encrypted: u32,
}

/// `SampleInfo`.
#[repr(C)]
struct CSampleInfo {
    scheme: u32,
    pattern: CPattern,
    iv: *mut u8,
    iv_length: u8,
    key_id: *mut u8,
    key_id_length: u8,
    subsample_count: u8,
    subsamples: *mut CSubsample,
}

/// `MediaProperties`.
#[repr(C)]
struct CMediaProperties {
    height: u16,
    width: u16,
    media_type: u32,
}

type CreateSystem = unsafe extern "C" fn(*const c_char) -> *mut CSystem;
type IsTypeSupported = unsafe extern "C" fn(*const c_char, *const c_char) -> Status;
type DestructSystem = unsafe extern "C" fn(*mut CSystem) -> Status;
type ConstructSession = unsafe extern "C" fn(
    *mut CSystem,
    u32,
    *const c_char,
    *const u8,
    u16,
    *const u8,
    u16,
    *mut CCallbacks,
    *mut c_void,
    *mut *mut CSession,
) -> Status;
type OfSession = unsafe extern "C" fn(*mut CSession) -> Status;
type Update = unsafe extern "C" fn(*mut CSession, *const u8, u16) -> Status;
type KeyStatusOf = unsafe extern "C" fn(*const CSession, *const u8, u8) -> u32;
type DecryptPlain = unsafe extern "C" fn(*mut CSession, *mut u8, u32, *const u8, u16, *const u8, u16, u32) -> Status;
type DecryptV2 =
    unsafe extern "C" fn(*mut CSession, *mut u8, u32, *const CSampleInfo, *const CMediaProperties) -> Status;

/// What a session hears from its library.
pub(super) enum Notice {
    Challenge {
        body: Vec<u8>,
        url: Option<String>,
    },
    /// The status of this key has changed; `None` for an id of another length than ours have.
    KeyUpdated(Option<[u8; 16]>),
    /// All changes of statuses have been told.
    KeysUpdated,
    Error(String),
}

/// Who hears what, by the number that went out as user data.
static LISTENERS: Mutex<BTreeMap<usize, SyncSender<Notice>>> = Mutex::new(BTreeMap::new());
static NEXT_LISTENER: AtomicUsize = AtomicUsize::new(1);

/// How samples are decrypted.
#[derive(Clone, Copy)]
enum Decrypt {
    /// With scheme, pattern and subsamples.
    Samples(DecryptV2),
    /// One run of `cenc`.
    Plain(DecryptPlain),
}

/// The functions of one library.
pub(super) struct Api {
    create_system: CreateSystem,
    is_type_supported: IsTypeSupported,
    destruct_system: DestructSystem,
    construct_session: ConstructSession,
    close_session: OfSession,
    destruct_session: OfSession,
    update: Update,
    status: KeyStatusOf,
    decrypt: Decrypt,
}

/// One sample, or a run of one.
pub(super) struct Run<'a> {
    /// `EncryptionScheme` of the header.
    pub(super) scheme: u32,
    /// Encrypted and clear blocks.
    pub(super) pattern: (u8, u8),
    pub(super) iv: [u8; 16],
    pub(super) key_id: [u8; 16],
    /// At most 255; none means that all of the data is protected. Their sum is the length of the data.
    pub(super) subsamples: &'a mut [CSubsample],
    /// `MediaType` of the header.
    pub(super) media_type: u32,
    pub(super) size: (u16, u16),
}

impl Api {
    /// Loads a library, for as long as the process lives. `plain` says that its `opencdm_session_decrypt` has the older
    /// form, to be used where there is no `opencdm_session_decrypt_v2`.
    ///
    /// # Errors
    /// The linker's message, or the name of what is missing.
    pub(super) fn load(path: &OsStr, plain: bool) -> Result<Self, String> {
        // SAFETY: initialisers of the library run. Whoever named it, or installed it where libraries are, trusts it.
        let library = unsafe { Library::new(path) }.map_err(|error| error.to_string())?;
        // Leaked: function pointers and threads of the library stay valid.
        let library: &'static Library = Box::leak(Box::new(library));
        macro_rules! symbol {
            ($name:literal as $type:ty) => {
                // SAFETY: the symbol has the type that the public header declares.
                unsafe { library.get::<$type>(concat!($name, "\0").as_bytes()) }.map(|symbol| *symbol)
            };
        }
        macro_rules! need {
            ($name:literal as $type:ty) => {
                symbol!($name as $type).map_err(|_| concat!("it lacks ", $name).to_owned())?
            };
        }
        let decrypt = match symbol!("opencdm_session_decrypt_v2" as DecryptV2) {
            Ok(decrypt) => Decrypt::Samples(decrypt),
            Err(_) if plain => Decrypt::Plain(need!("opencdm_session_decrypt" as DecryptPlain)),
            Err(_) => return Err("it lacks opencdm_session_decrypt_v2".to_owned()),
        };
        Ok(Self {
            create_system: need!("opencdm_create_system" as CreateSystem),
            is_type_supported: need!("opencdm_is_type_supported" as IsTypeSupported),
            destruct_system: need!("opencdm_destruct_system" as DestructSystem),
            construct_session: need!("opencdm_construct_session" as ConstructSession),
            close_session: need!("opencdm_session_close" as OfSession),
            destruct_session: need!("opencdm_destruct_session" as OfSession),
            update: need!("opencdm_session_update" as Update),
            status: need!("opencdm_session_status" as KeyStatusOf),
            decrypt,
        })
    }

    /// Is decryption limited to runs of `cenc`?
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.decrypt, Decrypt::Plain(_))
    }

    /// Does the library know this key system? May block.
    pub(super) fn supports(&self, key_system: &CStr) -> bool {
        // SAFETY: both are strings that end, and are not kept.
        unsafe { (self.is_type_supported)(key_system.as_ptr(), c"".as_ptr()) == 0 }
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("is_plain", &self.is_plain()).finish_non_exhaustive()
    }
}

/// A system with one session. Lives on one thread; ends the session, then the system, then the listening.
pub(super) struct Session {
    api: Arc<Api>,
    system: *mut CSystem,
    session: *mut CSession,
    listener: usize,
}

impl Session {
    /// Makes both. Notices go to `notices` from now on; those that it has no room for are dropped.
    ///
    /// # Errors
    /// What was refused, and the library's number for it.
    pub(super) fn open(
        api: Arc<Api>,
        key_system: &CStr,
        init_type: &CString,
        init: &[u8],
        notices: SyncSender<Notice>,
    ) -> Result<Self, (&'static str, Status)> {
        let length = u16::try_from(init.len()).map_err(|_| ("initialisation data of this length", 0))?;
        // SAFETY: the string ends, and the library copies what it keeps.
        let system = unsafe { (api.create_system)(key_system.as_ptr()) };
        if system.is_null() {
            return Err(("the key system", 0));
        }
        let listener = NEXT_LISTENER.fetch_add(1, Ordering::Relaxed);
        listeners(|listeners| listeners.insert(listener, notices));
        // From here on all that was made is ended by `drop`.
        let mut made = Self { api, system, session: null_mut(), listener };
        let mut session = null_mut();
        // Leaked, some bytes a session: a library that keeps the table and calls late must find it, and one that
        // writes into it must be able to.
        let callbacks = Box::into_raw(Box::new(CCallbacks {
            process_challenge: on_challenge,
            key_update: on_key_update,
            error_message: on_error,
            keys_updated: on_keys_updated,
        }));
        // SAFETY: the system is alive; strings end; `init` has `length` bytes and there are no data of the module's own
        // (null and zero); the table lives for ever; the user data are a number; `session` can be written to.
        let status = unsafe {
            (made.api.construct_session)(
                made.system,
                0,
                init_type.as_ptr(),
                init.as_ptr(),
                length,
                null(),
                0,
                callbacks,
                std::ptr::without_provenance_mut(listener),
                &raw mut session,
            )
        };
        // What a failed construction leaves behind the pointer is not said anywhere: it is left alone.
        if status != 0 || session.is_null() {
            return Err(("a session", status));
        }
        made.session = session;
        Ok(made)
    }

    /// Gives it an answer of the licence server.
    ///
    /// # Errors
    /// The library's number, or zero for an answer beyond 65,535 bytes, which the interface cannot take.
    pub(super) fn update(&mut self, answer: &[u8]) -> Result<(), Status> {
        let length = u16::try_from(answer.len()).map_err(|_| 0u32)?;
        // SAFETY: the session is alive, and the answer has `length` bytes, which the library copies.
        match unsafe { (self.api.update)(self.session, answer.as_ptr(), length) } {
            0 => Ok(()),
            status => Err(status),
        }
    }

    /// `KeyStatus` of the header.
    pub(super) fn status(&self, key_id: &[u8; 16]) -> u32 {
        // SAFETY: the session is alive, and the id has 16 bytes.
        unsafe { (self.api.status)(self.session, key_id.as_ptr(), 16) }
    }

    /// Decrypts in place. In the plain form, subsamples, scheme and pattern are ignored: the data are one run.
    ///
    /// # Errors
    /// The library's number, or zero for data beyond 32 bits or subsamples that are not those of the data.
    pub(super) fn decrypt(&mut self, data: &mut [u8], run: &mut Run<'_>) -> Result<(), Status> {
        let length = u32::try_from(data.len()).map_err(|_| 0u32)?;
        let status = match self.api.decrypt {
            Decrypt::Plain(decrypt) => {
                // SAFETY: the session is alive; each pointer is to as many bytes as the number behind it says, and only
                // the data, which are ours alone, are written to. Zero: no context of an earlier run is continued.
                unsafe {
                    decrypt(self.session, data.as_mut_ptr(), length, run.iv.as_ptr(), 16, run.key_id.as_ptr(), 16, 0)
                }
            }
            Decrypt::Samples(decrypt) => {
                let described: u64 =
                    run.subsamples.iter().map(|part| u64::from(part.clear) + u64::from(part.encrypted)).sum();
                if !run.subsamples.is_empty() && described != u64::from(length) {
                    return Err(0);
                }
                let info = CSampleInfo {
                    scheme: run.scheme,
                    pattern: CPattern { encrypted: run.pattern.0.into(), clear: run.pattern.1.into() },
                    iv: run.iv.as_mut_ptr(),
                    iv_length: 16,
                    key_id: run.key_id.as_mut_ptr(),
                    key_id_length: 16,
                    subsample_count: u8::try_from(run.subsamples.len()).map_err(|_| 0u32)?,
                    subsamples: if run.subsamples.is_empty() { null_mut() } else { run.subsamples.as_mut_ptr() },
                };
                let (width, height) = run.size;
                let media = CMediaProperties { height, width, media_type: run.media_type };
                // SAFETY: as above; what `info` points to lives in `run`, is ours alone, and outlives the call.
                unsafe { decrypt(self.session, data.as_mut_ptr(), length, &raw const info, &raw const media) }
            }
        };
        if status == 0 { Ok(()) } else { Err(status) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.session.is_null() {
            // SAFETY: the session is alive, was made by this library, and is not used again. What it answers does not
            // matter any more.
            unsafe {
                (self.api.close_session)(self.session);
                (self.api.destruct_session)(self.session);
            }
        }
        // SAFETY: the system is alive, and its only session is gone.
        unsafe { (self.api.destruct_system)(self.system) };
        listeners(|listeners| listeners.remove(&self.listener));
    }
}

fn listeners<T>(with: impl FnOnce(&mut BTreeMap<usize, SyncSender<Notice>>) -> T) -> T {
    with(&mut LISTENERS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Tells a listener, if it is still there and has room. Must not block, and must not panic: C is calling.
fn tell(user_data: *mut c_void, notice: impl FnOnce() -> Notice) {
    // Nothing sensible is left to do after a panic; the session misses the notice and gives up in time.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let listener = listeners(|listeners| listeners.get(&user_data.addr()).cloned());
        if let Some(listener) = listener {
            let _ = listener.try_send(notice());
        }
    }));
}

/// A copy of what a callback was given.
///
/// # Safety
/// Null, or `length` bytes that can be read.
unsafe fn bytes(data: *const u8, length: usize) -> Vec<u8> {
    if data.is_null() || length == 0 {
        return Vec::new();
    }
    // SAFETY: as demanded.
    unsafe { std::slice::from_raw_parts(data, length) }.to_vec()
}

/// As far as it is read, at most [`MAX_TEXT`].
///
/// # Safety
/// Null, or bytes that end with a zero.
unsafe fn text(data: *const c_char) -> Option<String> {
    if data.is_null() {
        return None;
    }
    let mut read = Vec::new();
    while read.len() < MAX_TEXT {
        // SAFETY: no zero has been met so far, so this byte belongs to the string.
        let byte = unsafe { *data.add(read.len()) } as u8;
        if byte == 0 {
            break;
        }
        read.push(byte);
    }
    Some(String::from_utf8_lossy(&read).into_owned())
}

unsafe extern "C" fn on_challenge(
    _session: *mut CSession,
    user_data: *mut c_void,
    url: *const c_char,
    challenge: *const u8,
    length: u16,
) {
    // SAFETY: by the header, a string that ends and `length` bytes; either may be null.
    tell(user_data, || unsafe { Notice::Challenge { body: bytes(challenge, length.into()), url: text(url) } });
}

unsafe extern "C" fn on_key_update(_session: *mut CSession, user_data: *mut c_void, key_id: *const u8, length: u8) {
    // SAFETY: by the header, `length` bytes; may be null.
    tell(user_data, || unsafe { Notice::KeyUpdated(bytes(key_id, length.into()).try_into().ok()) });
}

unsafe extern "C" fn on_error(_session: *mut CSession, user_data: *mut c_void, message: *const c_char) {
    // SAFETY: by the header, a string that ends; may be null.
    tell(user_data, || unsafe { Notice::Error(text(message).unwrap_or_default()) });
}

unsafe extern "C" fn on_keys_updated(_session: *const CSession, user_data: *mut c_void) {
    tell(user_data, || Notice::KeysUpdated);
}
