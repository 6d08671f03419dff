//! Signing in on a device without a browser (RFC 8628): it shows a code, a person types it elsewhere, and the device
//! asks until that has happened.

use super::{
    Client, ClientError, RefreshSecret, SignInError,
    http::{self, Http},
    oauth::Tokens,
};
use crate::identity::Account;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use std::{fmt, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// By how much to slow down when told to (RFC 8628, 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// Pause between two questions when the server names none.
const INTERVAL: Duration = Duration::from_secs(5);
/// Longest pause: a server that is away is not asked less often than this.
const LONGEST: Duration = Duration::from_secs(60);
/// Longest life of a code that is believed.
const LONGEST_LIFE: Duration = Duration::from_secs(3_600);
/// Life of an access token when the server does not say.
const UNKNOWN_LIFE: Duration = Duration::from_secs(300);

/// What a device shows while it waits.
pub struct DeviceCode {
    device_code: String,
    user_code: String,
    page: Url,
    page_with_code: Url,
    expires_in: Duration,
    interval: Duration,
}

impl DeviceCode {
    /// What the person types, such as `BCDF-GHJK`.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Where it is typed.
    pub fn page(&self) -> &Url {
        &self.page
    }

    /// The same with the code in it, for a picture that a phone can read. The person still has to confirm it.
    pub fn page_with_code(&self) -> &Url {
        &self.page_with_code
    }

    /// How long the code is good for, from when it was given out.
    pub fn expires_in(&self) -> Duration {
        self.expires_in
    }
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both codes are secrets until they are used.
        f.debug_struct("DeviceCode").field("page", &self.page.as_str()).finish_non_exhaustive()
    }
}

/// RFC 8628, 3.2.
#[derive(Deserialize)]
struct Answer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    verification_uri_complete: Option<String>,
    expires_in: u64,
    #[serde(default)]
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

/// What one question came to.
enum Poll {
    Granted(Tokens),
    Pending,
    SlowDown,
    Expired,
    Refused(Refused),
}

/// How fast to ask.
#[derive(Clone, Copy, Debug)]
struct Pace {
    interval: Duration,
    slower: Duration,
}

impl Pace {
    fn told_to_slow_down(&mut self) {
        self.interval = (self.interval + self.slower).min(LONGEST);
    }

    /// A server that does not answer is asked half as often each time (RFC 8628, 3.5).
    fn not_answered(&mut self) {
        self.interval = (self.interval * 2).max(Duration::from_millis(1)).min(LONGEST);
    }
}

impl Client {
    /// Signs in on a device without a browser. `show` is called with a code at once, and with a new one each time that
    /// the last has expired; show it until the future is done. `device` is how the person will recognise the device,
    /// such as `Living room`. Dropping the future ends the attempt.
    ///
    /// # Errors
    /// [`SignInError::Refused`] if the person says no, [`SignInError::Metadata`] if the service does not offer this,
    /// [`SignInError::Client`] if it cannot be reached for a first code. Later, it is waited for.
    pub async fn sign_in_on_device(&self, device: &str, show: impl FnMut(&DeviceCode)) -> Result<Account, SignInError> {
        self.device_sign_in(device, show, SLOWER).await
    }

    async fn device_sign_in(
        &self,
        device: &str,
        mut show: impl FnMut(&DeviceCode),
        slower: Duration,
    ) -> Result<Account, SignInError> {
        loop {
            let code = self.device_code(device).await?;
            show(&code);
            if let Some(tokens) = self.wait_for(&code, slower).await? {
                self.inner.session.adopt(tokens).await?;
                return Ok(self.me().await?);
            }
            tracing::debug!("a device code has expired; asking for another");
        }
    }

