//! The right to play one title, as the player sees it.

use player_core::drm::{KeySystemId, LicenseChallenge, LicenseDenied};
use player_core::{LicenseTransport, SourceRefresh, net::FetchError};
use service_api::{
    client::{Client, ClientError},
    playback::{PlaybackGrant, PlaybackRequest},
    problem::ProblemCode,
};
use std::sync::{Mutex, PoisonError};
use url::Url;

/// The right to play one title: answers licence challenges and renews the address.
#[derive(Debug)]
pub struct Permit {
    client: Client,
    ask: PlaybackRequest,
    /// The newest grant: licences are asked for with the one that still lasts.
    grant: Mutex<PlaybackGrant>,
}

impl Permit {
    /// From the answer to `ask`.
    pub fn new(client: Client, ask: PlaybackRequest, grant: PlaybackGrant) -> Self {
        Self { client, ask, grant: Mutex::new(grant) }
    }

    fn licence_path(&self) -> Option<String> {
        self.grant.lock().unwrap_or_else(PoisonError::into_inner).licence.clone()
    }

    async fn renew(&self) -> Result<PlaybackGrant, ClientError> {
        let grant = self.client.playback(&self.ask).await?;
        *self.grant.lock().unwrap_or_else(PoisonError::into_inner) = grant.clone();
        Ok(grant)
    }
}

#[async_trait::async_trait]
impl LicenseTransport for Permit {
    async fn request(&self, challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied> {
        if challenge.key_system != KeySystemId::CLEAR_KEY {
            return Err(LicenseDenied::Refused(format!("the service has no licences for {}", challenge.key_system)));
        }
        let challenge = challenge.body;
        let Some(path) = self.licence_path() else {
            return Err(LicenseDenied::Refused("the grant names no licence server".to_owned()));
        };
        let answer = self.client.licence(&path, challenge.clone()).await.map_err(|error| denied(&error));
        if answer != Err(LicenseDenied::Expired) {
            return answer;
        }
        // The grant ran out while the player was paused; a new one comes with a new path.
        let grant = self.renew().await.map_err(|error| denied(&error))?;
        let path = grant.licence.ok_or(LicenseDenied::Expired)?;
        self.client.licence(&path, challenge).await.map_err(|error| denied(&error))
    }
}

#[async_trait::async_trait]
impl SourceRefresh for Permit {
    async fn refresh(&self) -> Result<Url, FetchError> {
        let status = |error: &ClientError| match error {
            ClientError::Problem(problem) => FetchError::Status(problem.status),
            ClientError::SignedOut => FetchError::Status(401),
            other => FetchError::Unreachable(other.to_string()),
        };
        let grant = self.renew().await.map_err(|error| status(&error))?;
        self.client.absolute(&grant.manifest).map_err(|error| status(&error))
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
}
