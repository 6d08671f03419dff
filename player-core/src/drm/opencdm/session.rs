//! One licence conversation with an OpenCDM library, and decryption with its keys.

use super::ffi::{self, CSubsample, Notice, Run};
use super::worker::Worker;
use crate::container::{CodecConfig, Sample, SampleProtection, Scheme, TrackFormat};
use crate::drm::{
    CdmError, ContentDecryption, DrmError, KeyId, KeyStatus, KeySystemId, LicenseChallenge, LicenseProgress,
    LicenseSession, ProtectionInit,
};
use crate::manifest::TrackKind;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::CString;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime};

/// Notices that wait to be read. A session has a handful of keys.
const MAX_NOTICES: usize = 512;
/// Keys whose status is kept.
const MAX_KEYS: usize = 1_024;
/// Challenges that nobody has fetched yet.
const MAX_CHALLENGES: usize = 8;
/// The interface counts subsamples with eight bits.
const MAX_SUBSAMPLES: usize = 255;
/// Longest message of a module that is repeated, in characters.
const MAX_MESSAGE: usize = 120;
/// Longest word of it: longer ones may be what they should not be.
const MAX_WORD: usize = 20;

/// The session as the player sees it. Each call waits for the module's thread.
#[derive(Debug)]
pub(super) struct OpenCdmSession {
    worker: Arc<Worker<Cdm>>,
    key_system: KeySystemId,
}

impl OpenCdmSession {
    pub(super) fn open(
        api: Arc<ffi::Api>,
        key_system: &KeySystemId,
        init: &ProtectionInit,
        patience: Duration,
    ) -> Result<Self, DrmError> {
        let refused = |what| move |_| DrmError::from(CdmError::Refused { what, code: 0 });
        let name = CString::new(&*key_system.0).map_err(refused("a name with a zero in it"))?;
        let kind = CString::new(init.init.kind.name()).map_err(refused("a name with a zero in it"))?;
        let (data, wanted) = (init.init.data.clone(), init.key_ids.clone());
        let worker = Worker::start(patience, move || {
            let (notices, inbox) = mpsc::sync_channel(MAX_NOTICES);
            let session = ffi::Session::open(api.clone(), &name, &kind, &data, notices)
                .map_err(|(what, code)| DrmError::from(CdmError::Refused { what, code }))?;
            let is_plain = api.is_plain();
            let (statuses, challenges) = (BTreeMap::new(), VecDeque::new());
            let known = Known { wanted, statuses, challenges, all_told: false, failure: None };
            Ok::<_, DrmError>(Cdm { session, inbox, known, patience, is_plain })
        })?;
        Ok(Self { worker: Arc::new(worker), key_system: key_system.clone() })
    }

    fn named(&self, challenge: Challenge) -> LicenseChallenge {
        let Challenge { body, url, .. } = challenge;
        LicenseChallenge { key_system: self.key_system.clone(), body, url }
    }
}

impl LicenseSession for OpenCdmSession {
    fn challenge(&mut self) -> Result<LicenseChallenge, DrmError> {
        let challenge = self.worker.call(Cdm::challenge)??;
        Ok(self.named(challenge))
    }

    fn update(&mut self, response: &[u8]) -> Result<LicenseProgress, DrmError> {
        let response = response.to_vec();
        Ok(match self.worker.call(move |cdm| cdm.update(&response))?? {
            Settled::Asks(challenge) => LicenseProgress::Challenge(self.named(challenge)),
            Settled::Keys(statuses) => LicenseProgress::Keys(statuses),
        })
    }

    fn key_statuses(&self) -> Vec<(KeyId, KeyStatus)> {
        self.worker.call(|cdm| cdm.key_statuses()).unwrap_or_default()
    }

    fn renewal_due(&self) -> Option<SystemTime> {
        self.worker.call(|cdm| cdm.renewal_due()).ok().flatten()
    }

    fn decryption(&self) -> Arc<dyn ContentDecryption> {
        Arc::new(OpenCdmDecryption(self.worker.clone()))
    }
}

/// Decrypts on the module's thread.
#[derive(Debug)]
struct OpenCdmDecryption(Arc<Worker<Cdm>>);

