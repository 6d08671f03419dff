//! Asks everything that the decision wants to know, and decides. Every layer comes through here: the start of playback,
//! each heartbeat, each licence, and the segments.

use super::{
    Allowance, Decision, Purpose, StoredGrant, Viewer, decide,
    decision::{Places, Slot},
    devices::{Asking, Claimant, Devices},
    grants::Grants,
    leases::{Holder, Leases},
    place::{Place, PlaceTable},
    plan::Plans,
};
use crate::{
    app::{App, Shared},
    catalog::Entry,
    clock::{Clock, SECOND_MS},
    config::RightsConfig,
    gateway::{ApiError, PeerAddress},
    store::Db,
};
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use service_api::{AccountId, GrantId, ProfileId, TitleId, problem::ProblemCode};
use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use uuid::Uuid;

/// How long a segment may be handed out on the strength of an earlier decision. What is taken back ends within it.
const VERDICT_MS: i64 = 5 * SECOND_MS;

/// How long a session may go on with segments while the database cannot be asked. What is taken back in that time is
/// not heard of: a database that is away makes revocation as late as this, and no later.
const OUTAGE_MS: i64 = 60 * SECOND_MS;

/// How long a segment of a session that was well waits for the database.
const PATIENCE: Duration = Duration::from_secs(1);

/// Verdicts kept. Beyond it they are forgotten, which costs a decision each.
const MAX_VERDICTS: usize = 8_192;

/// The service.
#[derive(Debug)]
pub(crate) struct Entitlement {
    pub(crate) grants: Grants,
    pub(crate) leases: Leases,
    pub(crate) devices: Devices,
    pub(crate) plans: Plans,
    places: PlaceTable,
    home: Place,
    verdicts: RwLock<HashMap<(Uuid, IpAddr), Verdict>>,
}

/// That a grant was good a moment ago.
#[derive(Clone, Copy, Debug)]
struct Verdict {
    decided_at_ms: i64,
    renewed_at_ms: i64,
    /// When the database was asked last, whether or not it has answered.
    asked_at_ms: i64,
}

impl Entitlement {
    pub(crate) fn new(
        db: &Db,
        clock: &Arc<dyn Clock>,
        config: &RightsConfig,
        grant: Duration,
        places: PlaceTable,
    ) -> Self {
        Self {
            grants: Grants::new(db.clone(), clock.clone(), grant),
            leases: Leases::new(db.clone(), clock.clone(), config.heartbeat),
            devices: Devices::new(db.clone(), clock.clone()),
            plans: config.plans,
            places,
            home: Place { country: config.home_region, is_hidden: false },
            verdicts: RwLock::default(),
        }
    }

    /// Where an address is; what the table does not know is at home.
    pub(crate) fn place(&self, address: IpAddr) -> Place {
        self.places.place(address).unwrap_or(self.home)
    }

    /// Takes permissions back, for every instance.
    pub(crate) async fn revoke(&self, what: &super::Revoked) -> Result<(), sqlx::Error> {
        self.grants.revoke(what).await?;
        match what {
            super::Revoked::Grant(grant) => {
                if let Ok(id) = Uuid::parse_str(grant.as_str()) {
                    self.forget(id);
                }
                self.leases.release(grant).await
            }
            super::Revoked::Device(account, device) => self.leases.release_device(account, device).await,
            super::Revoked::Account(_) | super::Revoked::Title(_) => Ok(()),
        }
    }

    /// Forgets an account that is being erased. That its grants are void stays known for as long as they could last.
    pub(crate) async fn forget_account(&self, account: &AccountId) -> Result<(), sqlx::Error> {
        self.leases.forget(account).await?;
        self.devices.forget(account).await?;
        self.grants.forget(account).await
    }

    /// Forgets what nobody can use any more.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        self.grants.sweep().await?;
        self.leases.sweep().await
    }

    /// Was it decided a moment ago that this grant's media may be handed out to this address? Does not wait: without a
    /// decision, [`App::may_stream`] makes one.
    pub(crate) fn streams(&self, grant: Uuid, address: IpAddr, now_ms: i64) -> bool {
        self.verdict(&(grant, address)).is_some_and(|verdict| verdict.is_fresh(now_ms))
    }

    fn verdict(&self, key: &(Uuid, IpAddr)) -> Option<Verdict> {
        self.verdicts.read().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    fn remember(&self, key: (Uuid, IpAddr), verdict: Verdict) {
        let mut verdicts = self.verdicts.write().unwrap_or_else(PoisonError::into_inner);
        if verdicts.len() >= MAX_VERDICTS {
            verdicts.retain(|_, kept| kept.outlasts_an_outage(verdict.asked_at_ms));
        }
        if verdicts.len() >= MAX_VERDICTS {
            verdicts.clear();
        }
        verdicts.insert(key, verdict);
    }

    fn forget(&self, grant: Uuid) {
        self.verdicts.write().unwrap_or_else(PoisonError::into_inner).retain(|(kept, _), _| *kept != grant);
    }
}

