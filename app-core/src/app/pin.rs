//! A profile that is locked: its PIN is asked for before anything of it is shown. And choosing one, which takes the
//! same digits twice.

use super::{Effect, Failure, Model, Place};
use crate::{ask::Ask, failure::Remedy, language::tr};
use service_api::{identity::Profile, profile::Pin};
use std::fmt;

/// Shortest and longest PIN.
const SHORTEST: usize = 4;
const LONGEST: usize = 8;

/// The code of an answer that says that the profile is locked.
const REQUIRED: &str = "pin-required";

/// The page where a PIN is given.
#[derive(Clone, PartialEq)]
pub(crate) struct PinScreen {
    pub(crate) profile: Profile,
    digits: String,
    pub(crate) purpose: PinPurpose,
    pub(crate) is_asking: bool,
    pub(crate) failure: Option<Failure>,
}

/// What the digits are for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum PinPurpose {
    /// The profile is locked with them.
    Unlock,
    /// They are to be its PIN.
    Choose,
    /// The same again: what was chosen.
    Repeat(String),
}

impl PinScreen {
    pub(super) fn new(profile: Profile, purpose: PinPurpose) -> Self {
        Self { profile, digits: String::new(), purpose, is_asking: false, failure: None }
    }

    /// The service does not take what was chosen.
    pub(super) fn refused(self, failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::new(self.profile, PinPurpose::Choose) }
    }

    /// What the page asks for.
    pub(crate) fn heading(&self) -> String {
        let name = &self.profile.name;
        match self.purpose {
            PinPurpose::Unlock => tr!("pin-enter", name = name),
            PinPurpose::Choose => tr!("pin-choose", name = name),
            PinPurpose::Repeat(_) => tr!("pin-repeat").to_owned(),
        }
    }

    /// How many digits were given; which ones is nobody's business.
    pub(crate) fn count(&self) -> usize {
        self.digits.len()
    }

    /// Can it be a PIN?
    pub(crate) fn is_complete(&self) -> bool {
        self.digits.len() >= SHORTEST && !self.is_asking
    }
}

impl fmt::Debug for PinScreen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinScreen").field("profile", &self.profile.id).finish_non_exhaustive()
    }
}

/// Wishes at that page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinMsg {
    /// 0 to 9.
    Digit(u8),
    Erase,
    Submit,
}

impl fmt::Debug for PinMsg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digit(_) => "Digit(..)",
            Self::Erase => "Erase",
            Self::Submit => "Submit",
        })
    }
}

impl Model {
    /// Is the failure that the profile is locked? Then its PIN is asked for.
    pub(super) fn is_locked(&mut self, failure: &Failure) -> bool {
        if failure.code != REQUIRED || self.place == Place::Player {
            return false;
        }
        let Some(profile) = self.profile.take() else { return false };
        self.home = super::Loadable::Absent;
        self.titles.clear();
        self.pin = Some(PinScreen::new(profile, PinPurpose::Unlock));
        self.place = Place::Pin;
        true
    }

    pub(super) fn update_pin(&mut self, msg: PinMsg) -> Vec<Effect> {
        let Some(pin) = self.pin.as_mut().filter(|pin| !pin.is_asking) else { return vec![] };
        match msg {
            PinMsg::Digit(digit @ 0..=9) if pin.digits.len() < LONGEST => {
                pin.failure = None;
                pin.digits.push(char::from(b'0' + digit));
            }
            PinMsg::Erase => {
                pin.digits.pop();
            }
            PinMsg::Submit if pin.is_complete() => {
                let given = std::mem::take(&mut pin.digits);
                let profile = pin.profile.id.clone();
                match std::mem::replace(&mut pin.purpose, PinPurpose::Choose) {
                    PinPurpose::Unlock => {
                        pin.purpose = PinPurpose::Unlock;
                        pin.is_asking = true;
                        return vec![Effect::Unlock { profile, pin: Pin { pin: given } }];
                    }
                    PinPurpose::Choose => pin.purpose = PinPurpose::Repeat(given),
                    PinPurpose::Repeat(chosen) if chosen == given => {
                        pin.is_asking = true;
                        return vec![Effect::Ask(Ask::SetPin { profile, pin: Pin { pin: given } })];
                    }
                    PinPurpose::Repeat(_) => pin.failure = Some(differs()),
                }
            }
            PinMsg::Digit(_) | PinMsg::Submit => {}
        }
        vec![]
    }

    pub(super) fn unlocked(&mut self, profile: &service_api::ProfileId, answer: Result<(), Failure>) -> Vec<Effect> {
        let Some(pin) = self.pin.as_mut().filter(|pin| pin.profile.id == *profile) else { return vec![] };
        pin.is_asking = false;
        match answer {
            Ok(()) => {
                let profile = pin.profile.clone();
                self.pin = None;
                self.enter_home(profile)
            }
            Err(failure) => {
                pin.failure = Some(failure);
                vec![]
            }
        }
    }

    /// Back to the choice of profiles, or to the profile whose PIN was to be chosen.
    pub(super) fn leave_pin(&mut self) {
        self.pin = None;
        self.place = if self.household.editor.is_some() { Place::EditProfile } else { Place::Profiles };
    }
}

fn differs() -> Failure {
    Failure {
        sentence: tr!("pin-differs").to_owned(),
        remedy: Remedy::TryAgain,
        code: "pin-differs".to_owned(),
        detail: String::new(),
        elsewhere: Vec::new(),
    }
}
