//! The head of an HTTP/1.1 request: read strictly, because whatever two programs read differently can be smuggled past
//! one of them (RFC 9112, 11.2).

use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};

/// Fields in one head. Browsers send about twenty.
const MAX_FIELDS: usize = 100;
/// Longest target, in bytes; beyond is 414. Ours have at most a signed token of a few hundred bytes.
const MAX_TARGET: usize = 8 * 1024;
/// Largest head, in bytes; beyond is 431.
pub(super) const MAX_HEAD: usize = 32 * 1024;

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// What the connection needs to know of a request, whoever answers it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Bytes of the head.
    pub(super) length: usize,
    pub(super) framing: Framing,
    pub(super) keep_alive: bool,
    pub(super) expects_continue: bool,
    /// HTTP/1.0 knows no chunks.
    pub(super) is_1_1: bool,
}

/// A head, still in the buffer.
#[derive(Debug)]
pub(super) struct Head<'h, 'b> {
    pub(super) method: &'b str,
    pub(super) target: &'b str,
    pub(super) fields: &'h [httparse::Header<'b>],
    pub(super) terms: Terms,
}

/// What the beginning of the buffer is.
#[derive(Debug)]
pub(super) enum Reading<T> {
    Incomplete,
    Complete(T),
    /// Answer with this and close: where the next request would begin is not known.
    Refused(StatusCode),
}

/// Reads a head and lets `then` use it while it stands in the buffer.
pub(super) fn read<T>(buffer: &[u8], then: impl FnOnce(&Head<'_, '_>) -> T) -> Reading<T> {
    if let Err(status) = vet_lines(buffer) {
        return Reading::Refused(status);
    }
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return partial(buffer),
        Err(httparse::Error::TooManyHeaders) => return Reading::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        Err(httparse::Error::Version) => return Reading::Refused(StatusCode::HTTP_VERSION_NOT_SUPPORTED),
        Err(_) => return Reading::Refused(StatusCode::BAD_REQUEST),
    };
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version) else {
        return Reading::Refused(StatusCode::BAD_REQUEST);
    };
    if target.len() > MAX_TARGET {
        return Reading::Refused(StatusCode::URI_TOO_LONG);
    }
    if length > MAX_HEAD {
        return Reading::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    // Only origins take requests here: a proxy's absolute form would name a host that need not be the Host field's.
    if !(target.starts_with('/') || target == "*" && method == "OPTIONS") {
        return Reading::Refused(StatusCode::BAD_REQUEST);
    }
    match terms(request.headers, length, minor == 1) {
        Ok(terms) => Reading::Complete(then(&Head { method, target, fields: request.headers, terms })),
        Err(status) => Reading::Refused(status),
    }
}

