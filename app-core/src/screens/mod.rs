//! One file per screen: what the focus can reach, and how it looks.

pub(crate) mod diagnostics;
pub(crate) mod dialog;
pub(crate) mod edit_profile;
pub(crate) mod home;
pub(crate) mod keys;
pub(crate) mod lines;
pub(crate) mod link;
pub(crate) mod nav;
pub(crate) mod notice;
pub(crate) mod pin;
pub(crate) mod profiles;
pub(crate) mod search;
mod search_tv;
pub(crate) mod settings;
pub(crate) mod sign_in;
mod sign_in_code;
pub(crate) mod title;
