//! The conversation with a licence server, whichever key system leads it.
//!
//! What is offered is noted as it is read: from manifests, initialisations and segments. A request for keys chooses the
//! system, opens a session per initialisation data that is wanted, carries challenge and answer until there are keys,
//! and puts who decrypts into the [`KeyRing`]. Sessions are kept for as long as their keys are needed, because their
//! keys are theirs and because they may ask for renewals.

use super::{
    CdmError, ContentDecryption, DrmError, InitData, InitDataType, KeyId, KeyRing, KeyStatus, KeySystemChoice,
    KeySystemId, KeySystems, LicenseChallenge, LicenseDenied, LicenseProgress, LicenseSession, LicenseTransport,
    ProtectionInit, SystemId, SystemOffer, clearkey, pssh,
};
use crate::manifest::Protection;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::Instant;

/// A licence request that fails in passing is tried this often: with doubling pauses that is a quarter of a minute,
/// a server's restart.
const LICENCE_TRIES: u32 = 6;
const LICENCE_PAUSE: Duration = Duration::from_millis(500);
/// Answers that lead to another question: a certificate, an individualisation, the licence.
const MAX_ROUNDS: usize = 6;
/// Sessions at a time: a film has one for the picture and one for sound, or one for each rung.
const MAX_SESSIONS: usize = 64;
/// Offers that are remembered: of several systems, for each rung and period.
const MAX_OFFERS: usize = 1_024;
/// Sessions are asked this often whether they want to renew.
const RENEWAL_LOOK: Duration = Duration::from_secs(1);
/// Pause after a renewal that failed.
const RENEWAL_PAUSE: Duration = Duration::from_secs(15);

/// Told what a presentation is played with.
pub(crate) type ChoiceObserver = dyn Fn(&KeySystemChoice) + Send + Sync;

/// Gets keys for one presentation.
pub(crate) struct Licensing {
    systems: KeySystems,
    transport: Option<Arc<dyn LicenseTransport>>,
    keys: KeyRing,
    offers: Mutex<Vec<Offer>>,
    /// Media that cannot be decrypted yet have been seen: whatever is to be known of systems is known.
    media_seen: watch::Sender<bool>,
    /// A conversation makes the others wait: its keys may be what they want.
    open: tokio::sync::Mutex<Open>,
}

/// What is offered, with the keys that it is said to be for; none if nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    offer: SystemOffer,
    key_ids: Vec<KeyId>,
}

#[derive(Default)]
struct Open {
    sessions: Vec<OpenSession>,
    told: Option<KeySystemId>,
}

struct OpenSession {
    init: InitData,
    session: Box<dyn LicenseSession>,
    /// A renewal that was refused is not asked for again before.
    not_before: Option<Instant>,
}

impl fmt::Debug for Licensing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Licensing").field("systems", &self.systems).finish_non_exhaustive()
    }
}

impl Licensing {
    pub(crate) fn new(systems: KeySystems, transport: Option<Arc<dyn LicenseTransport>>, keys: KeyRing) -> Self {
        let (offers, open) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { systems, transport, keys, offers, media_seen: watch::Sender::new(false), open }
    }

    /// Where keys are waited for.
    pub(crate) fn keys(&self) -> &KeyRing {
        &self.keys
    }

