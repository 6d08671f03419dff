//! The listener on 127.0.0.1 that the browser is sent back to (RFC 8252, section 7.3).
//!
//! Anything on this machine, and any page in any browser on it, can connect here. So: one path, one method, small
//! limits, nothing said about what was wrong, and a redirect that does not carry this sign-in's `state` changes
//! nothing. Browsers open connections ahead of need and ask for icons; each connection is served by itself.

use super::page::Page;
use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use url::{Url, form_urlencoded};

/// Path of the redirect URI `http://127.0.0.1:{port}/callback`, which the authorization server knows (any port).
pub const REDIRECT_PATH: &str = "/callback";

/// Longest request head. A code, a state and cookies of other programs on 127.0.0.1 fit.
const HEAD_LIMIT: usize = 16 << 10;
/// How long a connection may take to send its head, and to take its answer.
const IO_TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long to wait for the browser to take note that the connection is closed.
const LINGER: Duration = Duration::from_millis(500);
/// How long the browser waits for the code to be exchanged before it gets a page without a result.
const VERDICT_TIME_LIMIT: Duration = Duration::from_secs(40);
/// Connections served at the same time; more wait in the system's queue.
const CONNECTIONS: usize = 16;

/// What the browser brought: the query of one redirect, checked for form only.
pub(crate) struct Redirect {
    pub(crate) state: String,
    pub(crate) iss: Option<String>,
    pub(crate) outcome: RedirectOutcome,
    /// Answers the browser.
    pub(crate) answer: oneshot::Sender<Page>,
}

/// Code or error, never both.
#[derive(PartialEq, Eq)]
pub(crate) enum RedirectOutcome {
    Code(String),
    Error { code: String, description: Option<String> },
}

/// An open port. Dropping it closes the port and all connections.
#[derive(Debug)]
pub(crate) struct Loopback {
    listener: TcpListener,
    host: String,
}

impl Loopback {
    /// Opens a free port on 127.0.0.1.
    pub(crate) async fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let host = format!("127.0.0.1:{}", listener.local_addr()?.port());
        Ok(Self { listener, host })
    }

    /// The redirect URI. The address and not the name `localhost`, which may lead to another machine.
    pub(crate) fn redirect_uri(&self) -> Url {
        Url::parse(&format!("http://{}{REDIRECT_PATH}", self.host)).expect("an address, a port and a path")
    }

    /// Serves until the receiver is dropped or this future is.
    pub(crate) async fn serve(self, redirects: mpsc::Sender<Redirect>) {
        let host: Arc<str> = self.host.as_str().into();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = redirects.closed() => break,
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(serve_connection(stream, Arc::clone(&host), redirects.clone()));
                    }
                    // Out of descriptors, or the peer was gone already: the next may work.
                    Err(error) => {
                        tracing::debug!(%error, "a loopback connection was not accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        // Let the last answer reach the browser; each connection has its own time limit.
        while connections.join_next().await.is_some() {}
    }
}

async fn serve_connection(mut stream: TcpStream, host: Arc<str>, redirects: mpsc::Sender<Redirect>) {
    let head = tokio::select! {
        head = timeout(IO_TIME_LIMIT, read_head(&mut stream)) => head,
        // Nobody waits for this connection any more: it was opened ahead of need.
        () = redirects.closed() => return,
    };
    let response = match head {
        Ok(Ok(Some(head))) => match parse_head(&head, &host) {
            Ok(Parsed { state, iss, outcome }) => {
                let (answer, verdict) = oneshot::channel();
                let redirect = Redirect { state, iss, outcome, answer };
                let page = if redirects.send(redirect).await.is_err() {
                    Page::Failed
                } else {
                    timeout(VERDICT_TIME_LIMIT, verdict).await.ok().and_then(Result::ok).unwrap_or(Page::Failed)
                };
                page_response(page)
            }
            Err(status) => plain_response(status),
        },
        Ok(Ok(None)) => plain_response(Refusal::TooLarge),
        // Closed early, broken, or silent: nothing to answer.
        Ok(Err(_)) | Err(_) => return,
    };
    let write = async {
        stream.write_all(response.as_bytes()).await?;
        stream.shutdown().await
    };
    if let Ok(Ok(())) = timeout(IO_TIME_LIMIT, write).await {
        // Unread bytes of the request would turn our close into a reset, and the page would be lost.
        let mut rest = [0; 1024];
        let drain = async { while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {} };
        let _ = timeout(LINGER, drain).await;
    }
}

