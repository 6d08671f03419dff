//! What a household keeps at the service: lists, ratings, profiles, devices, the account.

use super::{Services, Shared, now_ms};
use crate::{
    app::Msg,
    ask::{Ask, HouseholdDocument, Told},
    failure::{Failure, Remedy},
    language::tr,
    refusal::failure,
    storage,
};
use service_api::{
    client::{Client, ClientError},
    problem::ProblemCode,
    profile::Rating,
};
use std::{future::Future, path::PathBuf, sync::Arc};

/// Copies of one day that stand beside each other.
const MAX_COPIES: u32 = 99;

impl Services {
    pub(super) fn ask(&self, ask: Ask) {
        match ask {
            Ask::List(profile) => {
                let asked = profile.clone();
                let answer = move |answer| Told::List { profile, answer };
                self.call(async move |client| client.my_list(&asked).await, answer);
            }
            Ask::SetListed { profile, title, listed } => {
                let (of, asked) = (profile.clone(), title.clone());
                let answer = move |answer| Told::Listed { profile, title, answer };
                self.call(async move |client| client.set_listed(&of, &asked, listed).await, answer);
            }
            Ask::Rating { profile, title } => {
                let (of, asked) = (profile.clone(), title.clone());
                let answer = move |answer| Told::Rating { profile, title, answer };
                let thumbs = |rating: Option<Rating>| rating.map(|rating| rating.thumbs);
                self.call(async move |client| client.rating(&of, &asked).await.map(thumbs), answer);
            }
            Ask::Rate { profile, title, thumbs } => {
                let (of, asked) = (profile.clone(), title.clone());
                let answer = move |answer| Told::Rated { profile, title, answer };
                let rating = thumbs.map(|thumbs| Rating { thumbs });
                self.call(async move |client| client.rate(&of, &asked, rating).await, answer);
            }
            Ask::MoreFound { profile, text, cursor } => {
                let asked = text.clone();
                let answer = move |answer| Told::MoreFound { text, answer };
                self.call(async move |client| client.search_more(&profile, &asked, &cursor).await, answer);
            }
            Ask::Household => self.call(async |client| household(&client).await.map(Box::new), Told::Household),
            Ask::SaveProfile { profile, change } => self.call(
                async move |client| {
                    let saved = match &profile {
                        Some(profile) => client.change_profile(profile, &change).await,
                        None => client.add_profile(&change).await,
                    };
                    saved.map(Box::new)
                },
                Told::ProfileSaved,
            ),
            Ask::RemoveProfile(profile) => {
                let asked = profile.clone();
                let answer = move |answer| Told::ProfileRemoved { profile, answer };
                self.call(async move |client| client.remove_profile(&asked).await, answer);
            }
            Ask::SetPin { profile, pin } => {
                let (asked, is_set) = (profile.clone(), !pin.pin.is_empty());
                let answer = move |answer| Told::PinSet { profile, is_set, answer };
                self.call(async move |client| client.set_pin(&asked, &pin).await, answer);
            }
            Ask::Account => self.call(async |client| client.account().await.map(Box::new), Told::Account),
            Ask::Devices => self.call(async |client| client.signed_in_devices().await, Told::Devices),
            Ask::EndDevice(device) => {
                let asked = device.clone();
                let answer = move |answer| Told::DeviceEnded { device, answer };
                self.call(async move |client| client.end_signed_in_device(&asked).await, answer);
            }
            Ask::SetConsents(consents) => {
                let answer = move |answer| Told::ConsentsSet { consents, answer };
                self.call(async move |client| client.set_consents(&consents).await, answer);
            }
            Ask::Export => self.answer(export, |answer| Msg::Told(Told::Exported(answer))),
            Ask::Erase(erase) => self.call(async move |client| client.erase_account(&erase).await, Told::Erased),
            Ask::Support(request) => self.call(
                async move |client| client.ask_support(&request).await.map(|receipt| receipt.reference),
                Told::Supported,
            ),
        }
    }

    /// One call of the client and its answer.
    fn call<T, F>(
        &self,
        call: impl FnOnce(Client) -> F + Send + 'static,
        told: impl FnOnce(Result<T, Failure>) -> Told + Send + 'static,
    ) where
        F: Future<Output = Result<T, ClientError>> + Send + 'static,
        T: Send + 'static,
    {
        self.answer(
            |shared: Arc<Shared>| async move {
                let client = shared.client()?.clone();
                call(client).await.map_err(|error| failure(&error))
            },
            move |answer| Msg::Told(told(answer)),
        );
    }
}

/// The account and its profiles, whole. One that is removed meanwhile is left out.
async fn household(client: &Client) -> Result<HouseholdDocument, ClientError> {
    let account = client.me().await?;
    let mut details = Vec::new();
    for profile in &account.profiles {
        match client.profile(&profile.id).await {
            Ok(profile) => details.push(profile),
            Err(ClientError::Problem(problem)) if problem.code == ProblemCode::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok((account, details))
}

/// Saves everything that is kept about the account where downloads go, readable for nobody else.
async fn export(shared: Arc<Shared>) -> Result<PathBuf, Failure> {
    let bytes = shared.client()?.export().await.map_err(|error| failure(&error))?;
    let saved = tokio::task::spawn_blocking(move || save_download(&downloads(), &bytes)).await;
    let unsaved = |detail: String| Failure {
        sentence: tr!("failure-not-saved").to_owned(),
        remedy: Remedy::TryAgain,
        code: "not-saved".to_owned(),
        detail,
        elsewhere: Vec::new(),
    };
    match saved {
        Ok(Ok(path)) => Ok(path),
        Ok(Err(error)) => Err(unsaved(error.to_string())),
        Err(error) => Err(unsaved(error.to_string())),
    }
}

/// The folder of downloads; without one, the home folder, and without that the current one.
fn downloads() -> PathBuf {
    let folders = directories::UserDirs::new();
    let chosen = folders.as_ref().map(|folders| folders.download_dir().unwrap_or(folders.home_dir()));
    chosen.map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Writes `lumen-export-2026-11-22.json`, with a number if there is one of today already.
fn save_download(folder: &std::path::Path, bytes: &[u8]) -> std::io::Result<PathBuf> {
    let day = chrono::DateTime::from_timestamp_millis(now_ms()).unwrap_or_default().format("%Y-%m-%d").to_string();
    let names = (1..=MAX_COPIES).map(|copy| match copy {
        1 => format!("lumen-export-{day}.json"),
        copy => format!("lumen-export-{day}-{copy}.json"),
    });
    let free = names.map(|name| folder.join(name)).find(|path| !path.exists());
    let path = free.ok_or(std::io::ErrorKind::AlreadyExists)?;
    storage::write_atomically(&path, bytes)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_do_not_replace_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let one = save_download(folder.path(), b"{}").unwrap();
        let two = save_download(folder.path(), b"[]").unwrap();
        assert_ne!(one, two);
        assert_eq!((std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap()), (b"{}".to_vec(), b"[]".to_vec()));
        assert!(two.to_string_lossy().ends_with("-2.json"));
    }
}
