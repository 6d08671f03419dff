//! One HTTP client with limits: what is sent, how often, for how long, and how much of the answer is believed.

use super::{
    access::NetAccess,
    error::{ClientError, NetworkError, NetworkKind},
};
use crate::problem::{self, Problem};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};
use url::{Host, Url};

/// Time to connect. A local network answers in milliseconds; a lost SYN is repeated after one and three seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for one whole exchange, answer included.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long an unused connection is kept: shorter than the usual 60 s of servers, so that we close first.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);
/// Longest JSON body read. A home screen of 40 rows with 40 titles each is about 1 MiB.
pub(crate) const JSON_LIMIT: usize = 4 << 20;
/// Longest problem document read; what is longer is not one.
const PROBLEM_LIMIT: usize = 64 << 10;

/// How often and how patiently a call is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    /// Attempts in total.
    pub(crate) tries: u32,
    /// Pause before the second attempt; it triples each time and is jittered by a quarter.
    pub(crate) pause: Duration,
    /// A `Retry-After` beyond this ends the attempts: the viewer should be told instead.
    pub(crate) longest_pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 3, pause: Duration::from_millis(250), longest_pause: Duration::from_secs(5) }
    }
}

/// The connection pool and the origin that it may talk to.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    origin: Arc<Url>,
    retry: Retry,
}

impl Http {
    #[cfg(test)]
    pub(crate) fn new(origin: Url, retry: Retry) -> Result<Self, ClientError> {
        Self::by_way_of(origin, retry, &NetAccess::default())
    }

    pub(crate) fn by_way_of(origin: Url, retry: Retry, access: &NetAccess) -> Result<Self, ClientError> {
        let setup = |error: reqwest::Error| ClientError::Setup(error.without_url().to_string());
        let (origin, is_loopback) = checked_origin(origin)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("lumen/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(EXCHANGE_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            // The contract has no redirects, and following one could carry a token or a code elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback {
            // A proxy cannot reach this machine's loopback, whatever the environment says.
            builder = builder.no_proxy();
        } else if let Some(rule) = access.proxy.clone() {
            builder = builder.proxy(reqwest::Proxy::custom(move |url| rule(url)));
        }
        if origin.scheme() == "http" {
            // No TLS on this origin: without this the system's certificates would be loaded and have to exist.
            builder = builder.tls_certs_only([]);
        } else if !access.authorities.is_empty() {
            let authorities = reqwest::Certificate::from_pem_bundle(&access.authorities).map_err(setup)?;
            builder = builder.tls_certs_merge(authorities);
        }
        let client = builder.build().map_err(setup)?;
        Ok(Self { client, origin: Arc::new(origin), retry })
    }

    pub(crate) fn origin(&self) -> &Url {
        &self.origin
    }

    pub(crate) fn absolute(&self, path: &str) -> Result<Url, ClientError> {
        let url = self.origin.join(path).map_err(|_| ClientError::ForeignAddress)?;
        let is_ours = url.origin() == self.origin.origin() && url.username().is_empty() && url.password().is_none();
        if is_ours { Ok(url) } else { Err(ClientError::ForeignAddress) }
    }

    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends, and repeats what may be repeated: everything after a refused connection (nothing was sent), and GET,
    /// HEAD and PUT also after a break or a 502, 503 or 504. Returns the last answer, whatever its status.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let request = request.build().map_err(|error| ClientError::Setup(error.without_url().to_string()))?;
        let path = request.url().path().to_owned();
        let is_repeatable = matches!(*request.method(), Method::GET | Method::HEAD | Method::PUT);
        let mut pause = self.retry.pause;
        let mut attempt = 1;
        loop {
            // Bodies are bytes in memory throughout this client, so a copy always exists.
            let Some(copy) = request.try_clone() else {
                return self.client.execute(request).await.map_err(|error| network_error(error, &path));
            };
            let outcome = self.client.execute(copy).await.map_err(|error| network_error(error, &path));
            let wait = match &outcome {
                Ok(response) if is_repeatable && is_passing(response.status()) => match retry_after(response) {
                    Some(asked) if asked > self.retry.longest_pause => None,
                    Some(asked) => Some(asked),
                    None => Some(jittered(pause)),
                },
                Err(ClientError::Network(error)) if is_repeatable || error.kind == NetworkKind::Connect => {
                    Some(jittered(pause))
                }
                _ => None,
            };
            match wait {
                Some(wait) if attempt < self.retry.tries => {
                    tracing::debug!(%path, attempt, wait_ms = wait.as_millis() as u64, "repeating a request");
                    tokio::time::sleep(wait).await;
                    attempt += 1;
                    pause *= 3;
                }
                _ => return outcome,
            }
        }
    }

    /// Sends once, without any repetition: for exchanges that must not happen twice.
    pub(crate) async fn send_once(&self, request: reqwest::Request) -> Result<Response, ClientError> {
        let path = request.url().path().to_owned();
        self.client.execute(request).await.map_err(|error| network_error(error, &path))
    }
}

