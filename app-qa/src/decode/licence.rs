//! A licence server by its address.

use super::args::Header;
use async_trait::async_trait;
use player_core::drm::{KeySystemId, LicenseChallenge, LicenseDenied, LicenseTransport};
use std::time::Duration;
use url::Url;

/// Longest answer that is read, in bytes.
const MAX_LICENCE: usize = 256 << 10;

/// Posts challenges to one address.
#[derive(Debug)]
pub(super) struct LicenceServer {
    client: reqwest::Client,
    url: Url,
    headers: Vec<Header>,
}

impl LicenceServer {
    pub(super) fn new(url: Url, headers: Vec<Header>) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { client, url, headers })
    }
}

#[async_trait]
impl LicenseTransport for LicenceServer {
    async fn request(&self, challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied> {
        let unreachable = |error: reqwest::Error| LicenseDenied::Unreachable(error.without_url().to_string());
        // What a module asks with goes as it is: it is between the module and its server.
        let kind = match challenge.key_system == KeySystemId::CLEAR_KEY {
            true => "application/json",
            false => "application/octet-stream",
        };
        let mut request = self.client.post(self.url.clone()).body(challenge.body);
        if !self.headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", kind);
        }
        for header in &self.headers {
            request = request.header(&header.name, &header.value);
        }
        let answer = request.send().await.map_err(unreachable)?;
        match answer.status().as_u16() {
            200..300 => {}
            401 => return Err(LicenseDenied::Unauthorised),
            451 => return Err(LicenseDenied::NotHere),
            500.. => {
                return Err(LicenseDenied::Unreachable(format!("the licence server answered {}", answer.status())));
            }
            status => return Err(LicenseDenied::Refused(format!("the licence server answered {status}"))),
        }
        let body = answer.bytes().await.map_err(unreachable)?;
        if body.len() > MAX_LICENCE {
            return Err(LicenseDenied::Refused("the licence is too long".into()));
        }
        Ok(body.to_vec())
    }
}
