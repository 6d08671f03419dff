//! What viewers ask for on the pages about the household and the account, and the fields they type in.

use super::{Effect, Model, Place, household::HouseholdWish, settings_page::SettingsWish, taste::TasteWish};
use crate::{ask::Told, language::tr};
use service_api::ProfileId;
use std::fmt;

/// One wish. It stands on a line of a page until it is activated, so it can be copied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    Taste(TasteWish),
    Household(HouseholdWish),
    Settings(SettingsWish),
    /// The whole text of a field.
    Type(Field, Typed),
    /// Opens the keys on the screen for a field: a television has no others.
    OpenKeys(Field),
    /// One letter from them.
    Key(char),
    EraseKey,
    CloseKeys,
    /// Asks before it is done.
    Confirm(Confirm),
    /// The answer to that.
    Confirmed(bool),
}

/// What was typed. It may be a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Typed(pub(crate) String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// A field to type in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Field {
    ProfileName,
    Message,
    Password,
}

impl Field {
    pub(crate) const ALL: [Self; 3] = [Self::ProfileName, Self::Message, Self::Password];

    /// Longest text, in characters.
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::ProfileName => 32,
            Self::Message => service_api::account::SupportRequest::MESSAGE_LIMIT,
            Self::Password => 1024,
        }
    }

    pub(crate) fn is_secret(self) -> bool {
        self == Self::Password
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ProfileName => tr!("profile-name"),
            Self::Message => tr!("support-message"),
            Self::Password => tr!("erase-password-hint"),
        }
    }
}

/// What is asked about before it is done: it cannot be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    RemoveProfile {
        profile: ProfileId,
        name: String,
    },
    RemovePin {
        profile: ProfileId,
        name: String,
    },
    EndDevice {
        device: String,
        name: String,
    },
    ForgetSearches,
    Erase,
    /// Asked first, and then again: a television is used by children too.
    Reset,
    ResetForGood,
}

impl Confirm {
    pub(crate) fn question(&self) -> String {
        match self {
            Self::RemoveProfile { name, .. } => tr!("confirm-remove-profile", name = name),
            Self::RemovePin { name, .. } => tr!("confirm-remove-pin", name = name),
            Self::EndDevice { name, .. } => tr!("confirm-end-device", name = name),
            Self::ForgetSearches => tr!("confirm-forget-searches").to_owned(),
            Self::Erase => tr!("confirm-erase").to_owned(),
            Self::Reset => tr!("confirm-reset").to_owned(),
            Self::ResetForGood => tr!("confirm-reset-for-good").to_owned(),
        }
    }

    /// What it means.
    pub(crate) fn consequence(&self) -> &'static str {
        match self {
            Self::RemoveProfile { .. } => {
                tr!("confirm-remove-profile-means")
            }
            Self::RemovePin { .. } => tr!("confirm-remove-pin-means"),
            Self::EndDevice { .. } => tr!("confirm-end-device-means"),
            Self::ForgetSearches => tr!("confirm-forget-searches-means"),
            Self::Reset => tr!("confirm-reset-means"),
            Self::ResetForGood => tr!("confirm-reset-for-good-means"),
            Self::Erase => {
                tr!("confirm-erase-means")
            }
        }
    }

    /// The verb on the button.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::RemoveProfile { .. } | Self::RemovePin { .. } => tr!("remove"),
            Self::EndDevice { .. } => tr!("sign-out"),
            Self::ForgetSearches => tr!("forget"),
            Self::Erase => tr!("erase-for-ever"),
            Self::Reset => tr!("reset-offer"),
            Self::ResetForGood => tr!("reset-now"),
        }
    }
}

