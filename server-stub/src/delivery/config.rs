//! How media are handed out.

use url::Url;

/// What delivery can be told before it starts.
#[derive(Clone, Debug)]
pub struct DeliveryConfig {
    /// Networks of content delivery in front of this server, best first. Empty: everything comes from here.
    pub cdns: Vec<CdnConfig>,
    /// Do caches in front check access tokens themselves? Then media without a token in their address may be kept by
    /// them; otherwise only by the client.
    pub shared_caches: bool,
    /// Obeys faults that stand in an address (`…/f=slow(300kbit)/…`). For QA.
    pub url_faults: bool,
    /// How long a steering answer holds, in seconds.
    pub steering_ttl_s: u32,
    /// Bytes of files that are held in memory.
    pub cache_bytes: u64,
}

/// One network of content delivery: a pathway in HLS, a service location in DASH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdnConfig {
    /// Its name in manifests: letters, digits, `-` and `_`.
    pub name: String,
    /// What addresses there begin with.
    pub base: Url,
    /// Another of the list that this one is told as a clone of (HLS `PATHWAY-CLONES`): it is not in manifests and is
    /// only added by steering.
    pub clone_of: Option<String>,
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            cdns: Vec::new(),
            shared_caches: false,
            url_faults: false,
            steering_ttl_s: 300,
            // The top rungs of a few titles that are watched right now.
            cache_bytes: 128 * 1024 * 1024,
        }
    }
}