impl Verdict {
    fn is_fresh(&self, now_ms: i64) -> bool {
        (0..VERDICT_MS).contains(&(now_ms - self.asked_at_ms)) && self.outlasts_an_outage(now_ms)
    }

    fn outlasts_an_outage(&self, now_ms: i64) -> bool {
        (0..OUTAGE_MS).contains(&(now_ms - self.decided_at_ms))
    }
}

/// What the places are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Playback begins: the device is registered, a stream taken, from the grant that the device has used before too.
    Begin,
    /// It goes on: the device must still be registered, the grant's own stream is renewed or taken again.
    GoOn,
    /// The same, but the lease is young enough to be left alone if it is there.
    Check,
}

/// What a grant wants to have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) step: Step,
    /// Is it for a licence that may be kept?
    pub(crate) keep: bool,
    /// Thumbprint of the key that whoever begins has proved.
    pub(crate) key: Option<&'a str>,
}

impl App {
    /// Decides about a grant anew, whatever it was when it was made.
    pub(crate) async fn authorise(
        &self,
        grant: &StoredGrant,
        address: IpAddr,
        step: Step,
    ) -> Result<Allowance, ApiError> {
        self.authorise_for(grant, address, step, false).await
    }

    /// The same for a licence that may be kept.
    pub(crate) async fn authorise_for(
        &self,
        grant: &StoredGrant,
        address: IpAddr,
        step: Step,
        keep: bool,
    ) -> Result<Allowance, ApiError> {
        self.check_lasting(grant).await?;
        // Plan, profile and title may have changed since the grant was made.
        let viewer = self.viewer_of(&grant.account, &grant.profile, address).await?;
        let entry = self.catalog.entry(&grant.title).ok_or_else(|| ApiError::not_found("title"))?;
        self.admit(grant, viewer, &entry, Wanted { step, keep, key: None }).await
    }

    /// Is the grant still one, whatever it is for? It ends with the sign-in that it was made by. That is asked and not
    /// told: however a sign-in comes to its end (signed out, ended from elsewhere, another password or role, a stolen
    /// token, an account that is gone), there is no message that could be forgotten or lost.
    pub(crate) async fn check_lasting(&self, grant: &StoredGrant) -> Result<(), ApiError> {
        if grant.is_revoked || !self.is_signed_in(grant).await? {
            return Err(taken_back());
        }
        if self.clock.now_ms() >= grant.expires_at_ms {
            let error = ApiError::new(StatusCode::GONE, ProblemCode::GrantExpired, "The grant has expired");
            return Err(error.detail("Ask for playback again"));
        }
        Ok(())
    }

    async fn is_signed_in(&self, grant: &StoredGrant) -> Result<bool, sqlx::Error> {
        Ok(grant.family.is_empty() || self.identity.tokens.is_open(&grant.family).await?)
    }

    /// Frees the streams of those who have signed out: they are not heard of any more. Says whether there were any.
    async fn release_signed_out(&self, account: &AccountId) -> Result<bool, sqlx::Error> {
        let mut is_any = false;
        for id in self.entitlement.leases.grants(account).await? {
            let grant = self.entitlement.grants.find(&id).await?;
            if let Some(grant) = grant
                && !self.is_signed_in(&grant).await?
            {
                self.entitlement.leases.release(&id).await?;
                is_any = true;
            }
        }
        Ok(is_any)
    }

    /// Decides without asking for a place first, so that a title that is refused takes none, then with it.
    pub(crate) async fn admit(
        &self,
        grant: &StoredGrant,
        viewer: Viewer,
        entry: &Entry,
        place: Wanted<'_>,
    ) -> Result<Allowance, ApiError> {
        let Wanted { step, keep, key } = place;
        let plan = self.entitlement.plans.of(viewer.plan);
        let decide = |places: Places| {
            let purpose =
                if keep { Purpose::Keep(&grant.traits, places) } else { Purpose::Stream(&grant.traits, places) };
            match decide(viewer, entry.terms(), plan, purpose) {
                Decision::Allowed(allowance) => Ok(allowance),
                Decision::Refused(refusal) => Err(refusal),
            }
        };
        decide(Places::OPEN)?;
        let Entitlement { devices, leases, .. } = &self.entitlement;
        let claimant = Claimant { family: &grant.family, key };
        let asking = Asking { account: &grant.account, id: &grant.device, device: &grant.traits, claimant };
        let is_registered = match step {
            Step::Begin => devices.register(asking, plan).await?,
            Step::GoOn | Step::Check => devices.is_registered(&grant.account, &grant.device).await?,
        };
        let holder = Holder { account: &grant.account, device: &grant.device, grant: &grant.id };
        let mut streams = is_registered
            && (step == Step::Check && leases.is_held(holder).await?
                || leases.hold(holder, plan.streams, step).await?);
        if step == Step::Begin && is_registered && !streams && self.release_signed_out(&grant.account).await? {
            streams = leases.hold(holder, plan.streams, step).await?;
        }
        let slot = |held| if held { Slot::Held } else { Slot::Full };
        Ok(decide(Places { device: slot(is_registered), stream: slot(streams) })?)
    }

