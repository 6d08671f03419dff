//! The authorization request (RFC 6749, 7636, 8252, 9207): what is asked for, and where the answer may go.

use crate::gateway::extract::Pairs;
use service_api::routes::CLIENT_ID;
use url::form_urlencoded;

/// Longest `state`, in characters. Ours is 22; this is for clients that put a JSON document there.
const MAX_STATE: usize = 512;

/// A request that may be shown a sign-in page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizationRequest {
    /// Loopback, checked.
    pub(crate) redirect_uri: String,
    /// Returned as it came.
    pub(crate) state: String,
    /// Base64url of a SHA-256: 43 characters.
    pub(crate) code_challenge: String,
}

/// Why there is no sign-in page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthorizeError {
    /// Nobody may be redirected: the client or the address is not known to be ours.
    Refused(&'static str),
    /// The client is ours and made a mistake; it is told by redirect.
    Returned { redirect_uri: String, state: Option<String>, error: &'static str, description: &'static str },
}

impl AuthorizationRequest {
    /// Reads the query. The order matters: nothing is redirected before client and address are known to be ours.
    pub(crate) fn parse(query: &Pairs) -> Result<Self, AuthorizeError> {
        if query.doubled().is_some_and(|name| matches!(name, "client_id" | "redirect_uri")) {
            return Err(AuthorizeError::Refused("The link names its app twice."));
        }
        if query.get("client_id") != Some(CLIENT_ID) {
            return Err(AuthorizeError::Refused("The link does not come from an app of this service."));
        }
        let redirect_uri = query
            .get("redirect_uri")
            .filter(|uri| is_loopback_callback(uri))
            .ok_or(AuthorizeError::Refused(
                "The link asks for the answer to be sent to an address that is not allowed.",
            ))?
            .to_owned();
        let state = query.get("state").filter(|state| is_state(state)).map(str::to_owned);
        let returned = |error, description| AuthorizeError::Returned {
            redirect_uri: redirect_uri.clone(),
            state: state.clone(),
            error,
            description,
        };
        if query.doubled().is_some() {
            return Err(returned("invalid_request", "a parameter is given twice"));
        }
        match query.get("response_type") {
            Some("code") => {}
            Some(_) => return Err(returned("unsupported_response_type", "only code is supported")),
            None => return Err(returned("invalid_request", "response_type is missing")),
        }
        let Some(state) = state.clone() else {
            return Err(returned("invalid_request", "state is missing, too long or not printable ASCII"));
        };
        if query.get("code_challenge_method") != Some("S256") {
            return Err(returned("invalid_request", "code_challenge_method must be S256"));
        }
        let code_challenge = query
            .get("code_challenge")
            .filter(|challenge| is_challenge(challenge))
            .ok_or_else(|| returned("invalid_request", "code_challenge must be 43 characters of base64url"))?
            .to_owned();
        Ok(Self { redirect_uri, state, code_challenge })
    }

    /// Where the browser goes with a code.
    pub(crate) fn granted(&self, code: &str, issuer: &str) -> String {
        answer(&self.redirect_uri, &[("code", code), ("state", &self.state), ("iss", issuer)])
    }

    /// Where the browser goes when the viewer does not want to sign in.
    pub(crate) fn denied(&self, issuer: &str) -> String {
        let parameters = [
            ("error", "access_denied"),
            ("error_description", "the viewer has cancelled"),
            ("state", &self.state),
            ("iss", issuer),
        ];
        answer(&self.redirect_uri, &parameters)
    }

    /// Port of the app's listener; the page's policy must allow the form to end up there.
    pub(crate) fn redirect_origin(&self) -> &str {
        self.redirect_uri.strip_suffix(CALLBACK_PATH).unwrap_or(&self.redirect_uri)
    }
}

/// Where the browser goes with an error.
pub(crate) fn error_redirect(
    redirect_uri: &str,
    state: Option<&str>,
    error: (&'static str, &'static str),
    issuer: &str,
) -> String {
    let mut parameters = vec![("error", error.0), ("error_description", error.1)];
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", issuer));
    answer(redirect_uri, &parameters)
}

fn answer(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{redirect_uri}?{query}")
}

const CALLBACK_PATH: &str = "/callback";

