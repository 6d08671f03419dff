//! What to play: an address, or a title of a server with an account's permission.

use anyhow::{Context as _, bail};
use app_core::services::Permit;
use player_core::drm::KeySystems;
use player_core::{LicenseTransport, MediaTime, SourceRefresh};
use service_api::client::{Client, MemoryStore};
use service_api::playback::{PlaybackDevice, PlaybackRequest, PlaybackStart};
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
    /// What is to be heard of while a title plays, and ended after it.
    pub permit: Option<Arc<Permit>>,
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
            permit: None,
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
        Self::on_device(client, profile, title, device()).await
    }

    /// The same on a device of its own.
    pub async fn on_device(
        client: &Client,
        profile: &ProfileId,
        title: &str,
        device: PlaybackDevice,
    ) -> anyhow::Result<Self> {
        let request = PlaybackRequest { title: TitleId::from(title), profile: profile.clone() };
        let start = PlaybackStart { request, device };
        let grant = client.start_playback(&start).await.with_context(|| format!("no permission to play {title}"))?;
        let manifest = client.absolute(&grant.manifest)?;
        let permit = Arc::new(Permit::new(client.clone(), start, grant));
        let (licences, refresh): (Arc<dyn LicenseTransport>, Arc<dyn SourceRefresh>) = (permit.clone(), permit.clone());
        let (licences, refresh, key_systems) = (Some(licences), Some(refresh), KeySystems::default());
        let permit = Some(permit);
        let counter = server_stub::ingest::catalogue().iter().any(|known| known.qa && known.id.as_str() == title);
        let (name, start) = (title.to_owned(), MediaTime::ZERO);
        Ok(Self { manifest, name, start, licences, refresh, permit, key_systems, counter })
    }
}

/// One device, however often it runs: each sign-in would be another one, and a plan has places for a dozen.
fn device() -> PlaybackDevice {
    let name = "lumen-qa".to_owned();
    PlaybackDevice { id: Some(name.clone()), name: Some(name), ..PlaybackDevice::default() }
}
