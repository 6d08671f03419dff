//! The way out of this machine: which proxy, and whose certificates are believed besides the system's.

use std::fmt;
use std::sync::Arc;
use url::Url;

/// The proxy for an address; `None` for none. Called for each connection, on any thread; must return at once.
pub type ProxyRule = Arc<dyn Fn(&Url) -> Option<Url> + Send + Sync>;

/// How the network is reached. The default is what the system and its environment say.
#[derive(Clone, Default)]
pub struct NetAccess {
    /// Certificates (PEM, one after the other) that are believed besides those of the system; empty for none.
    pub authorities: Vec<u8>,
    /// Replaces what the environment says.
    pub proxy: Option<ProxyRule>,
}

impl fmt::Debug for NetAccess {
    /// A proxy's address may have a password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetAccess")
            .field("authorities", &self.authorities.len())
            .field("proxy", &self.proxy.is_some())
            .finish()
    }
}
