//! The right to play one title, as the player sees it.

use crate::heartbeat::{Stream, has_run_out};
use player_core::drm::{KeySystemId, LicenseChallenge, LicenseDenied};
use player_core::{LicenseTransport, SourceRefresh, net::FetchError};
use service_api::{
    GrantId,
    client::{Client, ClientError},
    playback::{Heartbeat, PlaybackGrant, PlaybackStart},
    problem::ProblemCode,
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use url::Url;

/// How long the end of a title may take to be told: whoever leaves must not wait for it.
const END_WITHIN: Duration = Duration::from_secs(2);

/// The right to play one title: answers licence challenges, renews the address, and is heard of while it is used.
#[derive(Debug)]
pub struct Permit {
    client: Client,
    start: PlaybackStart,
    held: Mutex<Held>,
    refusal: watch::Sender<Option<ClientError>>,
}

#[derive(Debug)]
struct Held {
    /// The newest grant: licences and heartbeats go by the one that still lasts.
    grant: PlaybackGrant,
    /// The one whose addresses the player has.
    handed: GrantId,
}

impl Permit {
    /// From the answer to `start`.
    pub fn new(client: Client, start: PlaybackStart, grant: PlaybackGrant) -> Self {
        let handed = grant.id.clone();
        Self { client, start, held: Mutex::new(Held { grant, handed }), refusal: watch::Sender::new(None) }
    }

    /// Ends it, so that another device may have the stream at once. A service that does not answer forgets it by itself,
    /// in a minute.
    pub async fn end(&self) {
        let grant = self.grant_id();
        match tokio::time::timeout(END_WITHIN, self.client.end_playback(&grant)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the end of a title could not be told"),
            Err(_) => tracing::debug!("the end of a title could not be told in time"),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant_id(&self) -> GrantId {
        self.held().grant.id.clone()
    }

    async fn new_grant(&self) -> Result<PlaybackGrant, ClientError> {
        let grant = self.client.start_playback(&self.start).await?;
        self.held().grant = grant.clone();
        Ok(grant)
    }

    /// Somebody who cannot tell the viewer was told why there is no more to watch.
    fn note(&self, error: &ClientError) {
        if is_reason(error) {
            self.refusal.send_replace(Some(error.clone()));
        }
    }

    /// A fresh address, unless the service has said that it is over: a stream that was stopped elsewhere must not begin
    /// again by itself.
    async fn address(&self) -> Result<Url, ClientError> {
        let (grant, newer) = {
            let held = self.held();
            (held.grant.clone(), held.grant.id != held.handed)
        };
        let grant = match self.client.heartbeat(&grant.id, &Heartbeat::default()).await {
            Ok(_) if newer => grant,
            Ok(_) => self.new_grant().await?,
            Err(error) if has_run_out(&error) => self.new_grant().await?,
            Err(error) => return Err(error),
        };
        self.held().handed = grant.id.clone();
        self.client.absolute(&grant.manifest)
    }
}

#[async_trait::async_trait]
impl LicenseTransport for Permit {
    async fn request(&self, challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied> {
        if challenge.key_system != KeySystemId::CLEAR_KEY {
            return Err(LicenseDenied::Refused(format!("the service has no licences for {}", challenge.key_system)));
        }
        let challenge = challenge.body;
        let Some(path) = self.held().grant.licence.clone() else {
            return Err(LicenseDenied::Refused("the grant names no licence server".to_owned()));
        };
        let answer = match self.client.licence(&path, challenge.clone()).await {
            Err(error) if denied(&error) == LicenseDenied::Expired => {
                // The grant ran out while the player was paused; a new one comes with a new path.
                match self.new_grant().await {
                    Ok(PlaybackGrant { licence: Some(path), .. }) => self.client.licence(&path, challenge).await,
                    Ok(_) => return Err(LicenseDenied::Expired),
                    Err(error) => Err(error),
                }
            }
            answer => answer,
        };
        answer.map_err(|error| {
            self.note(&error);
            denied(&error)
        })
    }
}

#[async_trait::async_trait]
impl SourceRefresh for Permit {
    async fn refresh(&self) -> Result<Url, FetchError> {
        self.address().await.map_err(|error| {
            self.note(&error);
            match &error {
                ClientError::Problem(problem) => FetchError::Status(problem.status),
                ClientError::SignedOut => FetchError::Status(401),
                other => FetchError::Unreachable(other.to_string()),
            }
        })
    }
}

#[async_trait::async_trait]
impl Stream for Permit {
    fn interval(&self) -> Option<Duration> {
        self.held().grant.heartbeat_s.map(|seconds| Duration::from_secs(seconds.into()))
    }

    async fn beat(&self, position_s: f64) -> Result<Duration, ClientError> {
        let beat = Heartbeat { position_s: Some(position_s).filter(|position| position.is_finite()) };
        let answer = self.client.heartbeat(&self.grant_id(), &beat).await?;
        Ok(Duration::from_secs(answer.next_s.into()))
    }

    async fn renew(&self) -> Result<(), ClientError> {
        self.new_grant().await.map(drop)
    }

    async fn refused(&self) -> ClientError {
        let mut refusal = self.refusal.subscribe();
        loop {
            let told = refusal.borrow_and_update().clone();
            if let Some(error) = told {
                self.refusal.send_replace(None);
                return error;
            }
            if refusal.changed().await.is_err() {
                // The sender is ours.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Does it say why the title may not be watched, as opposed to what went wrong with one request?
fn is_reason(error: &ClientError) -> bool {
    use ProblemCode as Code;
    match error {
        ClientError::SignedOut => true,
        ClientError::Problem(problem) => matches!(
            problem.code,
            Code::StreamLimit
                | Code::DeviceLimit
                | Code::Revoked
                | Code::NotEntitled
                | Code::NotAvailableHere
                | Code::AddressHidden
                | Code::NotAvailableNow
                | Code::PinRequired
                | Code::Unauthenticated
        ),
        _ => false,
    }
}

fn denied(error: &ClientError) -> LicenseDenied {
    match error {
        error if error.is_offline() => LicenseDenied::Unreachable(error.to_string()),
        error if error.is_signed_out() => LicenseDenied::Unauthorised,
        ClientError::Problem(problem) => match problem.code {
            ProblemCode::GrantExpired => LicenseDenied::Expired,
            _ if problem.status == 451 => LicenseDenied::NotHere,
            _ => LicenseDenied::Refused(problem.title.clone()),
        },
        other => LicenseDenied::Refused(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixtures::problem;

    #[test]
    fn refusals_become_what_the_player_can_act_on() {
        assert_eq!(denied(&problem(ProblemCode::GrantExpired, 403)), LicenseDenied::Expired);
        assert_eq!(denied(&problem(ProblemCode::NotEntitled, 403)), LicenseDenied::Refused("No".into()));
        assert_eq!(denied(&ClientError::SignedOut), LicenseDenied::Unauthorised);
        assert!(matches!(denied(&problem(ProblemCode::Other, 503)), LicenseDenied::Unreachable(_)));
    }

    #[test]
    fn only_reasons_reach_the_viewer() {
        assert!(is_reason(&problem(ProblemCode::StreamLimit, 403)) && is_reason(&ClientError::SignedOut));
        for code in [ProblemCode::Internal, ProblemCode::UnknownKey, ProblemCode::GrantExpired] {
            assert!(!is_reason(&problem(code, 500)), "{code:?}");
        }
    }
}
