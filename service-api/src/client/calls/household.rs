//! Calls about what a household keeps: lists, ratings, profiles, devices, the account itself.

use super::super::{Client, ClientError, http};
use crate::{
    ProfileId, TitleId,
    account::{AccountDetails, Consents, EraseAccount, SupportReceipt, SupportRequest},
    catalog::{TitleList, TitleSummary},
    identity::Device,
    problem::ProblemCode,
    profile::{Pin, ProfileChange, ProfileDetails, Rating},
    routes,
};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};

/// Largest export accepted, in bytes: ten thousand titles of eight profiles are about 10 MiB.
const EXPORT_LIMIT: usize = 32 << 20;

impl Client {
    /// What a profile wants to watch, the latest first.
    ///
    /// # Errors
    /// As [`Client::me`]; `pin-required` for a profile that is locked.
    pub async fn my_list(&self, profile: &ProfileId) -> Result<Vec<TitleSummary>, ClientError> {
        self.get_json(&routes::fill(routes::MY_LIST, &[("profile", profile.as_str())])).await
    }

    /// Puts a title on the list, or takes it away. Saying it twice is harmless.
    ///
    /// # Errors
    /// As [`Client::my_list`]; `limit-reached` for a list that is full.
    pub async fn set_listed(&self, profile: &ProfileId, title: &TitleId, listed: bool) -> Result<(), ClientError> {
        let path = of_title(routes::MY_LIST_TITLE, profile, title);
        if listed { self.send_empty(Method::PUT, &path).await } else { self.delete(&path).await }
    }

