//! HTTP by `reqwest`.

use super::content_coding::Coding;
use super::{FetchError, FetchRequest, Fetched, Fetcher, NetAccess, Progress, ProgressSink, Protocol};
use crate::config::NetConfig;
use crate::manifest::ByteSource;
use bytes::BytesMut;
use futures_util::future::BoxFuture;
use reqwest::{Certificate, Client, Proxy, Response, StatusCode, header};
use std::time::{Duration, Instant};

/// Reports are made after this many bytes, or after some time ([`NetConfig::report_every`]).
const REPORT_BYTES: u64 = 64 << 10;

/// One connection pool. Cloning shares it; use one for all players of a process.
#[derive(Clone, Debug)]
pub struct HttpFetcher {
    client: Client,
    idle_timeout: Duration,
    report_every: Duration,
}

impl HttpFetcher {
    /// A pool with these time-outs.
    ///
    /// # Errors
    /// [`FetchError::Unreachable`] if TLS cannot be set up on this system.
    pub fn new(config: &NetConfig) -> Result<Self, FetchError> {
        Self::by_way_of(config, &NetAccess::default())
    }

    /// The same with another way out of this machine than the system says.
    ///
    /// # Errors
    /// As [`Self::new`]; also if the certificates cannot be read.
    pub fn by_way_of(config: &NetConfig, access: &NetAccess) -> Result<Self, FetchError> {
        let unusable = |error| FetchError::Unreachable(without_url(error));
        let mut builder = Client::builder()
            .connect_timeout(config.connect_timeout)
            .tcp_nodelay(true)
            .user_agent(concat!("lumen/", env!("CARGO_PKG_VERSION")));
        if !access.authorities.is_empty() {
            builder = builder.tls_certs_merge(Certificate::from_pem_bundle(&access.authorities).map_err(unusable)?);
        }
        if let Some(rule) = access.proxy.clone() {
            builder = builder.proxy(Proxy::custom(move |url| rule(url)));
        }
        let client = builder.build().map_err(unusable)?;
        Ok(Self { client, idle_timeout: config.idle_timeout, report_every: config.report_every })
    }
}

impl Fetcher for HttpFetcher {
    fn fetch(&self, request: FetchRequest, progress: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let Self { client, idle_timeout, report_every } = self.clone();
        Box::pin(async move {
            let started = Instant::now();
            let mut builder = client.get(request.source.url.clone());
            if let Some((first, _)) = request.source.range {
                let last = request.source.stated_length().map(|length| first.saturating_add(length).saturating_sub(1));
                let last = last.map_or_else(String::new, |last| last.to_string());
                builder = builder.header(header::RANGE, format!("bytes={first}-{last}"));
            }
            let sent = tokio::time::timeout(idle_timeout, builder.send());
            let response = sent.await.map_err(|_| FetchError::TimedOut(idle_timeout))?;
            let response = response.map_err(|error| FetchError::Unreachable(without_url(error)))?;
            let pace = Pace { started, idle_timeout, report_every };
            receive(response, &request, pace, &progress).await
        })
    }
}

/// When a transfer began, how long it may stand still, and how often it is reported.
#[derive(Clone, Copy)]
struct Pace {
    started: Instant,
    idle_timeout: Duration,
    report_every: Duration,
}