impl ContentDecryption for OpenCdmDecryption {
    fn decrypt(&self, sample: &mut Sample, format: &TrackFormat) -> Result<(), DrmError> {
        let Some(protection) = sample.protection.clone() else { return Ok(()) };
        // The module writes into a copy that it keeps if it does not come back.
        let mut data = sample.data.to_vec();
        let properties = properties(format);
        let decrypted = self.0.call(move |cdm| cdm.decrypt(&mut data, &protection, properties).map(|()| data))??;
        sample.data = decrypted.into();
        sample.protection = None;
        Ok(())
    }
}

/// `MediaType` of the header, width and height.
fn properties(format: &TrackFormat) -> (u32, (u16, u16)) {
    let kind = match format.kind {
        TrackKind::Video => 1,
        TrackKind::Audio => 2,
        TrackKind::Text => 3,
    };
    let size = match format.codec {
        CodecConfig::H264 { width, height, .. }
        | CodecConfig::H265 { width, height, .. }
        | CodecConfig::Vp8 { width, height }
        | CodecConfig::Vp9 { width, height }
        | CodecConfig::Av1 { width, height, .. } => (width, height),
        _ => (0, 0),
    };
    (kind, size)
}

/// What came of an answer.
enum Settled {
    Asks(Challenge),
    Keys(Vec<(KeyId, KeyStatus)>),
}

#[derive(Debug)]
struct Challenge {
    body: Vec<u8>,
    url: Option<String>,
    at: SystemTime,
}

/// The session on its thread.
struct Cdm {
    session: ffi::Session,
    inbox: Receiver<Notice>,
    known: Known,
    patience: Duration,
    is_plain: bool,
}

/// What the module has said so far.
struct Known {
    wanted: Vec<KeyId>,
    statuses: BTreeMap<KeyId, KeyStatus>,
    challenges: VecDeque<Challenge>,
    /// The module has told all statuses that it will tell for now.
    all_told: bool,
    failure: Option<CdmError>,
}

impl Cdm {
    fn note(&mut self, notice: Notice) {
        match notice {
            Notice::Challenge { body, url } if self.known.challenges.len() < MAX_CHALLENGES => {
                let url = url.filter(|url| !url.is_empty());
                self.known.challenges.push_back(Challenge { body: without_type(body), url, at: SystemTime::now() });
            }
            Notice::KeyUpdated(Some(id)) => self.look_at(KeyId(id)),
            Notice::KeysUpdated => self.known.all_told = true,
            Notice::Error(message) => self.known.failure = Some(CdmError::Reported(harmless(&message))),
            Notice::Challenge { .. } | Notice::KeyUpdated(None) => {}
        }
    }

    fn read_notices(&mut self) {
        while let Ok(notice) = self.inbox.try_recv() {
            self.note(notice);
        }
    }

    /// Asks the module for a key's status.
    fn look_at(&mut self, id: KeyId) {
        if self.known.statuses.len() < MAX_KEYS || self.known.statuses.contains_key(&id) {
            self.known.statuses.insert(id, status(self.session.status(&id.0)));
        }
    }