    async fn device_code(&self, device: &str) -> Result<DeviceCode, SignInError> {
        let oauth = self.inner.session.oauth();
        let endpoint = oauth.endpoints().await?.device.clone();
        let endpoint = endpoint.ok_or(SignInError::Metadata("no sign-in for devices without a browser"))?;
        let form = [("client_id", oauth.client_id()), ("device_name", device)];
        let request = oauth.http().request(Method::POST, endpoint).form(&form);
        let response = http::success(oauth.http().send(request).await?).await?;
        let answer: Answer = http::read_json(response).await?;
        // It will be shown to a person, who would follow it anywhere.
        let page = own(oauth.http(), &answer.verification_uri)?;
        let page_with_code = match &answer.verification_uri_complete {
            Some(address) => own(oauth.http(), address)?,
            None => page.clone(),
        };
        Ok(DeviceCode {
            device_code: answer.device_code,
            user_code: answer.user_code.chars().filter(|character| !character.is_control()).take(32).collect(),
            page,
            page_with_code,
            expires_in: Duration::from_secs(answer.expires_in).min(LONGEST_LIFE),
            interval: answer.interval.map_or(INTERVAL, Duration::from_secs).min(LONGEST),
        })
    }

    /// Asks until there is an answer; `None` if the code expires first.
    async fn wait_for(&self, code: &DeviceCode, slower: Duration) -> Result<Option<Tokens>, SignInError> {
        let end = Instant::now() + code.expires_in;
        let mut pace = Pace { interval: code.interval, slower };
        loop {
            if Instant::now() + pace.interval >= end {
                sleep_until(end).await;
                return Ok(None);
            }
            sleep(pace.interval).await;
            match self.poll(code).await {
                Ok(Poll::Granted(tokens)) => return Ok(Some(tokens)),
                Ok(Poll::Pending) => {}
                Ok(Poll::SlowDown) => pace.told_to_slow_down(),
                Ok(Poll::Expired) => return Ok(None),
                Ok(Poll::Refused(refused)) => {
                    return Err(SignInError::Refused {
                        code: printable(&refused.error),
                        description: refused.error_description.as_deref().map(printable),
                    });
                }
                Err(error) if error.is_offline() => pace.not_answered(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn poll(&self, code: &DeviceCode) -> Result<Poll, ClientError> {
        let oauth = self.inner.session.oauth();
        let endpoint = match oauth.endpoints().await {
            Ok(endpoints) => endpoints.token.clone(),
            Err(SignInError::Client(error)) => return Err(error),
            Err(_) => return Err(ClientError::ForeignAddress),
        };
        let form = [("grant_type", GRANT), ("client_id", oauth.client_id()), ("device_code", &code.device_code)];
        let request = oauth.http().request(Method::POST, endpoint).form(&form);
        let request = request.build().map_err(|error| ClientError::Setup(error.without_url().to_string()))?;
        // Once: a grant that is lost on the way cannot be asked for again, and a code is soon asked for anew.
        let response = oauth.http().send_once(request).await?;
        if response.status() == StatusCode::BAD_REQUEST {
            let refused: Refused = http::read_json(response).await?;
            return Ok(match refused.error.as_str() {
                "authorization_pending" => Poll::Pending,
                "slow_down" => Poll::SlowDown,
                "expired_token" => Poll::Expired,
                _ => Poll::Refused(refused),
            });
        }
        let granted: Granted = http::read_json(http::success(response).await?).await?;
        Ok(Poll::Granted(Tokens {
            access: granted.access_token,
            life: granted.expires_in.map_or(UNKNOWN_LIFE, Duration::from_secs),
            refresh: granted.refresh_token.map(RefreshSecret::new),
        }))
    }
}

fn own(http: &Http, address: &str) -> Result<Url, SignInError> {
    http.absolute(address).map_err(|_| SignInError::Metadata("the page for the code lies outside the service"))
}

/// Text from the server, fit for a log and a screen.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{
        MemoryStore, TokenStore,
        fake_service::{EMAIL, FakeService},
        http::Retry,
    };
    use std::sync::Arc;

    fn json(status: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    }

    fn refused(error: &str) -> String {
        json("400 Bad Request", &format!(r#"{{"error":"{error}"}}"#))
    }

    fn codes(service: &FakeService, user_code: &str) -> String {
        let page = service.origin.join("/device").unwrap();
        json(
            "200 OK",
            &format!(
                r#"{{"device_code":"secret-device","user_code":"{user_code}","verification_uri":"{page}","expires_in":600,"interval":0}}"#
            ),
        )
    }

    fn script(service: &FakeService, request: &str, answers: &[String]) {
        service.script(request, &answers.iter().map(String::as_str).collect::<Vec<_>>());
    }

    async fn sign_in(service: &FakeService) -> (Result<Account, SignInError>, Vec<String>, Arc<MemoryStore>) {
        let store = Arc::new(MemoryStore::default());
        let retry = Retry { tries: 1, pause: Duration::ZERO, longest_pause: Duration::ZERO };
        let client = Client::with_retry(service.origin.clone(), store.clone(), retry).unwrap();
        let mut shown = Vec::new();
        let show = |code: &DeviceCode| shown.push(code.user_code().to_owned());
        let outcome = client.device_sign_in("Living room", show, Duration::from_millis(1)).await;
        (outcome, shown, store)
    }

    const DEVICE: &str = "POST /oauth/device_authorization";
    const TOKEN: &str = "POST /oauth/token";

    #[tokio::test]
    async fn device_waits_slows_down_renews_its_code_and_is_signed_in() {
        let service = FakeService::start().await;
        service.offer_devices();
        script(&service, DEVICE, &[codes(&service, "BCDF-GHJK"), codes(&service, "LMNP-QRST")]);
        let access = service.issue_access();
        let granted =
            format!(r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":600,"refresh_token":"r1"}}"#);
        let gone = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned();
        let answers = [
            refused("authorization_pending"),
            refused("slow_down"),
            gone,
            refused("expired_token"),
            refused("authorization_pending"),
            json("200 OK", &granted),
        ];
        script(&service, TOKEN, &answers);
        let (account, shown, store) = sign_in(&service).await;
        assert_eq!(account.unwrap().email, EMAIL);
        assert_eq!(shown, ["BCDF-GHJK", "LMNP-QRST"], "a new code after the first had expired");
        assert_eq!(service.count(TOKEN), 6);
        assert_eq!(store.load().unwrap().unwrap().refresh.expose(), "r1");
    }

    #[tokio::test]
    async fn refusal_and_foreign_page_end_the_attempt() {
        let service = FakeService::start().await;
        service.offer_devices();
        script(&service, DEVICE, &[codes(&service, "BCDF-GHJK")]);
        script(&service, TOKEN, &[refused("access_denied")]);
        let (outcome, ..) = sign_in(&service).await;
        assert!(matches!(outcome, Err(SignInError::Refused { code, .. }) if code == "access_denied"));
        let foreign = codes(&service, "BCDF-GHJK").replace(service.origin.as_str(), "http://evil.example:1234/");
        let body = foreign.split("\r\n\r\n").nth(1).unwrap();
        script(&service, DEVICE, &[json("200 OK", body)]);
        let (outcome, shown, _) = sign_in(&service).await;
        assert!(matches!(outcome, Err(SignInError::Metadata(_))) && shown.is_empty());
    }

    #[tokio::test]
    async fn service_without_the_grant_is_reported() {
        let service = FakeService::start().await;
        assert!(matches!(sign_in(&service).await.0, Err(SignInError::Metadata(_))));
    }

    #[test]
    fn pace_only_slows_down_and_has_a_limit() {
        let mut pace = Pace { interval: Duration::from_secs(5), slower: SLOWER };
        pace.told_to_slow_down();
        assert_eq!(pace.interval, Duration::from_secs(10));
        pace.not_answered();
        assert_eq!(pace.interval, Duration::from_secs(20));
        for _ in 0..100 {
            pace.not_answered();
            pace.told_to_slow_down();
        }
        assert_eq!(pace.interval, LONGEST);
    }
}