    fn offers(&self) -> MutexGuard<'_, Vec<Offer>> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offered(&self) -> Vec<SystemId> {
        self.offers().iter().map(|offer| offer.offer.system.clone()).collect()
    }

    fn note(&self, found: impl IntoIterator<Item = Offer>) {
        let mut offers = self.offers();
        for offer in found {
            if offers.len() < MAX_OFFERS && !offers.contains(&offer) {
                offers.push(offer);
            }
        }
    }

    /// Notes what a manifest announces.
    pub(crate) fn note_protections(&self, protections: &[Protection]) {
        self.note(protections.iter().flat_map(|protection| {
            let offers = protection.systems.iter();
            offers.map(|offer| Offer { offer: offer.clone(), key_ids: protection.key_ids.clone() })
        }));
    }

    /// Notes what an initialisation or a segment says itself.
    pub(crate) fn note_media(&self, media: &[u8]) {
        let found = pssh::announcements_in_media(media);
        self.note(found.into_iter().map(|found| Offer { offer: found.offer, key_ids: found.key_ids }));
    }

    /// Protected samples have come whose keys are not there.
    pub(crate) fn media_waits(&self) {
        self.media_seen.send_replace(true);
    }

    fn missing(&self, ids: &[KeyId]) -> Vec<KeyId> {
        ids.iter().copied().filter(|id| !self.keys.has(*id)).collect()
    }

    /// A manifest may name keys and leave it to the media to say which systems have them, or all of them. Where that makes
    /// a difference, the media are waited for.
    async fn systems_known(&self) {
        let offered = self.offered();
        let is_open = offered.is_empty() || self.systems.choose(&offered, false).is_err();
        if self.systems.has_vendor() && is_open {
            // The sender is ours: it cannot be gone.
            let _ = self.media_seen.subscribe().wait_for(|seen| *seen).await;
        }
    }

    /// Gets these keys, if they are not here yet, and says how many there are. `tell` hears which system was chosen.
    pub(crate) async fn request(&self, ids: &[KeyId], tell: &ChoiceObserver) -> Result<usize, DrmError> {
        if self.missing(ids).is_empty() {
            return Ok(ids.len());
        }
        self.systems_known().await;
        let mut open = self.open.lock().await;
        let missing = self.missing(ids);
        if missing.is_empty() {
            return Ok(ids.len());
        }
        let offers = self.offers().clone();
        let offered = self.offered();
        let choice = self.systems.choose(&offered, self.transport.is_some())?;
        if open.told.as_ref() != Some(&choice.id()) {
            open.told = Some(choice.id());
            tell(&choice);
        }
        let transport = self.transport.as_deref().ok_or(DrmError::NoTransport)?;
        let asked = self.ask(&mut open, &choice, &offers, &missing, transport).await;
        asked.map_err(|error| match error {
            // A server that does not know what was a guess refuses for that reason and no other.
            DrmError::Denied(LicenseDenied::Refused(_)) | DrmError::InvalidLicence(_) | DrmError::MissingKey(_)
                if choice.is_guess =>
            {
                self.systems.none_of(&offered)
            }
            error => error,
        })
    }

    async fn ask(
        &self,
        open: &mut Open,
        choice: &KeySystemChoice,
        offers: &[Offer],
        missing: &[KeyId],
        transport: &dyn LicenseTransport,
    ) -> Result<usize, DrmError> {
        let mut count = 0;
        for init in inits(choice, offers, open, missing) {
            if open.sessions.len() >= MAX_SESSIONS {
                return Err(CdmError::LimitExceeded { what: "licence sessions", max: MAX_SESSIONS }.into());
            }
            let (system, data) = (choice.system.clone(), init.init.clone());
            let session = blocking(move || system.open(&init)).await?;
            let (session, outcome) = converse(session, transport).await;
            let (statuses, decryption) = outcome?;
            // Keys that may not be used are among them: their media are given up as they come, for another rung.
            let known = statuses.iter().filter(|(_, status)| *status != KeyStatus::Pending);
            self.keys.insert(known.clone().map(|(id, _)| *id), &decryption);
            count += known.filter(|(_, status)| status.is_usable()).count();
            open.sessions.push(OpenSession { init: data, session, not_before: None });
        }
        match self.missing(missing).first() {
            Some(id) => Err(DrmError::MissingKey(*id)),
            None => Ok(count),
        }
    }

    /// Renews licences when their sessions ask for it: never ends, where there can be such sessions.
    pub(crate) async fn keep_renewed(&self) {
        let Some(transport) = self.transport.as_deref() else { return };
        loop {
            tokio::time::sleep(RENEWAL_LOOK).await;
            let mut open = self.open.lock().await;
            if open.sessions.is_empty() {
                continue;
            }
            let kept = std::mem::take(&mut open.sessions);
            let (kept, due) = blocking(move || {
                let now = SystemTime::now();
                let due = kept.iter().map(|open| open.session.renewal_due().is_some_and(|at| at <= now));
                let due: Vec<bool> = due.collect();
                (kept, due)
            })
            .await;
            for (OpenSession { init, mut session, mut not_before }, due) in kept.into_iter().zip(due) {
                if due && not_before.is_none_or(|at| at <= Instant::now()) {
                    let outcome;
                    (session, outcome) = converse(session, transport).await;
                    // The keys last for now; when they no longer do, decryption says so.
                    not_before = None;
                    if let Err(error) = outcome {
                        tracing::warn!(%error, "a licence could not be renewed");
                        not_before = Some(Instant::now() + RENEWAL_PAUSE);
                    }
                }
                open.sessions.push(OpenSession { init, session, not_before });
            }
        }
    }

    /// Closes all sessions. May block while modules close theirs.
    pub(crate) fn close(&self) {
        self.keys.clear();
        if let Ok(mut open) = self.open.try_lock() {
            open.sessions.clear();
        }
    }
}