/// Reads a body up to `limit` bytes.
pub(crate) async fn read_body(mut response: Response, limit: usize) -> Result<Vec<u8>, ClientError> {
    let path = response.url().path().to_owned();
    let too_large = || ClientError::TooLarge { path: path.clone(), limit };
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced as usize);
    while let Some(chunk) = response.chunk().await.map_err(|error| network_error(error, &path))? {
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads a JSON document.
pub(crate) async fn read_json<T: DeserializeOwned>(response: Response) -> Result<T, ClientError> {
    let path = response.url().path().to_owned();
    let body = read_body(response, JSON_LIMIT).await?;
    // serde_json's message quotes at most a scalar of the body; positions are enough for a log.
    serde_json::from_slice(&body).map_err(|error| ClientError::Malformed {
        path,
        detail: format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()),
    })
}

/// Turns an answer that is not a success into an error.
pub(crate) async fn success(response: Response) -> Result<Response, ClientError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let (status, path, retry_after) =
        (response.status().as_u16(), response.url().path().to_owned(), retry_after(&response));
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with(problem::CONTENT_TYPE));
    if is_problem
        && let Ok(body) = read_body(response, PROBLEM_LIMIT).await
        && let Ok(mut problem) = serde_json::from_slice::<Problem>(&body)
    {
        // The status line is what intermediaries acted on; the copy in the body is for readers of logs.
        problem.status = status;
        if problem.retry_after_s.is_none() {
            problem.retry_after_s = retry_after.and_then(|pause| u32::try_from(pause.as_secs()).ok());
        }
        return Err(ClientError::Problem(problem));
    }
    Err(ClientError::UnexpectedStatus { status, path })
}

/// Scheme, host and port only; says whether the host is this machine.
fn checked_origin(mut origin: Url) -> Result<(Url, bool), ClientError> {
    let is_loopback = match origin.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err(ClientError::InvalidOrigin("it has no host")),
    };
    match origin.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err(ClientError::InvalidOrigin("plain http is for this machine only, use https")),
        _ => return Err(ClientError::InvalidOrigin("it must begin with https://")),
    }
    if !origin.username().is_empty() || origin.password().is_some() {
        return Err(ClientError::InvalidOrigin("it must not contain a user name or a password"));
    }
    origin.set_path("/");
    origin.set_query(None);
    origin.set_fragment(None);
    Ok((origin, is_loopback))
}

fn network_error(error: reqwest::Error, path: &str) -> ClientError {
    let kind = if error.is_connect() {
        NetworkKind::Connect
    } else if error.is_timeout() {
        NetworkKind::Timeout
    } else {
        NetworkKind::Interrupted
    };
    let source = Some(Arc::new(error.without_url()));
    ClientError::Network(NetworkError { kind, path: path.to_owned(), source })
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// `Retry-After` in seconds; the HTTP-date form is not used by our service and counts as absent.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// Plus or minus a quarter, so that many clients do not come back in step.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.75..1.25))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(origin: &str) -> Result<Http, ClientError> {
        Http::new(Url::parse(origin).unwrap(), Retry::default())
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in ["http://127.0.0.1:8080", "http://[::1]:1", "http://localhost/", "http://127.8.9.1"] {
            assert!(http(good).is_ok(), "{good}");
        }
        for bad in ["http://example.org", "http://192.168.0.2:80", "http://localhost.example.org", "ftp://127.0.0.1"] {
            assert!(matches!(http(bad), Err(ClientError::InvalidOrigin(_))), "{bad}");
        }
    }

    #[test]
    fn credentials_in_the_origin_are_refused() {
        assert!(matches!(http("http://mia:secret@127.0.0.1/"), Err(ClientError::InvalidOrigin(_))));
    }

    #[test]
    fn origin_loses_path_query_and_fragment() {
        assert_eq!(http("http://127.0.0.1:81/a/b?c#d").unwrap().origin().as_str(), "http://127.0.0.1:81/");
    }

    #[test]
    fn paths_stay_on_the_origin() {
        let http = http("http://127.0.0.1:81").unwrap();
        assert_eq!(http.absolute("/artwork/a/b.jpg?w=1").unwrap().as_str(), "http://127.0.0.1:81/artwork/a/b.jpg?w=1");
        let foreign = [
            "//example.org/x",
            "https://example.org/x",
            "http://127.0.0.1:82/x",
            "https://127.0.0.1:81/x",
            "http://mia@127.0.0.1:81/x",
            "file:///etc/passwd",
            "\\\\example.org\\x",
            "data:,x",
        ];
        for address in foreign {
            assert!(matches!(http.absolute(address), Err(ClientError::ForeignAddress)), "{address}");
        }
    }
}
