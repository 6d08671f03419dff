//! The profiles of the household: which are locked, what they look like, and changing them.

use super::{Effect, Failure, Loadable, Model, Place, pin::PinPurpose, pin::PinScreen};
use crate::{
    ask::{Ask, HouseholdDocument},
    failure::Remedy,
    language::tr,
};
use service_api::{
    ProfileId,
    profile::{Pin, ProfileChange, ProfileDetails},
};

/// Profiles of one account, at most: the service makes no more.
pub(crate) const MAX_PROFILES: usize = 8;
/// Ages that a ceiling can be set to, in years; the ratings of titles are among them.
pub(crate) const AGES: [u8; 5] = [0, 6, 9, 12, 16];
/// The ceiling of a profile for children that had none.
const KIDS_AGE: u8 = 6;
/// What takes a ceiling away.
const NO_CEILING: u8 = 99;
/// Colours to choose from; the avatars are drawn on them.
pub(crate) const COLOURS: [&str; 8] =
    ["#2F6BEA", "#E0503A", "#F5C04E", "#2FA36B", "#8A4FD8", "#D8488F", "#1F9BB5", "#7C8698"];

/// What is known of the household's profiles, and the one that is being changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Household {
    details: Vec<ProfileDetails>,
    /// Choosing a profile changes it instead of watching with it.
    pub(crate) is_managing: bool,
    pub(crate) editor: Option<Editor>,
}

impl Household {
    fn of(&self, profile: &ProfileId) -> Option<&ProfileDetails> {
        self.details.iter().find(|details| details.profile.id == *profile)
    }

    /// Name of the picture of a profile; empty for the initial.
    pub(crate) fn avatar(&self, profile: &ProfileId) -> &str {
        self.of(profile).map_or("", |details| details.avatar.as_str())
    }

    /// Does the profile take a PIN, as far as is known?
    pub(crate) fn is_locked(&self, profile: &ProfileId) -> bool {
        self.of(profile).is_some_and(|details| details.has_pin)
    }

    pub(crate) fn is_kids(&self, profile: &ProfileId) -> bool {
        self.of(profile).is_some_and(|details| details.kids)
    }
}

/// A profile that is being made or changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Editor {
    /// `None` while it is new.
    pub(crate) id: Option<ProfileId>,
    pub(crate) name: String,
    /// As `#RRGGBB`.
    pub(crate) colour: String,
    /// Empty for the initial.
    pub(crate) avatar: String,
    pub(crate) is_kids: bool,
    pub(crate) ceiling: Option<u8>,
    pub(crate) has_pin: bool,
    pub(crate) is_saving: bool,
    pub(crate) failure: Option<Failure>,
}

impl Editor {
    fn new(colour: &str) -> Self {
        Self {
            id: None,
            name: String::new(),
            colour: colour.to_owned(),
            avatar: String::new(),
            is_kids: false,
            ceiling: None,
            has_pin: false,
            is_saving: false,
            failure: None,
        }
    }

    fn of(details: &ProfileDetails) -> Self {
        Self {
            id: Some(details.profile.id.clone()),
            name: details.profile.name.clone(),
            avatar: details.avatar.clone(),
            is_kids: details.kids,
            ceiling: details.profile.maturity_ceiling,
            has_pin: details.has_pin,
            ..Self::new(&details.profile.colour)
        }
    }

    /// Can it be saved?
    pub(crate) fn is_complete(&self) -> bool {
        !self.name.trim().is_empty() && !self.is_saving
    }

    /// What the service is told: all of it, so that what is seen is what is kept.
    fn change(&self) -> ProfileChange {
        ProfileChange {
            name: Some(self.name.trim().to_owned()),
            colour: Some(self.colour.clone()),
            avatar: Some(self.avatar.clone()),
            language: None,
            kids: Some(self.is_kids),
            maturity_ceiling: Some(self.ceiling.unwrap_or(NO_CEILING)),
        }
    }

    /// The profile as it will be shown.
    pub(crate) fn preview(&self) -> service_api::identity::Profile {
        service_api::identity::Profile {
            id: self.id.clone().unwrap_or_else(|| "".into()),
            name: self.name.trim().to_owned(),
            colour: self.colour.clone(),
            maturity_ceiling: self.ceiling,
        }
    }
}

/// Wishes about profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HouseholdWish {
    /// Change profiles instead of choosing one.
    Manage(bool),
    Add,
    Edit(ProfileId),
    Colour(String),
    /// A name of the service's pictures; empty for the initial.
    Avatar(String),
    Kids(bool),
    Ceiling(Option<u8>),
    Save,
    ChoosePin,
}