/// What to open sessions with: what is offered for the missing keys and was not opened before, else their ids.
fn inits(choice: &KeySystemChoice, offers: &[Offer], open: &Open, missing: &[KeyId]) -> Vec<ProtectionInit> {
    let key_ids = || missing.to_vec();
    let by_ids = || {
        let data = clearkey::init_data(missing).into();
        ProtectionInit { init: InitData { kind: InitDataType::KeyIds, data }, key_ids: key_ids() }
    };
    if choice.id() == KeySystemId::CLEAR_KEY {
        return vec![by_ids()];
    }
    let takes = choice.system.capabilities().systems;
    let is_new = |init: &InitData| !open.sessions.iter().any(|session| session.init == *init);
    let ours: Vec<(&InitData, &[KeyId])> = offers
        .iter()
        .filter(|offer| takes.contains(&offer.offer.system))
        .filter_map(|offer| Some((offer.offer.init.as_ref().filter(|init| is_new(init))?, &offer.key_ids[..])))
        .collect();
    let mut found: Vec<ProtectionInit> = Vec::new();
    let mut want = |init: &InitData, id: KeyId| match found.iter_mut().find(|known| known.init == *init) {
        Some(known) if known.key_ids.contains(&id) => {}
        Some(known) => known.key_ids.push(id),
        None => found.push(ProtectionInit { init: init.clone(), key_ids: vec![id] }),
    };
    for id in missing {
        let named = ours.iter().filter(|(_, named)| named.contains(id));
        let unnamed = ours.iter().filter(|(_, named)| named.is_empty());
        if named.clone().next().is_some() {
            // One that names the key has it: others that do so are another place's copies.
            named.take(1).for_each(|(init, _)| want(init, *id));
        } else {
            unnamed.for_each(|(init, _)| want(init, *id));
        }
    }
    if found.is_empty() { vec![by_ids()] } else { found }
}

type Outcome = Result<(Vec<(KeyId, KeyStatus)>, Arc<dyn ContentDecryption>), DrmError>;

/// Carries challenges and answers until there are keys. The session comes back, whatever comes of it.
async fn converse(
    mut session: Box<dyn LicenseSession>,
    transport: &dyn LicenseTransport,
) -> (Box<dyn LicenseSession>, Outcome) {
    let mut challenge;
    (session, challenge) = blocking(move || {
        let challenge = session.challenge();
        (session, challenge)
    })
    .await;
    for _ in 0..MAX_ROUNDS {
        let answer = match challenge {
            Ok(challenge) => exchange(transport, challenge).await.map_err(DrmError::from),
            Err(error) => Err(error),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return (session, Err(error)),
        };
        let progress;
        (session, progress) = blocking(move || {
            let progress = session.update(&answer);
            (session, progress)
        })
        .await;
        challenge = match progress {
            Ok(LicenseProgress::Challenge(next)) => Ok(next),
            Ok(LicenseProgress::Keys(statuses)) => {
                let decryption = session.decryption();
                return (session, Ok((statuses, decryption)));
            }
            Err(error) => return (session, Err(error)),
        };
    }
    (session, Err(CdmError::Endless("each answer leads to another question").into()))
}

/// Sends a challenge; passing failures are tried again.
async fn exchange(transport: &dyn LicenseTransport, challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied> {
    let mut tries = 0;
    loop {
        tries += 1;
        match transport.request(challenge.clone()).await {
            Err(LicenseDenied::Unreachable(reason)) if tries < LICENCE_TRIES => {
                tracing::debug!(%reason, tries, "licence request failed, trying again");
                tokio::time::sleep(LICENCE_PAUSE * 2u32.pow(tries - 1)).await;
            }
            answer => return answer,
        }
    }
}

/// Runs on the blocking pool. A panic there is ours and goes on here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
