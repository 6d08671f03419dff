//! The calls themselves, one per route.

mod household;

use super::{Client, ClientError, http};
use crate::{
    GrantId, ProfileId, TitleId,
    catalog::{Home, Title, TitleList, TitlePage},
    identity::Account,
    playback::{Heartbeat, HeartbeatAnswer, PlaybackGrant, PlaybackRequest, PlaybackStart, RegisteredDevice},
    problem::ProblemCode,
    profile::{Pin, ProfileDetails, Progress},
    routes,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;

/// Largest picture accepted, in bytes. A backdrop of 1920 by 1080 as JPEG is a few hundred kilobytes.
pub const PICTURE_LIMIT: usize = 8 << 20;
/// Largest licence accepted, in bytes. One Clear Key is about 120 bytes.
const LICENCE_LIMIT: usize = 64 << 10;

impl Client {
    /// The signed-in account with its profiles.
    ///
    /// # Errors
    /// As every call here: [`ClientError::SignedOut`] without a session, [`ClientError::Network`] when the service is
    /// away, [`ClientError::Problem`] when it refuses.
    pub async fn me(&self) -> Result<Account, ClientError> {
        self.get_json(routes::ME).await
    }

    /// Hero and rows of a profile's home screen.
    ///
    /// # Errors
    /// As [`Client::me`].
    pub async fn home(&self, profile: &ProfileId) -> Result<Home, ClientError> {
        self.get_json(&routes::fill(routes::HOME, &[("profile", profile.as_str())])).await
    }

    /// One title, whole. With a profile its ceiling holds and its position is told.
    ///
    /// # Errors
    /// As [`Client::me`].
    pub async fn title(&self, title: &TitleId, profile: Option<&ProfileId>) -> Result<Title, ClientError> {
        self.get_json(&title_path(title, profile)).await
    }

    /// Asks for permission to play. The grant's addresses are paths; [`Client::absolute`] completes them.
    ///
    /// # Errors
    /// As [`Client::me`]; problems of interest are `not-entitled` and `not-ready`.
    pub async fn playback(&self, request: &PlaybackRequest) -> Result<PlaybackGrant, ClientError> {
        let url = self.absolute(routes::PLAYBACK)?;
        let response = self.authorised(|| self.inner.http.request(Method::POST, url.clone()).json(request)).await?;
        http::read_json(http::success(response).await?).await
    }

    /// The same for a device that says which one it is.
    ///
    /// # Errors
    /// As [`Client::playback`]; also `stream-limit` and `device-limit`.
    pub async fn start_playback(&self, start: &PlaybackStart) -> Result<PlaybackGrant, ClientError> {
        let url = self.absolute(routes::PLAYBACK)?;
        let response = self.authorised(|| self.inner.http.request(Method::POST, url.clone()).json(start)).await?;
        http::read_json(http::success(response).await?).await
    }

    /// Says that a grant is being watched, which keeps its stream.
    ///
    /// # Errors
    /// As [`Client::me`]; problems of interest are `stream-limit`, `revoked` and `grant-expired`, and whatever
    /// [`Client::playback`] can be refused with: everything is decided anew each time.
    pub async fn heartbeat(&self, grant: &GrantId, beat: &Heartbeat) -> Result<HeartbeatAnswer, ClientError> {
        let url = self.absolute(&routes::fill(routes::PLAYBACK_HEARTBEAT, &[("grant", grant.as_str())]))?;
        let response = self.authorised(|| self.inner.http.request(Method::POST, url.clone()).json(beat)).await?;
        http::read_json(http::success(response).await?).await
    }

    /// Ends a grant, so that its stream is free at once. One that is not there any more has ended.
    ///
    /// # Errors
    /// As [`Client::me`].
    pub async fn end_playback(&self, grant: &GrantId) -> Result<(), ClientError> {
        self.delete(&routes::fill(routes::PLAYBACK_GRANT, &[("grant", grant.as_str())])).await
    }

    /// The devices of the account that have asked for playback, the latest used first.
    ///
    /// # Errors
    /// As [`Client::me`]; `forbidden` unless the account manages its devices.
    pub async fn playback_devices(&self) -> Result<Vec<RegisteredDevice>, ClientError> {
        self.get_json(routes::PLAYBACK_DEVICES).await
    }

    /// Removes a device: its stream and its place are free, and it may ask anew.
    ///
    /// # Errors
    /// As [`Client::playback_devices`].
    pub async fn remove_playback_device(&self, device: &str) -> Result<(), ClientError> {
        self.delete(&routes::fill(routes::PLAYBACK_DEVICE, &[("device", device)])).await
    }

    /// One title and where it stands among others: the seasons of a series, what comes after an episode.
    ///
    /// # Errors
    /// As [`Client::me`].
    pub async fn title_page(&self, title: &TitleId, profile: Option<&ProfileId>) -> Result<TitlePage, ClientError> {
        self.get_json(&title_path(title, profile)).await
    }

    /// Titles that fit what was typed, as the profile may see them.
    ///
    /// # Errors
    /// As [`Client::me`]; `invalid-request` for more text than the service reads.
    pub async fn search(&self, profile: &ProfileId, text: &str) -> Result<TitleList, ClientError> {
        let route = format!("{}?q={{q}}", routes::SEARCH);
        self.get_json(&routes::fill(&route, &[("profile", profile.as_str()), ("q", text)])).await
    }

    /// A profile, whole; needs no PIN.
    ///
    /// # Errors
    /// As [`Client::me`].
    pub async fn profile(&self, profile: &ProfileId) -> Result<ProfileDetails, ClientError> {
        self.get_json(&routes::fill(routes::PROFILE, &[("profile", profile.as_str())])).await
    }

    /// Gives a profile's PIN, so that this sign-in may use it from now on.
    ///
    /// # Errors
    /// As [`Client::me`]; `pin-wrong`, with a time to wait if it was wrong too often.
    pub async fn unlock_profile(&self, profile: &ProfileId, pin: &Pin) -> Result<(), ClientError> {
        let url = self.absolute(&routes::fill(routes::PROFILE_UNLOCK, &[("profile", profile.as_str())]))?;
        let response = self.authorised(|| self.inner.http.request(Method::POST, url.clone()).json(pin)).await?;
        http::success(response).await.map(drop)
    }

    /// Exchanges a licence challenge at the path that the grant names. Both sides are opaque here.
    ///
    /// # Errors
    /// As [`Client::me`]; problems of interest are `grant-expired`, `not-entitled` and `unknown-key`.
    pub async fn licence(&self, path: &str, challenge: Vec<u8>) -> Result<Vec<u8>, ClientError> {
        let url = self.absolute(path)?;
        let response = self
            .authorised(|| {
                self.inner
                    .http
                    .request(Method::POST, url.clone())
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(challenge.clone())
            })
            .await?;
        http::read_body(http::success(response).await?, LICENCE_LIMIT).await
    }

    /// How far a title was watched; `None` if it was not begun.
    ///
    /// # Errors
    /// As [`Client::me`].
    pub async fn progress(&self, profile: &ProfileId, title: &TitleId) -> Result<Option<Progress>, ClientError> {
        let url = self.absolute(&progress_path(profile, title))?;
        let response = self.authorised(|| self.inner.http.request(Method::GET, url.clone())).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        match http::success(response).await {
            Ok(response) => http::read_json(response).await,
            Err(ClientError::Problem(problem)) if problem.code == ProblemCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Saves how far a title was watched. Late repetitions are harmless: the newest `taken_at_ms` wins.
    ///
    /// # Errors
    /// As [`Client::me`].
    pub async fn save_progress(
        &self,
        profile: &ProfileId,
        title: &TitleId,
        progress: &Progress,
    ) -> Result<(), ClientError> {
        let url = self.absolute(&progress_path(profile, title))?;
        let response = self.authorised(|| self.inner.http.request(Method::PUT, url.clone()).json(progress)).await?;
        // The answer is the position that holds. It is read so that the connection can be used again.
        http::read_body(http::success(response).await?, http::JSON_LIMIT).await.map(drop)
    }

    /// Is the service there? Asks for its public description; no session is needed.
    ///
    /// # Errors
    /// As [`Client::picture`].
    pub async fn probe(&self) -> Result<(), ClientError> {
        let url = self.absolute(crate::routes::OAUTH_METADATA)?;
        let response = self.inner.http.send(self.inner.http.request(Method::GET, url)).await?;
        http::read_body(http::success(response).await?, http::JSON_LIMIT).await.map(drop)
    }

    /// The bytes of a picture, at most [`PICTURE_LIMIT`]. Pictures are public: no token is sent.
    ///
    /// # Errors
    /// As [`Client::me`], except that no session is needed; [`ClientError::TooLarge`] beyond the limit.
    pub async fn picture(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let response = self.inner.http.send(self.inner.http.request(Method::GET, self.absolute(path)?)).await?;
        http::read_body(http::success(response).await?, PICTURE_LIMIT).await
    }

    async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let url = self.absolute(path)?;
        let response = self.authorised(|| self.inner.http.request(Method::GET, url.clone())).await?;
        http::read_json(http::success(response).await?).await
    }

    async fn delete(&self, path: &str) -> Result<(), ClientError> {
        let url = self.absolute(path)?;
        let response = self.authorised(|| self.inner.http.request(Method::DELETE, url.clone())).await?;
        match http::success(response).await {
            Ok(_) => Ok(()),
            Err(ClientError::Problem(problem)) if problem.code == ProblemCode::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends with the access token; renews it and sends again, once, if the service does not accept it.
    async fn authorised(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, ClientError> {
        let access = self.inner.session.access(None).await?;
        let response = self.inner.http.send(request().bearer_auth(access.secret())).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        // Expired by the service's clock, or revoked: asleep for a while, or a signing key replaced.
        let renewed = self.inner.session.access(Some(&access)).await?;
        let response = self.inner.http.send(request().bearer_auth(renewed.secret())).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            tracing::warn!(path = response.url().path(), "a fresh access token was refused");
        }
        Ok(response)
    }
}

fn title_path(title: &TitleId, profile: Option<&ProfileId>) -> String {
    let route = match profile {
        Some(_) => format!("{}?profile={{profile}}", routes::TITLE),
        None => routes::TITLE.to_owned(),
    };
    routes::fill(&route, &[("title", title.as_str()), ("profile", profile.map_or("", ProfileId::as_str))])
}

fn progress_path(profile: &ProfileId, title: &TitleId) -> String {
    routes::fill(routes::PROGRESS, &[("profile", profile.as_str()), ("title", title.as_str())])
}
