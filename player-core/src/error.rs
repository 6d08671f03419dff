//! What can go wrong, in terms that a viewer, a QA engineer and a program can each use.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A failure that reached the session. `detail` is for people who debug; viewers read [`ErrorCode::sentence`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("E{} {code}: {detail}", code.number())]
pub struct PlaybackError {
    pub code: ErrorCode,
    pub severity: Severity,
    /// Technical detail without secrets: addresses are shortened to their path's last part.
    pub detail: String,
}

impl PlaybackError {
    /// An error that ends the session.
    pub fn fatal(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, severity: Severity::Fatal, detail: detail.into() }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Dealt with; worth counting.
    Recovered,
    /// Playing, with less.
    Degraded,
    /// The session is over.
    Fatal,
}

/// What the viewer can do about a fatal error; the one button of the error card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    TryAgain,
    SignIn,
    GoBack,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $remedy:ident, $sentence:literal;)*) => {
        /// Stable error codes. Ranges: 1xxx network, 2xxx manifest, 3xxx container, 4xxx decode, 5xxx protection and
        /// entitlement, 6xxx output, 9xxx internal. A number is never used again for something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// Every code, in order of number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number shown to people.
            pub fn number(self) -> u16 {
                match self { $(Self::$name => $number,)* }
            }

            /// One sentence for a viewer.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// What the viewer can do.
            pub fn remedy(self) -> Remedy {
                match self { $(Self::$name => Remedy::$remedy,)* }
            }
        }
    };
}

error_codes! {
    /// No connection could be made, or it broke, for longer than the player keeps trying.
    Unreachable = 1001, TryAgain, "The server cannot be reached. Check your connection and try again";
    /// The server answered too slowly to be of use.
    TimedOut = 1002, TryAgain, "The server takes too long to answer. Try again in a moment";
    /// The server answered 5xx or 429 for longer than the player keeps trying.
    ServerFailed = 1003, TryAgain, "The server has a problem. Try again in a moment";
    /// The media are not there (404 or 410).
    Missing = 1004, GoBack, "This title is not available any more";
    /// The address was refused (401 or 403) also after it was renewed.
    Refused = 1005, SignIn, "Your sign-in is no longer valid for this title. Sign in again";
    /// 451, or a licence refused for the region.
    NotHere = 1006, GoBack, "This title is not available where you are";
    /// A body was larger than any such resource should be.
    TooLarge = 1007, GoBack, "The stream sent something far too large and was stopped";
    /// The manifest is not a playlist that can be read.
    ManifestInvalid = 2001, GoBack, "This stream cannot be read";
    /// The manifest is fine but offers nothing that this player can play.
    NothingPlayable = 2002, GoBack, "This stream has no picture or sound that can be played here";
    /// Media bytes are damaged or cut short, in every version of the stream.
    MediaDamaged = 3001, TryAgain, "Part of this title is damaged. Try again, or skip ahead";
    /// A container that this player does not take.
    ContainerUnsupported = 3002, GoBack, "This kind of stream is not supported";
    /// The decoder gave up.
    DecoderFailed = 4001, TryAgain, "The picture could not be decoded";
    /// No decoder for the codec.
    CodecUnsupported = 4002, GoBack, "No decoder for this kind of video or sound is installed";
    /// Encrypted, and nobody to ask for a key.
    LicenceUnavailable = 5001, SignIn, "This title is protected. Sign in to watch it";
    /// The licence server said no.
    LicenceRefused = 5002, GoBack, "Your plan does not include this title";
    /// The licence request needs a valid sign-in.
    LicenceUnauthorised = 5003, SignIn, "Sign in again to watch this title";
    /// The permission to play has expired.
    LicenceExpired = 5004, TryAgain, "Your permission to watch has expired. Try again to renew it";
    /// The answer of the licence server makes no sense.
    LicenceInvalid = 5005, TryAgain, "The licence for this title could not be read";
    /// The licence carries a key, but what it decrypts is not media.
    WrongKey = 5006, TryAgain, "The key for this title does not fit. Try again to fetch a new one";
    /// A protection scheme that this player does not take.
    SchemeUnsupported = 5007, GoBack, "This title uses a protection that is not supported here";
    /// The key may not be used on this output, as a screen without copy protection.
    OutputRestricted = 5008, GoBack, "This title may not be shown on this screen or connection";
    /// The content decryption module of this device has failed or does not answer.
    CdmFailed = 5009, TryAgain, "The protection module of this device has a problem. Try again";
    /// The output could not be opened or was lost.
    OutputFailed = 6001, TryAgain, "Picture or sound output could not be opened";
    /// A broken promise inside the player.
    Internal = 9001, TryAgain, "Something went wrong in the player";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_sentences_have_no_full_stop() {
        let mut numbers: Vec<_> = ErrorCode::ALL.iter().map(|code| code.number()).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), ErrorCode::ALL.len());
        assert!(numbers.is_sorted());
        assert!(ErrorCode::ALL.iter().all(|code| !code.sentence().ends_with('.')));
    }
}