async fn receive(
    mut response: Response,
    request: &FetchRequest,
    pace: Pace,
    progress: &ProgressSink,
) -> Result<Fetched, FetchError> {
    let Pace { started, idle_timeout, report_every } = pace;
    let status = response.status();
    if !status.is_success() {
        return Err(FetchError::Status(status.as_u16()));
    }
    let skip = leading_bytes_to_skip(&response, &request.source)?;
    // A part of something coded cannot be undone.
    let coding = Coding::of(response.headers()).filter(|_| status != StatusCode::PARTIAL_CONTENT);
    let wanted = request.source.stated_length();
    // A range may reach beyond the end of what there is; then less comes, and that is all.
    let reaches_the_end = reaches_the_end(&response);
    let expected = wanted.filter(|_| coding.is_none()).or_else(|| response.content_length());
    let (limit, too_large) = (request.max_bytes, FetchError::TooLarge { max: request.max_bytes });
    if expected.is_some_and(|bytes| bytes > limit) || skip > limit {
        return Err(too_large);
    }
    let url = response.url().clone();
    let protocol = protocol_of(response.version());
    let announced = response.content_length();
    let mut body = BytesMut::with_capacity(expected.unwrap_or(0).min(limit) as usize);
    let mut ttfb = None;
    let (mut arrived, mut reported, mut reported_at) = (0u64, 0u64, started);
    loop {
        let chunk = tokio::time::timeout(idle_timeout, response.chunk());
        let chunk = chunk.await.map_err(|_| FetchError::TimedOut(idle_timeout))?;
        let Some(chunk) = chunk.map_err(|_| FetchError::Interrupted { received: arrived })? else { break };
        let first = ttfb.is_none();
        let ttfb = *ttfb.get_or_insert_with(|| started.elapsed());
        arrived += chunk.len() as u64;
        body.extend_from_slice(&chunk);
        if body.len() as u64 > limit.saturating_add(skip) {
            return Err(too_large);
        }
        if first || arrived - reported >= REPORT_BYTES || reported_at.elapsed() >= report_every {
            (reported, reported_at) = (arrived, Instant::now());
            progress(Progress { received: arrived, expected, elapsed: started.elapsed(), ttfb });
        }
        if coding.is_none() && wanted.is_some_and(|wanted| body.len() as u64 >= skip + wanted) {
            break;
        }
    }
    let cut_short = announced.is_some_and(|bytes| arrived < bytes);
    if (wanted.is_none() || coding.is_some()) && cut_short {
        return Err(FetchError::Interrupted { received: arrived });
    }
    let mut body = body.freeze();
    if let Some(coding) = coding {
        body = coding.decode(&body, limit.saturating_add(skip))?;
    }
    if skip > 0 || wanted.is_some() {
        let end = skip.saturating_add(wanted.unwrap_or(u64::MAX)).min(body.len() as u64);
        let all_there_is = reaches_the_end && announced.is_some() && !cut_short;
        if !all_there_is && wanted.is_some_and(|wanted| end.saturating_sub(skip) < wanted) {
            return Err(FetchError::Interrupted { received: arrived });
        }
        body = body.slice(skip.min(end) as usize..end as usize);
    }
    let elapsed = started.elapsed();
    Ok(Fetched { body, url, ttfb: ttfb.unwrap_or(elapsed), elapsed, cached: false, protocol })
}

/// A server without ranges answers 200 with everything: what lies before the wanted part is skipped.
fn leading_bytes_to_skip(response: &Response, source: &ByteSource) -> Result<u64, FetchError> {
    let Some((first, _)) = source.range else { return Ok(0) };
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return Ok(first);
    }
    let start = response
        .headers()
        .get(header::CONTENT_RANGE)
        .and_then(|value| value.to_str().ok()?.strip_prefix("bytes ")?.split('-').next()?.parse::<u64>().ok());
    (start == Some(first)).then_some(0).ok_or(FetchError::WrongRange)
}

/// Does the answer go on to the last byte that there is?
fn reaches_the_end(response: &Response) -> bool {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return true;
    }
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let parts = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-')?.1.split_once('/'));
    let numbers = parts.and_then(|(last, total)| Some((last.parse::<u64>().ok()?, total.parse::<u64>().ok()?)));
    numbers.is_some_and(|(last, total)| last.checked_add(1) == Some(total))
}

/// Error texts must not carry the address: it has a token in it.
fn without_url(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn protocol_of(version: reqwest::Version) -> Option<Protocol> {
    match version {
        reqwest::Version::HTTP_10 => Some(Protocol::Http10),
        reqwest::Version::HTTP_11 => Some(Protocol::Http11),
        reqwest::Version::HTTP_2 => Some(Protocol::Http2),
        reqwest::Version::HTTP_3 => Some(Protocol::Http3),
        _ => None,
    }
}
