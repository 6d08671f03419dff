//! What went wrong with the service, in the words and with the action that a viewer needs.

use crate::language::tr;
use service_api::GrantId;
use std::fmt;

/// What the viewer can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    TryAgain,
    SignIn,
    GoBack,
    /// Another plan includes it.
    SeePlans,
    /// Another device has to go first.
    SeeDevices,
}

impl Remedy {
    /// The verb on the button.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::TryAgain => tr!("remedy-try-again"),
            Self::SignIn => tr!("sign-in"),
            Self::GoBack => tr!("back"),
            Self::SeePlans => tr!("remedy-see-plans"),
            Self::SeeDevices => tr!("remedy-see-devices"),
        }
    }
}

/// One sentence, one action, one code; the details are for a bug report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Sentence case, no full stop.
    pub(crate) sentence: String,
    pub(crate) remedy: Remedy,
    /// Stable, short, printable.
    pub(crate) code: String,
    pub(crate) detail: String,
    /// Streams on other devices that stand in the way; to end one makes room.
    pub(crate) elsewhere: Vec<Elsewhere>,
}

/// A stream of the account on another device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    /// What the device is called, and who watches there if there are several.
    pub(crate) device: String,
    pub(crate) grant: GrantId,
}

impl Failure {
    /// Code of a server that does not answer.
    pub(crate) const UNREACHABLE: &str = "unreachable";

    /// The server does not answer.
    #[cfg(test)]
    pub(crate) fn unreachable(detail: impl fmt::Display) -> Self {
        Self {
            sentence: "The server cannot be reached".to_owned(),
            remedy: Remedy::TryAgain,
            code: Self::UNREACHABLE.to_owned(),
            detail: detail.to_string(),
            elsewhere: Vec::new(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.sentence, self.code)
    }
}