    /// May this grant's media be handed out to this address? Asks the database every few seconds, not every time.
    pub(crate) async fn may_stream(&self, id: Uuid, title: &TitleId, address: IpAddr) -> Result<(), ApiError> {
        let now_ms = self.clock.now_ms();
        let key = (id, address);
        let earlier = self.entitlement.verdict(&key);
        if earlier.is_some_and(|earlier| earlier.is_fresh(now_ms)) {
            return Ok(());
        }
        // Half a heartbeat: whoever loads segments is heard of as often as who sends heartbeats.
        let renew_every_ms = i64::try_from(self.entitlement.leases.heartbeat().as_millis()).unwrap_or(i64::MAX) / 2;
        let renewed = earlier.filter(|earlier| now_ms - earlier.renewed_at_ms < renew_every_ms);
        let step = if renewed.is_some() { Step::Check } else { Step::GoOn };
        let asked = self.ask(id, title, address, step);
        let outcome = match earlier.filter(|earlier| earlier.outlasts_an_outage(now_ms)) {
            None => asked.await,
            Some(earlier) => match tokio::time::timeout(PATIENCE, asked).await {
                Ok(Err(error)) if error.is_outage() => return self.go_on(key, earlier, now_ms),
                Err(_) => return self.go_on(key, earlier, now_ms),
                Ok(outcome) => outcome,
            },
        };
        match outcome {
            Ok(()) => {
                let renewed_at_ms = renewed.map_or(now_ms, |earlier| earlier.renewed_at_ms);
                let verdict = Verdict { decided_at_ms: now_ms, renewed_at_ms, asked_at_ms: now_ms };
                self.entitlement.remember(key, verdict);
                Ok(())
            }
            Err(error) => {
                self.entitlement.forget(id);
                Err(error)
            }
        }
    }

    /// While the database is away, a session goes on as it was permitted last.
    fn go_on(&self, key: (Uuid, IpAddr), earlier: Verdict, now_ms: i64) -> Result<(), ApiError> {
        tracing::warn!("the database does not answer; a session goes on as it was permitted last");
        self.entitlement.remember(key, Verdict { asked_at_ms: now_ms, ..earlier });
        Ok(())
    }

    /// Asks the database whether a grant's media may be handed out.
    async fn ask(&self, id: Uuid, title: &TitleId, address: IpAddr, step: Step) -> Result<(), ApiError> {
        let grant = self.entitlement.grants.find(&GrantId(id.to_string())).await?.filter(|grant| grant.title == *title);
        let grant = grant.ok_or_else(|| {
            ApiError::new(StatusCode::FORBIDDEN, ProblemCode::MediaTokenInvalid, "The address has expired")
                .detail("Ask for playback again")
        })?;
        self.authorise(&grant, address, step).await.map(drop)
    }

    /// Takes permissions back. Licences and heartbeats are refused from now on, segments within seconds, by every
    /// instance.
    pub(crate) async fn revoke(&self, what: &super::Revoked) -> Result<(), sqlx::Error> {
        self.entitlement.revoke(what).await
    }

    /// Who is watching, if the profile is the account's. Somebody else's is not told from one that does not exist.
    pub(crate) async fn viewer_of(
        &self,
        account: &AccountId,
        profile: &ProfileId,
        address: IpAddr,
    ) -> Result<Viewer, ApiError> {
        let accounts = &self.identity.accounts;
        let profile = accounts.profile(account, profile).await?.ok_or_else(|| ApiError::not_own("profile", account))?;
        let plan = accounts.plan(account).await?.ok_or_else(|| ApiError::not_found("account"))?;
        Ok(Viewer::new(plan, &profile, self.entitlement.place(address), self.clock.now_ms()))
    }
}

pub(crate) fn taken_back() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Revoked, "This permission was taken back")
}

/// The address that a request comes from, past the proxies that are ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<Shared> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Infallible> {
        // Without the accept loop, as in a test of the router alone, nothing is known.
        let nowhere = PeerAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let PeerAddress(peer) = parts.extensions.get().copied().unwrap_or(nowhere);
        // The listener has looked past the proxies.
        Ok(Self(peer))
    }
}
