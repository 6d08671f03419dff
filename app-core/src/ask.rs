//! Questions to the service about what a household keeps, and their answers. Carried out by `services/household.rs`.

use crate::failure::Failure;
use service_api::{
    ProfileId, TitleId,
    account::{AccountDetails, Consents, EraseAccount, SupportRequest},
    catalog::{TitleList, TitleSummary},
    identity::{Account, Device},
    profile::{Pin, ProfileChange, ProfileDetails},
};
use std::path::PathBuf;

/// One question. What is secret in it does not print.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ask {
    /// What a profile wants to watch.
    List(ProfileId),
    SetListed {
        profile: ProfileId,
        title: TitleId,
        listed: bool,
    },
    Rating {
        profile: ProfileId,
        title: TitleId,
    },
    Rate {
        profile: ProfileId,
        title: TitleId,
        thumbs: Option<i8>,
    },
    /// The next titles of a search.
    MoreFound {
        profile: ProfileId,
        text: String,
        cursor: String,
    },
    /// The account and all its profiles, whole.
    Household,
    /// Changes a profile, or makes one.
    SaveProfile {
        profile: Option<ProfileId>,
        change: ProfileChange,
    },
    RemoveProfile(ProfileId),
    SetPin {
        profile: ProfileId,
        pin: Pin,
    },
    Account,
    Devices,
    EndDevice(String),
    SetConsents(Consents),
    /// Saves all that is kept about the account as a file.
    Export,
    Erase(EraseAccount),
    Support(SupportRequest),
}

/// The account and its profiles, whole.
pub(crate) type HouseholdDocument = (Account, Vec<ProfileDetails>);

/// One answer.
#[derive(Debug)]
pub(crate) enum Told {
    List {
        profile: ProfileId,
        answer: Result<Vec<TitleSummary>, Failure>,
    },
    Listed {
        profile: ProfileId,
        title: TitleId,
        answer: Result<(), Failure>,
    },
    Rating {
        profile: ProfileId,
        title: TitleId,
        answer: Result<Option<i8>, Failure>,
    },
    Rated {
        profile: ProfileId,
        title: TitleId,
        answer: Result<(), Failure>,
    },
    MoreFound {
        text: String,
        answer: Result<TitleList, Failure>,
    },
    Household(Result<Box<HouseholdDocument>, Failure>),
    ProfileSaved(Result<Box<ProfileDetails>, Failure>),
    ProfileRemoved {
        profile: ProfileId,
        answer: Result<(), Failure>,
    },
    PinSet {
        profile: ProfileId,
        is_set: bool,
        answer: Result<(), Failure>,
    },
    Account(Result<Box<AccountDetails>, Failure>),
    Devices(Result<Vec<Device>, Failure>),
    DeviceEnded {
        device: String,
        answer: Result<(), Failure>,
    },
    ConsentsSet {
        consents: Consents,
        answer: Result<(), Failure>,
    },
    Exported(Result<PathBuf, Failure>),
    Erased(Result<(), Failure>),
    /// With the reference to name when one asks again.
    Supported(Result<String, Failure>),
}
