//! What can go wrong between this client and the service.

use super::token_store::StoreError;
use crate::problem::{Problem, ProblemCode};
use std::sync::Arc;

/// Why a call did not succeed. Cheap to clone: one failed refresh is reported to every call that waited for it.
///
/// Messages are for logs; [`ClientError::viewer_message`] is for people. Neither ever contains a token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The service answered that it will not, and why.
    #[error("{} ({}): {}", .0.title, .0.status, .0.detail.as_deref().unwrap_or("no detail"))]
    Problem(Problem),
    /// The service could not be reached, or went silent.
    #[error("network: {0}")]
    Network(NetworkError),
    /// There is no session, or the service ended it: sign in.
    #[error("signed out")]
    SignedOut,
    /// An error status without a problem document: a proxy in between, or a service that is not ours.
    #[error("unexpected status {status} from {path}")]
    UnexpectedStatus {
        /// The HTTP status.
        status: u16,
        /// The path asked for, without its query.
        path: String,
    },
    /// A success whose body does not follow the contract.
    #[error("unreadable answer from {path}: {detail}")]
    Malformed {
        /// The path asked for, without its query.
        path: String,
        /// What was expected and where it failed; never the body itself.
        detail: String,
    },
    /// An answer larger than this client is willing to hold.
    #[error("answer from {path} exceeds {limit} bytes")]
    TooLarge {
        /// The path asked for, without its query.
        path: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The address of the service is not one that may be used.
    #[error("service address: {0}")]
    InvalidOrigin(&'static str),
    /// A path that leads away from the service, where the token must not go.
    #[error("address outside the service refused")]
    ForeignAddress,
    /// The token store does not work.
    #[error("token store: {0}")]
    Store(#[from] StoreError),
    /// The HTTP client could not be made: no certificates, no TLS.
    #[error("cannot start the network client: {0}")]
    Setup(String),
}

impl ClientError {
    /// Is it worth showing what is known and trying again later? True when the service cannot be reached at all and
    /// when a gateway in front of it says so (502, 503, 504).
    pub fn is_offline(&self) -> bool {
        match self {
            Self::Network(_) => true,
            Self::Problem(problem) => is_gateway_status(problem.status),
            Self::UnexpectedStatus { status, .. } => is_gateway_status(*status),
            _ => false,
        }
    }

    /// Must the viewer sign in before anything else can work?
    pub fn is_signed_out(&self) -> bool {
        match self {
            Self::SignedOut => true,
            Self::Problem(problem) => {
                matches!(problem.code, ProblemCode::Unauthenticated | ProblemCode::TokenExpired)
            }
            _ => false,
        }
    }

    /// One sentence for the screen, in sentence case and without a full stop.
    pub fn viewer_message(&self) -> String {
        match self {
            Self::Problem(problem) => problem.title.clone(),
            Self::Network(error) => error.kind.viewer_message().to_owned(),
            Self::SignedOut => "Sign in to continue".to_owned(),
            Self::UnexpectedStatus { .. } if self.is_offline() => {
                "The service is not available right now, try again in a moment".to_owned()
            }
            Self::UnexpectedStatus { .. } | Self::Malformed { .. } | Self::TooLarge { .. } => {
                "The service sent an answer that this version cannot read".to_owned()
            }
            Self::InvalidOrigin(_) => "The address of the service is not valid".to_owned(),
            Self::ForeignAddress => "The service pointed to an address that is not its own".to_owned(),
            Self::Store(_) => "Your sign-in could not be kept on this device".to_owned(),
            Self::Setup(_) => "The network could not be set up on this device".to_owned(),
        }
    }
}

fn is_gateway_status(status: u16) -> bool {
    matches!(status, 502..=504)
}

/// A request that got no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{kind} at {path}")]
pub struct NetworkError {
    /// Which part failed.
    pub kind: NetworkKind,
    /// The path asked for, without its query.
    pub path: String,
    /// The cause, stripped of its address (which may carry a token).
    #[source]
    pub source: Option<Arc<reqwest::Error>>,
}

/// Where a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkKind {
    /// No connection: refused, no route, no such name, TLS refused. Nothing was sent.
    #[error("no connection")]
    Connect,
    /// Connected, but no answer in time.
    #[error("timed out")]
    Timeout,
    /// The connection broke in the middle.
    #[error("connection lost")]
    Interrupted,
}

impl NetworkKind {
    fn viewer_message(self) -> &'static str {
        match self {
            Self::Connect => "Cannot reach the service, check your connection",
            Self::Timeout => "The service is taking too long to answer, try again in a moment",
            Self::Interrupted => "The connection was lost, try again",
        }
    }
}

/// Why nobody is signed in after trying.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The service could not be asked, or answered with a problem.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// No port on 127.0.0.1 could be opened for the answer.
    #[error("cannot listen on loopback: {0}")]
    Listener(Arc<std::io::Error>),
    /// The service said no: the viewer cancelled, or the request was refused (RFC 6749, section 4.1.2.1).
    #[error("sign-in refused: {code}")]
    Refused {
        /// The registered error code, such as `access_denied`.
        code: String,
        /// What the service says about it.
        description: Option<String>,
    },
    /// Redirects kept arriving that do not belong to this sign-in.
    #[error("the redirects did not carry the state of this sign-in")]
    StateMismatch,
    /// The redirect names another authorization server (RFC 9207): a mix-up, the code was not used.
    #[error("the redirect came from another authorization server")]
    IssuerMismatch,
    /// The authorization server's own description is not usable.
    #[error("authorization server metadata: {0}")]
    Metadata(&'static str),
    /// The code was refused at the token endpoint.
    #[error("code not accepted: {0}")]
    CodeRefused(String),
    /// Nobody finished the page in time.
    #[error("timed out waiting for the browser")]
    TimedOut,
    /// Scripted sign-in: e-mail or password are wrong, in the words of the page.
    #[error("credentials refused: {0}")]
    CredentialsRefused(String),
    /// Scripted sign-in: the page is not one that the script understands.
    #[error("unexpected sign-in page: {0}")]
    UnexpectedPage(&'static str),
}

impl SignInError {
    /// One sentence for the screen, in sentence case and without a full stop.
    pub fn viewer_message(&self) -> String {
        match self {
            Self::Client(error) => error.viewer_message(),
            Self::Listener(_) => "This device does not allow the browser to answer, restart the app".to_owned(),
            Self::Refused { code, .. } if code == "access_denied" => "Sign-in was cancelled in the browser".to_owned(),
            Self::Refused { .. } | Self::CodeRefused(_) => "The service refused the sign-in, try again".to_owned(),
            Self::StateMismatch | Self::IssuerMismatch => {
                "The answer did not belong to this sign-in, nothing was accepted, try again".to_owned()
            }
            Self::Metadata(_) | Self::UnexpectedPage(_) => {
                "The service offers no sign-in that this version understands".to_owned()
            }
            Self::TimedOut => "The sign-in page was not finished in time, try again".to_owned(),
            Self::CredentialsRefused(text) => text.clone(),
        }
    }

    /// As [`ClientError::is_offline`].
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Client(error) if error.is_offline())
    }
}