/// What is wrong with a head that does not end.
fn partial<T>(buffer: &[u8]) -> Reading<T> {
    let line = buffer.iter().position(|byte| *byte == b'\n').unwrap_or(buffer.len());
    if line > MAX_TARGET + 64 {
        Reading::Refused(StatusCode::URI_TOO_LONG)
    } else if buffer.len() > MAX_HEAD {
        Reading::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else {
        Reading::Incomplete
    }
}

/// Lines end with CR LF and only there: a bare LF or CR is where readers disagree.
fn vet_lines(buffer: &[u8]) -> Result<(), StatusCode> {
    let mut previous = 0;
    let (mut line_is_empty, mut has_begun) = (true, false);
    for byte in buffer.iter().take(MAX_HEAD + 1) {
        match byte {
            b'\n' if previous != b'\r' => return Err(StatusCode::BAD_REQUEST),
            b'\n' if line_is_empty && has_begun => return Ok(()),
            b'\n' => line_is_empty = true,
            b'\r' => {}
            _ if previous == b'\r' => return Err(StatusCode::BAD_REQUEST),
            _ => (line_is_empty, has_begun) = (false, true),
        }
        previous = *byte;
    }
    Ok(())
}

fn terms(fields: &[httparse::Header<'_>], length: usize, is_1_1: bool) -> Result<Terms, StatusCode> {
    let bad = Err(StatusCode::BAD_REQUEST);
    let (mut content_length, mut transfer_encoding, mut hosts) = (None, None, 0_u32);
    let (mut keep_alive, mut expects_continue) = (is_1_1, false);
    for field in fields {
        let name = field.name;
        if name.eq_ignore_ascii_case("host") {
            hosts += 1;
            if !field.value.iter().all(|byte| byte.is_ascii_graphic() && !b"/?#@,\\".contains(byte)) {
                return bad;
            }
        } else if name.eq_ignore_ascii_case("content-length") {
            // Two that agree are allowed to be merged, and are never sent by anybody who means well.
            if content_length.replace(number(field.value)?).is_some() {
                return bad;
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if transfer_encoding.replace(field.value).is_some() {
                return bad;
            }
        } else if name.eq_ignore_ascii_case("connection") {
            for option in field.value.split(|byte| *byte == b',') {
                let option = option.trim_ascii();
                if option.eq_ignore_ascii_case(b"close") {
                    keep_alive = false;
                } else if !is_1_1 && option.eq_ignore_ascii_case(b"keep-alive") {
                    keep_alive = true;
                }
            }
        } else if name.eq_ignore_ascii_case("expect") {
            if !field.value.eq_ignore_ascii_case(b"100-continue") {
                return Err(StatusCode::EXPECTATION_FAILED);
            }
            expects_continue = is_1_1;
        }
    }
    if hosts > 1 || (is_1_1 && hosts == 0) {
        return bad;
    }
    let framing = match (content_length, transfer_encoding) {
        (None, None) | (Some(0), None) => Framing::None,
        (Some(length), None) => Framing::Length(length),
        // Exactly this: other codings are not ours, and spellings of it are how a proxy is led to overlook it.
        (None, Some(value)) if is_1_1 && value.eq_ignore_ascii_case(b"chunked") => Framing::Chunked,
        (_, Some(_)) => return bad,
    };
    Ok(Terms { length, framing, keep_alive, expects_continue, is_1_1 })
}

fn number(value: &[u8]) -> Result<u64, StatusCode> {
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or(StatusCode::BAD_REQUEST)
}

impl Head<'_, '_> {
    /// The request in the words of the `http` crate, without its body.
    pub(super) fn to_request(&self) -> Result<Request<()>, StatusCode> {
        let bad = |_| StatusCode::BAD_REQUEST;
        let mut request = Request::new(());
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).map_err(|_| StatusCode::BAD_REQUEST)?;
        *request.uri_mut() = self.target.parse::<Uri>().map_err(bad)?;
        *request.version_mut() = if self.terms.is_1_1 { Version::HTTP_11 } else { Version::HTTP_10 };
        for field in self.fields {
            let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| StatusCode::BAD_REQUEST)?;
            let value = HeaderValue::from_bytes(field.value).map_err(|_| StatusCode::BAD_REQUEST)?;
            request.headers_mut().append(name, value);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_terms(text: &str) -> Reading<(Framing, bool)> {
        read(text.as_bytes(), |head| (head.terms.framing, head.terms.keep_alive))
    }

    #[test]
    fn heads_that_could_be_read_differently_are_refused() {
        let refused = [
            "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1, 1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n",
            "GET / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\nhost: a\n\n",
            "GET / HTTP/1.1\r\nhost: a\n\r\n",
            "\r\n\r\nGET / HTTP/1.1\r\nhost: a\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\rx: y\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET //a HTTP/1.1 x\r\nhost: a\r\n\r\n",
            "GET * HTTP/1.1\r\nhost: a\r\n\r\n",
            "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n",
        ];
        for text in refused {
            assert!(matches!(read_terms(text), Reading::Refused(StatusCode::BAD_REQUEST)), "{text:?}");
        }
        let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        assert!(matches!(read_terms(preface), Reading::Refused(_)), "no HTTP/2 without TLS");
    }

    #[test]
    fn terms_follow_the_standard() {
        let table = [
            ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", Framing::None, true),
            ("GET / HTTP/1.1\r\nhost: a\r\nconnection: x, Close\r\n\r\n", Framing::None, false),
            ("GET / HTTP/1.0\r\n\r\n", Framing::None, false),
            ("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", Framing::None, true),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 7\r\n\r\n", Framing::Length(7), true),
            ("POST / HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", Framing::Chunked, true),
        ];
        for (text, framing, keep_alive) in table {
            let Reading::Complete(found) = read_terms(text) else { panic!("{text:?}") };
            assert_eq!(found, (framing, keep_alive), "{text:?}");
            for cut in 0..text.len() {
                assert!(matches!(read_terms(&text[..cut]), Reading::Incomplete), "{:?}", &text[..cut]);
            }
        }
    }

    #[test]
    fn size_has_two_limits() {
        let long = "x".repeat(100_000);
        for (text, status) in [
            (format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"), 414),
            (format!("GET /{long}"), 414),
            (format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"), 431),
            (format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}"), 431),
            (format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(200)), 431),
        ] {
            let Reading::Refused(found) = read_terms(&text) else { panic!("{}", &text[..40]) };
            assert_eq!(found.as_u16(), status, "{}", &text[..40]);
        }
    }
}
