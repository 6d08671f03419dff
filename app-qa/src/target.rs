//! What to play: an address, or a title of a server with an account's permission.

use anyhow::{Context as _, bail};
use app_core::services::Permit;
use player_core::drm::KeySystems;
use player_core::{LicenseTransport, MediaTime, SourceRefresh};
use service_api::client::{Client, MemoryStore};
use service_api::playback::PlaybackRequest;
use service_api::{ProfileId, TitleId};
use std::sync::Arc;
use url::Url;

/// Where the media are and who vouches for us.
#[derive(Clone, Debug)]
pub struct Target {
    pub manifest: Url,
    /// Name for people.
    pub name: String,
    pub start: MediaTime,
    pub licences: Option<Arc<dyn LicenseTransport>>,
    pub refresh: Option<Arc<dyn SourceRefresh>>,
    /// Who can get keys and decrypt.
    pub key_systems: KeySystems,
    /// Is it one of our QA titles, whose pictures all carry a counter?
    pub counter: bool,
}

/// An account to sign in with.
#[derive(Clone)]
pub struct Account {
    pub email: String,
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("email", &self.email).finish_non_exhaustive()
    }
}

impl Target {
    /// A stream by its address, signed out.
    pub fn from_url(manifest: Url) -> Self {
        let name = manifest.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default().to_owned();
        Self {
            manifest,
            name,
            start: MediaTime::ZERO,
            licences: None,
            refresh: None,
            key_systems: KeySystems::default(),
            counter: false,
        }
    }

    /// A title: signs in through the server's own pages and asks for permission to play.
    pub async fn from_title(server: &Url, title: &str, account: &Account) -> anyhow::Result<Self> {
        let client = Client::new(server.clone(), Arc::new(MemoryStore::default()))?;
        let signed_in = client.sign_in_with_form(&account.email, &account.password).await;
        let signed_in = signed_in.with_context(|| format!("cannot sign in as {}", account.email))?;
        let Some(profile) = signed_in.profiles.first() else { bail!("the account has no profile") };
        Self::with_client(&client, &profile.id, title).await
    }

    /// A title, with a client that is signed in.
    pub async fn with_client(client: &Client, profile: &ProfileId, title: &str) -> anyhow::Result<Self> {
        let request = PlaybackRequest { title: TitleId::from(title), profile: profile.clone() };
        let grant = client.playback(&request).await.with_context(|| format!("no permission to play {title}"))?;
        let manifest = client.absolute(&grant.manifest)?;
        let permit = Arc::new(Permit::new(client.clone(), request, grant));
        let (licences, refresh): (Arc<dyn LicenseTransport>, Arc<dyn SourceRefresh>) = (permit.clone(), permit);
        let (licences, refresh, key_systems) = (Some(licences), Some(refresh), KeySystems::default());
        let counter = server_stub::ingest::catalogue().iter().any(|known| known.qa && known.id.as_str() == title);
        Ok(Self { manifest, name: title.to_owned(), start: MediaTime::ZERO, licences, refresh, key_systems, counter })
    }
}