/// Reads up to the empty line; `None` if it does not come within the limit.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::with_capacity(2048);
    let mut chunk = [0; 2048];
    loop {
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let searched = head.len().saturating_sub(3);
        head.extend_from_slice(&chunk[..count]);
        if let Some(end) = head[searched..].windows(4).position(|window| window == b"\r\n\r\n") {
            head.truncate(searched + end);
            return Ok(Some(head));
        }
        if head.len() > HEAD_LIMIT {
            return Ok(None);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    BadRequest,
    NotFound,
    MethodNotAllowed,
    TooLarge,
}

#[derive(PartialEq, Eq)]
struct Parsed {
    state: String,
    iss: Option<String>,
    outcome: RedirectOutcome,
}

fn parse_head(head: &[u8], host: &str) -> Result<Parsed, Refusal> {
    let head = std::str::from_utf8(head).map_err(|_| Refusal::BadRequest)?;
    let mut lines = head.split("\r\n");
    let mut request = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (request.next(), request.next(), request.next(), request.next())
    else {
        return Err(Refusal::BadRequest);
    };
    if !version.starts_with("HTTP/1.") {
        return Err(Refusal::BadRequest);
    }
    // A name that was pointed at 127.0.0.1 by its owner (DNS rebinding) shows here.
    let mut hosts = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.trim());
    if hosts.next() != Some(host) || hosts.next().is_some() {
        return Err(Refusal::BadRequest);
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != REDIRECT_PATH {
        return Err(Refusal::NotFound);
    }
    if method != "GET" {
        return Err(Refusal::MethodNotAllowed);
    }
    parse_query(query).ok_or(Refusal::BadRequest)
}

/// The parameters of RFC 6749, section 4.1.2, and RFC 9207. None may come twice.
fn parse_query(query: &str) -> Option<Parsed> {
    let (mut code, mut state, mut iss, mut error, mut description) = (None, None, None, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let slot = match name.as_ref() {
            "code" => &mut code,
            "state" => &mut state,
            "iss" => &mut iss,
            "error" => &mut error,
            "error_description" => &mut description,
            _ => continue,
        };
        if slot.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    let outcome = match (code, error) {
        (Some(code), None) if !code.is_empty() => RedirectOutcome::Code(code),
        (None, Some(code)) if !code.is_empty() => RedirectOutcome::Error { code, description },
        _ => return None,
    };
    Some(Parsed { state: state?, iss, outcome })
}

fn page_response(page: Page) -> String {
    let status = if matches!(page, Page::SignedIn | Page::Refused) { "200 OK" } else { "400 Bad Request" };
    response(status, "text/html; charset=utf-8", &page.html())
}

fn plain_response(refusal: Refusal) -> String {
    let (status, text) = match refusal {
        Refusal::BadRequest => ("400 Bad Request", "Bad request\n"),
        Refusal::NotFound => ("404 Not Found", "Not found\n"),
        Refusal::MethodNotAllowed => ("405 Method Not Allowed\r\nAllow: GET", "Method not allowed\n"),
        Refusal::TooLarge => ("431 Request Header Fields Too Large", "Too large\n"),
    };
    response(status, "text/plain; charset=utf-8", text)
}

fn response(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: {content_type}\r\n\
         Content-Length: {}\r\n\
         Connection: close\r\n\
         Cache-Control: no-store\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n\
         Referrer-Policy: no-referrer\r\n\
         X-Content-Type-Options: nosniff\r\n\
         \r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "127.0.0.1:4321";

    fn parse(request_line: &str) -> Result<Parsed, Refusal> {
        parse_head(format!("{request_line}\r\nAccept: */*\r\nHost: {HOST}").as_bytes(), HOST)
    }

    #[test]
    fn a_redirect_is_understood() {
        let Ok(parsed) = parse("GET /callback?code=a%2Bb&state=s&iss=http%3A%2F%2F127.0.0.1%3A81&extra=1 HTTP/1.1")
        else {
            panic!("it is a redirect");
        };
        assert!(parsed.outcome == RedirectOutcome::Code("a+b".to_owned()));
        assert_eq!((parsed.state.as_str(), parsed.iss.as_deref()), ("s", Some("http://127.0.0.1:81")));
    }

    #[test]
    fn an_error_redirect_is_understood() {
        let parsed = parse("GET /callback?error=access_denied&error_description=no+thanks&state=s HTTP/1.1");
        let expected =
            RedirectOutcome::Error { code: "access_denied".to_owned(), description: Some("no thanks".to_owned()) };
        assert!(parsed.is_ok_and(|parsed| parsed.outcome == expected));
    }

    #[test]
    fn everything_else_is_refused() {
        let cases = [
            ("GET /favicon.ico HTTP/1.1", Refusal::NotFound),
            ("GET / HTTP/1.1", Refusal::NotFound),
            ("GET /callback/?code=a&state=s HTTP/1.1", Refusal::NotFound),
            ("POST /callback?code=a&state=s HTTP/1.1", Refusal::MethodNotAllowed),
            ("HEAD /callback?code=a&state=s HTTP/1.1", Refusal::MethodNotAllowed),
            ("GET /callback HTTP/1.1", Refusal::BadRequest),
            ("GET /callback?state=s HTTP/1.1", Refusal::BadRequest),
            ("GET /callback?code=a HTTP/1.1", Refusal::BadRequest),
            ("GET /callback?code=&state=s HTTP/1.1", Refusal::BadRequest),
            ("GET /callback?code=a&code=b&state=s HTTP/1.1", Refusal::BadRequest),
            ("GET /callback?code=a&error=b&state=s HTTP/1.1", Refusal::BadRequest),
            ("GET /callback?code=a&state=s HTTP/2.0", Refusal::BadRequest),
            ("GET  /callback?code=a&state=s HTTP/1.1", Refusal::BadRequest),
            ("", Refusal::BadRequest),
        ];
        for (line, refusal) in cases {
            assert!(parse(line).is_err_and(|found| found == refusal), "{line}");
        }
    }

    #[test]
    fn another_host_name_is_refused() {
        for host in ["localhost:4321", "evil.example:4321", "127.0.0.1", "127.0.0.1:4322"] {
            let head = format!("GET /callback?code=a&state=s HTTP/1.1\r\nHost: {host}");
            assert!(parse_head(head.as_bytes(), HOST).is_err_and(|found| found == Refusal::BadRequest), "{host}");
        }
        let twice = format!("GET /callback?code=a&state=s HTTP/1.1\r\nHost: {HOST}\r\nhost: {HOST}");
        assert!(parse_head(twice.as_bytes(), HOST).is_err());
        assert!(parse_head(b"GET /callback?code=a&state=s HTTP/1.1", HOST).is_err());
    }
}
