//! The pages that people see in a browser: phone first, readable aloud, and working without a script.
//!
//! A page is made from what it says ([`sign_in::SignInPage`] and its neighbours) by [`layout`], which sets a policy that
//! allows nothing but its own style sheet, by hash, and forms that end here or at the address that an app has registered.
//! Only the pages with passkeys load a script, one static file of this server: browsers offer no other way.

mod account;
mod consent;
mod device;
mod label;
mod layout;
mod messages;
mod registration;
mod sign_in;

pub(crate) use account::{AccountPage, ListedDevice, ListedPasskey};
pub(crate) use consent::ConsentPage;
pub(crate) use device::{ConfirmDevicePage, EnterCodePage};
pub(crate) use label::{app_label, device_label};
pub(crate) use layout::{PASSKEY_SCRIPT, refusal};
pub(crate) use messages::{MessagePage, message};
pub(crate) use registration::{ConfirmPage, NewPasswordPage, RecoverPage, RegisterPage};
pub(crate) use sign_in::{DemoEntry, Entrance, SignInPage};
