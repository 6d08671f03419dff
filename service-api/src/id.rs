//! Identifiers. Opaque text on the wire, distinct types in the code.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The identifier as it travels.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id!(
    /// An account: who pays and signs in. A UUID.
    AccountId
);
text_id!(
    /// A profile: who watches. A UUID.
    ProfileId
);
text_id!(
    /// A title of the catalog. A slug such as `the-long-tide`; also the name of its folder in the library.
    TitleId
);
text_id!(
    /// One permission to play one title, made by `POST /v1/playback`. A UUID.
    GrantId
);