    /// Waits for the next notice, or until `deadline`.
    fn wait(&mut self, deadline: Instant) -> Result<(), DrmError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let notice = self.inbox.recv_timeout(left).map_err(|_| CdmError::Silent)?;
        self.note(notice);
        Ok(())
    }

    fn failure(&self) -> Result<(), DrmError> {
        self.known.failure.clone().map_or(Ok(()), |failure| Err(failure.into()))
    }

    fn challenge(&mut self) -> Result<Challenge, DrmError> {
        let deadline = Instant::now() + self.patience;
        loop {
            self.read_notices();
            self.failure()?;
            match self.known.challenges.pop_front() {
                Some(challenge) => return Ok(challenge),
                None => self.wait(deadline)?,
            }
        }
    }

    fn update(&mut self, response: &[u8]) -> Result<Settled, DrmError> {
        if response.is_empty() {
            return Err(DrmError::InvalidLicence("it is empty"));
        }
        if response.len() > usize::from(u16::MAX) {
            return Err(DrmError::InvalidLicence("it is too long"));
        }
        let deadline = Instant::now() + self.patience;
        self.read_notices();
        self.known.all_told = false;
        if self.session.update(response).is_err() {
            self.read_notices();
            self.failure()?;
            return Err(DrmError::InvalidLicence("the content decryption module refuses it"));
        }
        loop {
            self.read_notices();
            self.failure()?;
            for id in self.known.wanted.clone() {
                self.look_at(id);
            }
            let pending = |id: &KeyId| self.known.statuses.get(id).is_none_or(|status| *status == KeyStatus::Pending);
            // With all keys decided, what is still to be asked is a renewal.
            if !self.known.wanted.iter().any(pending) {
                return Ok(Settled::Keys(self.key_statuses()));
            }
            if let Some(challenge) = self.known.challenges.pop_front() {
                return Ok(Settled::Asks(challenge));
            }
            if self.known.all_told {
                return Ok(Settled::Keys(self.key_statuses()));
            }
            self.wait(deadline)?;
        }
    }

    fn key_statuses(&mut self) -> Vec<(KeyId, KeyStatus)> {
        self.read_notices();
        self.known.statuses.iter().map(|(id, status)| (*id, *status)).collect()
    }

    fn renewal_due(&mut self) -> Option<SystemTime> {
        self.read_notices();
        self.known.challenges.front().map(|challenge| challenge.at)
    }

    /// May samples be decrypted with this key now?
    fn permits(&mut self, key: KeyId) -> Result<(), DrmError> {
        match self.known.statuses.get(&key) {
            Some(status) if status.is_usable() => Ok(()),
            Some(KeyStatus::Pending) | None => Err(DrmError::MissingKey(key)),
            Some(status) => Err(DrmError::KeyUnusable { key, status: *status }),
        }
    }

    fn decrypt(
        &mut self,
        data: &mut [u8],
        protection: &SampleProtection,
        (media_type, size): (u32, (u16, u16)),
    ) -> Result<(), DrmError> {
        self.read_notices();
        self.failure()?;
        let key = protection.key_id;
        if !self.known.statuses.contains_key(&key) {
            self.look_at(key);
        }
        self.permits(key)?;
        let (scheme, pattern) = scheme(protection.scheme);
        let (iv, key_id) = (protection.iv, key.0);
        let mut parts = if self.is_plain { Vec::new() } else { subsamples(protection) };
        let mut run = Run { scheme, pattern, iv, key_id, subsamples: &mut [], media_type, size };
        let decrypted = match protection.scheme {
            _ if data.is_empty() => Ok(()),
            _ if !self.is_plain && parts.len() <= MAX_SUBSAMPLES => {
                run.subsamples = &mut parts;
                self.session.decrypt(data, &mut run)
            }
            Scheme::Cbcs { .. } if !self.is_plain => {
                // The vector starts anew with each subsample: any cut between two will do.
                let mut rest = data;
                parts.chunks_mut(MAX_SUBSAMPLES).try_for_each(|chunk| {
                    let length: usize =
                        chunk.iter().map(|part| usize::from(part.clear) + part.encrypted as usize).sum();
                    let (now, after) = std::mem::take(&mut rest).split_at_mut_checked(length).ok_or(0u32)?;
                    rest = after;
                    run.subsamples = chunk;
                    self.session.decrypt(now, &mut run)
                })
            }
            // One key stream, or one chain, runs through all protected bytes of a sample.
            Scheme::Cenc => gathered(data, protection, |bytes| self.session.decrypt(bytes, &mut run)),
            Scheme::Cbc1 if !self.is_plain => gathered(data, protection, |bytes| self.session.decrypt(bytes, &mut run)),
            other => return Err(DrmError::SchemeUnsupported(other.code())),
        };
        decrypted.or_else(|code| {
            // Refused because the key has just been taken away?
            self.read_notices();
            self.failure()?;
            self.look_at(key);
            self.permits(key)?;
            Err(CdmError::Refused { what: "to decrypt", code }.into())
        })
    }
}

/// Decrypts all protected bytes as one run.
fn gathered(
    data: &mut [u8],
    protection: &SampleProtection,
    decrypt: impl FnOnce(&mut [u8]) -> Result<(), u32>,
) -> Result<(), u32> {
    if protection.subsamples.is_empty() {
        return decrypt(data);
    }
    let mut ranges = Vec::with_capacity(protection.subsamples.len());
    let mut at = 0usize;
    for part in &protection.subsamples {
        let start = at.checked_add(part.clear as usize).ok_or(0u32)?;
        at = start.checked_add(part.protected as usize).filter(|end| *end <= data.len()).ok_or(0u32)?;
        ranges.push(start..at);
    }
    let mut run: Vec<u8> = ranges.iter().flat_map(|range| &data[range.clone()]).copied().collect();
    if run.is_empty() {
        return Ok(());
    }
    decrypt(&mut run)?;
    let mut rest = &run[..];
    for range in ranges {
        let (now, after) = rest.split_at(range.len());
        data[range].copy_from_slice(now);
        rest = after;
    }
    Ok(())
}