impl Model {
    pub(super) fn update_household(&mut self, wish: HouseholdWish) -> Vec<Effect> {
        match wish {
            HouseholdWish::Manage(on) => {
                self.household.is_managing = on;
                return vec![];
            }
            HouseholdWish::Add => {
                let taken: Vec<&str> =
                    self.account.iter().flat_map(|a| &a.profiles).map(|profile| profile.colour.as_str()).collect();
                let free = COLOURS.into_iter().find(|colour| !taken.contains(colour)).unwrap_or(COLOURS[0]);
                self.household.editor = Some(Editor::new(free));
                self.place = Place::EditProfile;
                return vec![];
            }
            HouseholdWish::Edit(id) => {
                let known = self.account.iter().flat_map(|account| &account.profiles).find(|p| p.id == id).cloned();
                let editor = match (self.household.of(&id), known) {
                    (Some(details), _) => Editor::of(details),
                    (None, Some(profile)) => {
                        let name = profile.name.clone();
                        Editor { id: Some(id), name, ceiling: profile.maturity_ceiling, ..Editor::new(&profile.colour) }
                    }
                    (None, None) => return vec![],
                };
                self.household.editor = Some(editor);
                self.place = Place::EditProfile;
                return vec![];
            }
            _ => {}
        }
        let Some(editor) = self.household.editor.as_mut().filter(|editor| !editor.is_saving) else { return vec![] };
        editor.failure = None;
        match wish {
            HouseholdWish::Colour(colour) => editor.colour = colour,
            HouseholdWish::Avatar(avatar) => editor.avatar = avatar,
            HouseholdWish::Kids(on) => {
                editor.is_kids = on;
                // A child's profile always has a ceiling; the service would add one of its own.
                if on && editor.ceiling.is_none() {
                    editor.ceiling = Some(KIDS_AGE);
                }
            }
            HouseholdWish::Ceiling(age) => editor.ceiling = age,
            HouseholdWish::Save if editor.is_complete() => {
                editor.is_saving = true;
                return vec![Effect::Ask(Ask::SaveProfile { profile: editor.id.clone(), change: editor.change() })];
            }
            HouseholdWish::ChoosePin if editor.id.is_some() => {
                self.pin = Some(PinScreen::new(editor.preview(), PinPurpose::Choose));
                self.place = Place::Pin;
            }
            _ => {}
        }
        vec![]
    }

    pub(super) fn household_told(&mut self, answer: Result<HouseholdDocument, Failure>, now: f64) -> Vec<Effect> {
        let (account, details) = match answer {
            Ok(document) => document,
            Err(failure) if failure.remedy == Remedy::SignIn => return self.refused(Err(failure), "", now),
            Err(failure) => {
                // The gate works without knowing who is locked: the service asks for the PIN.
                tracing::info!(%failure, "the household is not known");
                return vec![];
            }
        };
        self.household.details = details;
        let current = self.profile.as_ref().and_then(|current| account.profiles.iter().find(|p| p.id == current.id));
        if let Some(current) = current.cloned() {
            if self.profile.as_ref().is_some_and(|before| before.maturity_ceiling != current.maturity_ceiling) {
                self.home = Loadable::Absent;
            }
            self.profile = Some(current);
        } else if self.profile.is_some() && self.place != Place::Player {
            // Removed, here or elsewhere.
            self.profile = None;
            self.home = Loadable::Absent;
            self.place = Place::Profiles;
        }
        self.account = Some(account);
        vec![]
    }

    pub(super) fn profile_saved(&mut self, answer: Result<ProfileDetails, Failure>, now: f64) -> Vec<Effect> {
        let Some(editor) = &mut self.household.editor else { return vec![] };
        editor.is_saving = false;
        match answer {
            Ok(saved) => {
                self.notify(&tr!("note-profile-saved", name = &saved.profile.name), now);
                self.household.editor = None;
                if self.place == Place::EditProfile {
                    self.place = Place::Profiles;
                }
                vec![Effect::Ask(Ask::Household)]
            }
            Err(failure) => {
                editor.failure = Some(failure);
                vec![]
            }
        }
    }

    pub(super) fn remove_profile(&mut self, profile: ProfileId) -> Vec<Effect> {
        if let Some(editor) = &mut self.household.editor {
            editor.is_saving = true;
            editor.failure = None;
        }
        vec![Effect::Ask(Ask::RemoveProfile(profile))]
    }

    pub(super) fn profile_removed(
        &mut self,
        profile: &ProfileId,
        answer: Result<(), Failure>,
        now: f64,
    ) -> Vec<Effect> {
        if let Err(failure) = answer {
            if let Some(editor) = &mut self.household.editor {
                editor.is_saving = false;
                editor.failure = Some(failure);
            }
            return vec![];
        }
        if let Some(account) = &mut self.account {
            account.profiles.retain(|known| known.id != *profile);
        }
        if self.is_watching(profile) {
            self.profile = None;
            self.home = Loadable::Absent;
        }
        self.household.editor = None;
        self.place = Place::Profiles;
        self.notify(tr!("note-profile-removed"), now);
        let mut effects = self.forget_searches_of(profile);
        effects.push(Effect::Ask(Ask::Household));
        effects
    }

    pub(super) fn remove_pin(&mut self, profile: ProfileId) -> Vec<Effect> {
        vec![Effect::Ask(Ask::SetPin { profile, pin: Pin { pin: String::new() } })]
    }

    pub(super) fn pin_set(
        &mut self,
        profile: &ProfileId,
        is_set: bool,
        answer: Result<(), Failure>,
        now: f64,
    ) -> Vec<Effect> {
        let choosing = self.pin.as_ref().is_some_and(|pin| pin.profile.id == *profile);
        if let Err(failure) = answer {
            if choosing {
                self.pin = self.pin.take().map(|pin| pin.refused(failure));
            } else if let Some(editor) = &mut self.household.editor {
                editor.failure = Some(failure);
            }
            return vec![];
        }
        if choosing {
            self.leave_pin();
        }
        if let Some(details) = self.household.details.iter_mut().find(|details| details.profile.id == *profile) {
            details.has_pin = is_set;
        }
        if let Some(editor) = self.household.editor.as_mut().filter(|editor| editor.id.as_ref() == Some(profile)) {
            editor.has_pin = is_set;
            editor.failure = None;
        }
        self.notify(if is_set { tr!("note-pin-set") } else { tr!("note-pin-removed") }, now);
        vec![]
    }
}

#[cfg(test)]
mod tests;