impl Model {
    pub(super) fn update_wish(&mut self, wish: Wish, now: f64) -> Vec<Effect> {
        match wish {
            Wish::Taste(wish) => self.update_taste(wish, now),
            Wish::Household(wish) => self.update_household(wish),
            Wish::Settings(wish) => self.update_settings(wish),
            Wish::Type(field, Typed(text)) => {
                self.set_field(field, text.chars().take(field.limit()).collect());
                vec![]
            }
            Wish::OpenKeys(field) => {
                self.keys = Some(field);
                vec![]
            }
            Wish::CloseKeys => {
                self.keys = None;
                vec![]
            }
            Wish::Key(letter) => {
                if let Some(field) = self.keys {
                    let text = format!("{}{letter}", self.field(field));
                    self.set_field(field, text.chars().take(field.limit()).collect());
                }
                vec![]
            }
            Wish::EraseKey => {
                if let Some(field) = self.keys {
                    let mut text = self.field(field).to_owned();
                    text.pop();
                    self.set_field(field, text);
                }
                vec![]
            }
            Wish::Confirm(confirm) => {
                self.confirm = Some(confirm);
                vec![]
            }
            Wish::Confirmed(yes) => match self.confirm.take().filter(|_| yes) {
                Some(confirm) => self.confirmed(confirm, now),
                None => vec![],
            },
        }
    }

    fn confirmed(&mut self, confirm: Confirm, now: f64) -> Vec<Effect> {
        match confirm {
            Confirm::RemoveProfile { profile, .. } => self.remove_profile(profile),
            Confirm::RemovePin { profile, .. } => self.remove_pin(profile),
            Confirm::EndDevice { device, .. } => self.end_device(device),
            Confirm::ForgetSearches => self.forget_searches(now),
            Confirm::Erase => self.erase(),
            Confirm::Reset => {
                self.confirm = Some(Confirm::ResetForGood);
                vec![]
            }
            Confirm::ResetForGood => self.factory_reset(),
        }
    }

    /// What stands in a field.
    pub(crate) fn field(&self, field: Field) -> &str {
        match field {
            Field::ProfileName => self.household.editor.as_ref().map_or("", |editor| editor.name.as_str()),
            Field::Message => &self.settings_page.message,
            Field::Password => self.settings_page.password(),
        }
    }

    fn set_field(&mut self, field: Field, text: String) {
        match field {
            Field::ProfileName => {
                if let Some(editor) = &mut self.household.editor {
                    editor.name = text;
                }
            }
            Field::Message => self.settings_page.message = text,
            Field::Password => self.settings_page.set_password(text),
        }
    }

    pub(super) fn told(&mut self, told: Told, now: f64) -> Vec<Effect> {
        match told {
            Told::List { profile, answer } => self.list_told(&profile, answer),
            Told::Listed { profile, title, answer } => self.listed_told((profile, title), answer, now),
            Told::Rating { profile, title, answer } => {
                self.rating_told(&profile, title, answer);
                vec![]
            }
            Told::Rated { profile, title, answer } => self.rated_told((profile, title), answer, now),
            Told::MoreFound { text, answer } => self.more_found(&text, answer, now),
            Told::Household(answer) => self.household_told(answer.map(|document| *document), now),
            Told::ProfileSaved(answer) => self.profile_saved(answer.map(|saved| *saved), now),
            Told::ProfileRemoved { profile, answer } => self.profile_removed(&profile, answer, now),
            Told::PinSet { profile, is_set, answer } => self.pin_set(&profile, is_set, answer, now),
            Told::Account(answer) => self.account_told(answer.map(|account| *account), now),
            Told::Devices(answer) => self.devices_told(answer, now),
            Told::DeviceEnded { device, answer } => self.device_ended(&device, answer, now),
            Told::ConsentsSet { consents, answer } => self.consents_set(consents, answer, now),
            Told::Exported(answer) => self.exported(answer),
            Told::Erased(answer) => self.erased(answer, now),
            Told::Supported(answer) => self.supported(answer),
        }
    }

    /// Closes what is open above a page; `false` if nothing is.
    pub(super) fn close_above(&mut self) -> bool {
        if self.confirm.take().is_some() {
            return true;
        }
        self.keys.take().is_some()
    }

    /// Leaves the page of a profile or of the settings.
    pub(super) fn leave_page(&mut self) -> Vec<Effect> {
        match self.place {
            Place::EditProfile => {
                self.household.editor = None;
                self.place = Place::Profiles;
                vec![]
            }
            _ => {
                self.settings_page.forget_secrets();
                self.place = if self.profile.is_some() { Place::Home } else { Place::Profiles };
                if self.place == Place::Home { self.load_home() } else { vec![] }
            }
        }
    }
}