/// As the interface has them: clear bytes with sixteen bits.
fn subsamples(protection: &SampleProtection) -> Vec<CSubsample> {
    let mut parts = Vec::with_capacity(protection.subsamples.len());
    for part in &protection.subsamples {
        let mut clear = part.clear;
        while clear > u32::from(u16::MAX) {
            parts.push(CSubsample { clear: u16::MAX, encrypted: 0 });
            clear -= u32::from(u16::MAX);
        }
        parts.push(CSubsample { clear: u16::try_from(clear).unwrap_or(u16::MAX), encrypted: part.protected });
    }
    parts
}

/// `EncryptionScheme` of the header, and the pattern.
fn scheme(scheme: Scheme) -> (u32, (u8, u8)) {
    match scheme {
        Scheme::Cenc => (1, (0, 0)),
        Scheme::Cbc1 => (2, (0, 0)),
        Scheme::Cens { crypt, skip } => (3, (crypt, skip)),
        Scheme::Cbcs { crypt, skip } => (4, (crypt, skip)),
    }
}

/// `KeyStatus` of the header.
fn status(number: u32) -> KeyStatus {
    match number {
        0 => KeyStatus::Usable,
        1 => KeyStatus::Expired,
        2 => KeyStatus::Released,
        3 | 4 => KeyStatus::OutputRestricted,
        5 => KeyStatus::OutputDownscaled,
        6 => KeyStatus::Pending,
        _ => KeyStatus::InternalError,
    }
}

/// Modules of the RDK write the kind of message in front: a digit and `:Type:`.
fn without_type(mut body: Vec<u8>) -> Vec<u8> {
    if body.first().is_some_and(u8::is_ascii_digit) && body[1..].starts_with(b":Type:") {
        body.drain(..7);
    }
    body
}

/// A message for a log: words, not what may be a key.
fn harmless(message: &str) -> String {
    let words = message.split_whitespace().map(|word| if word.chars().count() > MAX_WORD { "…" } else { word });
    let words: Vec<&str> = words.collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect()
}

#[cfg(test)]
mod property_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Subsample;

    #[test]
    fn long_clear_runs_are_cut_and_few_bytes_stay() {
        let parts = vec![Subsample { clear: 70_000, protected: 16 }, Subsample { clear: 0, protected: 5 }];
        let protection =
            SampleProtection { key_id: KeyId([0; 16]), scheme: Scheme::Cenc, iv: [0; 16], subsamples: parts };
        let part = |clear, encrypted| CSubsample { clear, encrypted };
        assert_eq!(subsamples(&protection), [part(65_535, 0), part(4_465, 16), part(0, 5)]);
    }

    #[test]
    fn messages_hold_no_secret_and_challenges_no_wrapping() {
        let secret = "0123456789abcdef0123456789abcdef";
        assert_eq!(harmless(&format!("bad key {secret}\n at 3")), "bad key … at 3");
        assert_eq!(without_type(b"0:Type:body".to_vec()), b"body");
        assert_eq!(without_type(b":Type:body".to_vec()), b":Type:body");
        assert_eq!(without_type(Vec::new()), b"");
    }

    #[test]
    fn protected_bytes_are_one_run_and_come_back_to_their_places() {
        let part = |clear, protected| Subsample { clear, protected };
        let mut protection = SampleProtection {
            key_id: KeyId([0; 16]),
            scheme: Scheme::Cenc,
            iv: [0; 16],
            subsamples: vec![part(2, 3), part(1, 2)],
        };
        let mut data = *b"..abc.de";
        let turned = |bytes: &mut [u8]| {
            assert_eq!(bytes, b"abcde");
            bytes.make_ascii_uppercase();
            Ok(())
        };
        assert_eq!(gathered(&mut data, &protection, turned), Ok(()));
        assert_eq!(&data, b"..ABC.DE");
        protection.subsamples.push(part(0, u32::MAX));
        assert_eq!(gathered(&mut data, &protection, |_| Ok(())), Err(0));
    }
}