/// Exactly `http://127.0.0.1:<port>/callback` or `http://[::1]:<port>/callback` (RFC 8252, 7.3). Compared as text:
/// a URL parser would forgive what must not be forgiven, and `localhost` is a name that can be made to point elsewhere.
fn is_loopback_callback(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://127.0.0.1:").or_else(|| uri.strip_prefix("http://[::1]:")) else {
        return false;
    };
    let Some(port) = rest.strip_suffix(CALLBACK_PATH) else { return false };
    let is_number = !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit());
    is_number && port.parse::<u16>().is_ok()
}

fn is_state(state: &str) -> bool {
    state.len() <= MAX_STATE && state.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

fn is_challenge(challenge: &str) -> bool {
    challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn query(changes: &[(&str, Option<&str>)]) -> Pairs {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", "http://127.0.0.1:4321/callback"),
            ("state", "a b+c"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.extend(value.map(|value| (*name, value)));
        }
        Pairs::parse(&form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish())
    }

    #[test]
    fn only_our_loopback_callback_is_redirected_to() {
        let allowed = ["http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]:4321/callback"];
        for uri in allowed {
            assert!(is_loopback_callback(uri), "{uri}");
        }
        let refused = [
            "",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:080/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:+80/callback",
            "http://127.0.0.1:4321/callback/",
            "http://127.0.0.1:4321/callback/extra",
            "http://127.0.0.1:4321/callback?x=1",
            "http://127.0.0.1:4321/callback#x",
            "http://127.0.0.1:4321/Callback",
            "http://127.0.0.1:4321/%63allback",
            "http://127.0.0.1:4321/../callback",
            "http://127.0.0.1:4321//callback",
            "http://127.0.0.1:4321@evil.example/callback",
            "http://user@127.0.0.1:4321/callback",
            "http://127.0.0.1.evil.example:4321/callback",
            "http://127.0.0.2:4321/callback",
            "http://localhost:4321/callback",
            "http://[::1%25lo]:4321/callback",
            "http://[::2]:4321/callback",
            "https://127.0.0.1:4321/callback",
            "HTTP://127.0.0.1:4321/callback",
            "lumen://callback",
            "javascript:alert(1)",
            "http://evil.example/callback",
            "http://127.0.0.1:4321/callback\r\nx: y",
        ];
        for uri in refused {
            assert!(!is_loopback_callback(uri), "{uri}");
            let outcome = AuthorizationRequest::parse(&query(&[("redirect_uri", Some(uri))]));
            assert!(matches!(outcome, Err(AuthorizeError::Refused(_))), "{uri}");
        }
    }

    #[test]
    fn mistakes_of_the_client_are_returned_with_its_state() {
        let long = "x".repeat(513);
        let table: &[(&str, Option<&str>, &str)] = &[
            ("response_type", None, "invalid_request"),
            ("response_type", Some("token"), "unsupported_response_type"),
            ("state", None, "invalid_request"),
            ("state", Some(""), "invalid_request"),
            ("state", Some(&long), "invalid_request"),
            ("state", Some("a\nb"), "invalid_request"),
            ("code_challenge", None, "invalid_request"),
            ("code_challenge", Some(&CHALLENGE[1..]), "invalid_request"),
            ("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw=cM"), "invalid_request"),
            ("code_challenge_method", None, "invalid_request"),
            ("code_challenge_method", Some("plain"), "invalid_request"),
        ];
        for (name, value, expected) in table {
            match AuthorizationRequest::parse(&query(&[(name, *value)])) {
                Err(AuthorizeError::Returned { error, state, .. }) => {
                    assert_eq!(error, *expected, "{name}={value:?}");
                    assert_eq!(state.is_none(), *name == "state", "{name}={value:?}");
                }
                other => panic!("{name}={value:?}: {other:?}"),
            }
        }
        assert!(matches!(
            AuthorizationRequest::parse(&query(&[("client_id", Some("other"))])),
            Err(AuthorizeError::Refused(_))
        ));
    }

    #[test]
    fn answer_returns_state_unchanged_and_names_the_issuer() {
        let request = AuthorizationRequest::parse(&query(&[])).unwrap();
        let location = url::Url::parse(&request.granted("c0de", "http://127.0.0.1:7800")).unwrap();
        let pairs: Vec<_> = location.query_pairs().into_owned().collect();
        let expected = [("code", "c0de"), ("state", "a b+c"), ("iss", "http://127.0.0.1:7800")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(request.redirect_origin(), "http://127.0.0.1:4321");
    }
}
