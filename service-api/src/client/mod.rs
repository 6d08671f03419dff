//! The typed client of the service, for every front-end.
//!
//! Three nouns: a [`Client`] makes calls, a [`SignIn`] is one attempt to get in through the system browser, a
//! [`TokenStore`] keeps the session over restarts. Tokens never leave this module: callers get accounts, titles and
//! grants, and media URLs that carry their own short-lived permission.
//!
//! ```no_run
//! use service_api::client::{Client, default_store};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let origin = url::Url::parse("http://127.0.0.1:8080")?;
//! let client = Client::new(origin.clone(), default_store(&origin))?;
//! let account = match client.restore().await? {
//!     Some(account) => account,
//!     None => {
//!         let sign_in = client.begin_sign_in().await?;
//!         println!("open {}", sign_in.url()); // in the system browser
//!         sign_in.finish().await?
//!     }
//! };
//! let home = client.home(&account.profiles[0].id).await?;
//! # let _ = home;
//! # Ok(())
//! # }
//! ```
//!
//! What happens underneath, so that callers need not care: one connection pool; time-outs on everything; GET and PUT
//! repeated with back-off when the service is away for a moment; the access token renewed before it expires, by one
//! request at a time however many calls are waiting; a size limit on every answer; no redirect followed; and no token
//! sent to any address but the service's own.
//!
//! All futures need a tokio runtime with time and I/O enabled. Dropping one cancels it, except that a renewal in flight
//! is finished in the background: its answer holds the only refresh token that still works.

mod access;
mod calls;
mod device_flow;
mod error;
mod http;
mod loopback;
mod oauth;
mod page;
mod scripted;
mod session;
mod sign_in;
mod token_store;

#[cfg(test)]
mod fake_service;
#[cfg(test)]
mod tests;

pub use access::{NetAccess, ProxyRule};
pub use calls::PICTURE_LIMIT;
pub use device_flow::DeviceCode;
pub use error::{ClientError, NetworkError, NetworkKind, SignInError};
pub use loopback::REDIRECT_PATH;
pub use sign_in::{SIGN_IN_TIME_LIMIT, SignIn};
pub use token_store::{
    EncryptedFileStore, KeyringStore, MemoryStore, ProcessLock, RefreshSecret, StoreError, StoredSession, TokenStore,
    default_store, default_tv_store,
};

use self::{http::Http, session::Session};
use crate::routes;
use std::{fmt, sync::Arc};
use url::Url;

/// The service, as one signed-in (or not yet signed-in) installation sees it. Cheap to clone; clones share the
/// connections and the session.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// What all clones share.
struct Inner {
    http: Http,
    session: Arc<Session>,
}

impl Client {
    /// A client of the service at `origin`; anything after host and port is dropped. Does no I/O.
    ///
    /// # Errors
    /// [`ClientError::InvalidOrigin`] for anything but `https`, or `http` on a loopback address: a token in the clear
    /// belongs to everybody on the way. [`ClientError::Setup`] if TLS cannot be set up.
    pub fn new(origin: Url, tokens: Arc<dyn TokenStore>) -> Result<Self, ClientError> {
        Self::by_way_of(origin, tokens, &NetAccess::default())
    }

    /// The same, reached by another way than the system says.
    ///
    /// # Errors
    /// As [`Client::new`]; also [`ClientError::Setup`] if the certificates cannot be read.
    pub fn by_way_of(origin: Url, tokens: Arc<dyn TokenStore>, access: &NetAccess) -> Result<Self, ClientError> {
        let http = Http::by_way_of(origin, http::Retry::default(), access)?;
        Ok(Self::of_app(http, tokens, routes::CLIENT_ID))
    }

    /// The same for the player of televisions, which signs in with [`Client::sign_in_on_device`].
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn for_tv(origin: Url, tokens: Arc<dyn TokenStore>) -> Result<Self, ClientError> {
        Self::for_tv_by_way_of(origin, tokens, &NetAccess::default())
    }

    /// The same, reached by another way than the system says.
    ///
    /// # Errors
    /// As [`Client::by_way_of`].
    pub fn for_tv_by_way_of(origin: Url, tokens: Arc<dyn TokenStore>, access: &NetAccess) -> Result<Self, ClientError> {
        let http = Http::by_way_of(origin, http::Retry::default(), access)?;
        Ok(Self::of_app(http, tokens, routes::TV_CLIENT_ID))
    }

    #[cfg(test)]
    fn with_retry(origin: Url, tokens: Arc<dyn TokenStore>, retry: http::Retry) -> Result<Self, ClientError> {
        Ok(Self::of_app(Http::new(origin, retry)?, tokens, routes::CLIENT_ID))
    }

    fn of_app(http: Http, tokens: Arc<dyn TokenStore>, client_id: &'static str) -> Self {
        let session = Arc::new(Session::new(http.clone(), tokens, client_id));
        Self { inner: Arc::new(Inner { http, session }) }
    }

    /// The service's origin: scheme, host and port, with the path `/`.
    pub fn origin(&self) -> &Url {
        self.inner.http.origin()
    }

    /// The address of a path that the service named, such as a manifest or a picture.
    ///
    /// # Errors
    /// [`ClientError::ForeignAddress`] if it leads to another origin (an absolute or `//host` reference).
    pub fn absolute(&self, path: &str) -> Result<Url, ClientError> {
        self.inner.http.absolute(path)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.origin().as_str()).finish_non_exhaustive()
    }
}