    /// What a profile thinks of a title; `None` if it has not said.
    ///
    /// # Errors
    /// As [`Client::my_list`].
    pub async fn rating(&self, profile: &ProfileId, title: &TitleId) -> Result<Option<Rating>, ClientError> {
        match self.get_json(&of_title(routes::RATING, profile, title)).await {
            Ok(rating) => Ok(Some(rating)),
            Err(ClientError::Problem(problem)) if problem.code == ProblemCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Rates a title, or takes the rating back.
    ///
    /// # Errors
    /// As [`Client::my_list`].
    pub async fn rate(&self, profile: &ProfileId, title: &TitleId, rating: Option<Rating>) -> Result<(), ClientError> {
        let path = of_title(routes::RATING, profile, title);
        match rating {
            Some(rating) => self.send_json(Method::PUT, &path, &rating).await,
            None => self.delete(&path).await,
        }
    }

    /// The next titles of a search; `cursor` is the `next` of those before.
    ///
    /// # Errors
    /// As [`Client::search`]; `invalid-request` for a cursor of another catalog.
    pub async fn search_more(&self, profile: &ProfileId, text: &str, cursor: &str) -> Result<TitleList, ClientError> {
        let route = format!("{}?q={{q}}&cursor={{cursor}}", routes::SEARCH);
        self.get_json(&routes::fill(&route, &[("profile", profile.as_str()), ("q", text), ("cursor", cursor)])).await
    }

    /// Makes a profile.
    ///
    /// # Errors
    /// As [`Client::me`]; `limit-reached` for one too many, `pin-required` if a PIN guards the household.
    pub async fn add_profile(&self, fields: &ProfileChange) -> Result<ProfileDetails, ClientError> {
        self.exchange(Method::POST, routes::PROFILES, fields).await
    }

    /// Changes a profile.
    ///
    /// # Errors
    /// As [`Client::add_profile`].
    pub async fn change_profile(
        &self,
        profile: &ProfileId,
        change: &ProfileChange,
    ) -> Result<ProfileDetails, ClientError> {
        self.exchange(Method::PATCH, &routes::fill(routes::PROFILE, &[("profile", profile.as_str())]), change).await
    }

    /// Removes a profile with everything that belongs to it.
    ///
    /// # Errors
    /// As [`Client::add_profile`]; `limit-reached` for the last one.
    pub async fn remove_profile(&self, profile: &ProfileId) -> Result<(), ClientError> {
        self.delete(&routes::fill(routes::PROFILE, &[("profile", profile.as_str())])).await
    }

    /// Sets a profile's PIN; an empty one takes it away.
    ///
    /// # Errors
    /// As [`Client::add_profile`].
    pub async fn set_pin(&self, profile: &ProfileId, pin: &Pin) -> Result<(), ClientError> {
        let path = routes::fill(routes::PROFILE_PIN, &[("profile", profile.as_str())]);
        self.send_json(Method::PUT, &path, pin).await
    }

    /// Devices and browsers that are signed in.
    ///
    /// # Errors
    /// As [`Client::me`]; `forbidden` unless the account manages its devices.
    pub async fn signed_in_devices(&self) -> Result<Vec<Device>, ClientError> {
        self.get_json(routes::ACCOUNT_DEVICES).await
    }

    /// Signs one of them out. One that is not there any more is signed out.
    ///
    /// # Errors
    /// As [`Client::signed_in_devices`].
    pub async fn end_signed_in_device(&self, device: &str) -> Result<(), ClientError> {
        self.delete(&routes::fill(routes::ACCOUNT_DEVICE, &[("device", device)])).await
    }

    /// The account with its plan and consents.
    ///
    /// # Errors
    /// As [`Client::me`].
    pub async fn account(&self) -> Result<AccountDetails, ClientError> {
        self.get_json(routes::ACCOUNT).await
    }

    /// Says what the owner agrees to.
    ///
    /// # Errors
    /// As [`Client::me`]; `forbidden` unless the account is the asker's to manage.
    pub async fn set_consents(&self, consents: &Consents) -> Result<(), ClientError> {
        self.send_json(Method::PUT, routes::ACCOUNT_CONSENTS, consents).await
    }

    /// Everything that the service keeps about the account, as the JSON text that it sent.
    ///
    /// # Errors
    /// As [`Client::set_consents`]; [`ClientError::TooLarge`] beyond 32 MiB.
    pub async fn export(&self) -> Result<Vec<u8>, ClientError> {
        let url = self.absolute(routes::ACCOUNT_EXPORT)?;
        let response = self.authorised(|| self.inner.http.request(Method::GET, url.clone())).await?;
        http::read_body(http::success(response).await?, EXPORT_LIMIT).await
    }

    /// Erases the account. Nothing of it can be asked for afterwards.
    ///
    /// # Errors
    /// As [`Client::set_consents`]; `forbidden` for a wrong password, `rate-limited` after too many.
    pub async fn erase_account(&self, erase: &EraseAccount) -> Result<(), ClientError> {
        self.send_json(Method::POST, routes::ACCOUNT_ERASE, erase).await
    }

    /// Asks for help.
    ///
    /// # Errors
    /// As [`Client::me`]; `rate-limited` after many requests of a day.
    pub async fn ask_support(&self, request: &SupportRequest) -> Result<SupportReceipt, ClientError> {
        self.exchange(Method::POST, routes::SUPPORT, request).await
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let url = self.absolute(path)?;
        let send = || self.inner.http.request(method.clone(), url.clone()).json(body);
        http::read_json(http::success(self.authorised(send).await?).await?).await
    }

    async fn send_json(&self, method: Method, path: &str, body: &impl Serialize) -> Result<(), ClientError> {
        let url = self.absolute(path)?;
        let response = self.authorised(|| self.inner.http.request(method.clone(), url.clone()).json(body)).await?;
        http::success(response).await.map(drop)
    }

    async fn send_empty(&self, method: Method, path: &str) -> Result<(), ClientError> {
        let url = self.absolute(path)?;
        let response = self.authorised(|| self.inner.http.request(method.clone(), url.clone())).await?;
        http::success(response).await.map(drop)
    }
}

fn of_title(route: &str, profile: &ProfileId, title: &TitleId) -> String {
    routes::fill(route, &[("profile", profile.as_str()), ("title", title.as_str())])
}
