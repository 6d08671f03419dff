//! Which app is asking, and is it the one? (RFC 6749, 2.3)

use super::{
    super::clients::{Client, ClientAuthentication},
    error::OAuthError,
};
use crate::{app::Shared, gateway::extract::Pairs};
use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use url::form_urlencoded;

/// The form, if it can be read and names nothing twice.
pub(crate) fn readable(form: Result<Pairs, StatusCode>) -> Result<Pairs, OAuthError> {
    let form = form.map_err(|status| {
        let text = "send a form (application/x-www-form-urlencoded) of moderate size";
        OAuthError::with_status(status, "invalid_request", text)
    })?;
    match form.doubled() {
        Some(_) => Err(OAuthError::bad("invalid_request", "a parameter is given twice")),
        None => Ok(form),
    }
}

/// The app that sent the request, authenticated in the way that it is registered with.
pub(crate) async fn client(app: &Shared, headers: &HeaderMap, form: &Pairs) -> Result<Client, OAuthError> {
    let basic = basic(headers)?;
    let (id, method, secret) = match (&basic, form.get("client_id"), form.get("client_secret")) {
        (Some(_), _, Some(_)) => {
            return Err(OAuthError::bad("invalid_request", "the client authenticates in two ways"));
        }
        (Some((id, secret)), named, None) => {
            if named.is_some_and(|named| named != id) {
                return Err(OAuthError::bad("invalid_request", "the request names two clients"));
            }
            (id.as_str(), ClientAuthentication::ClientSecretBasic, Some(secret.as_str()))
        }
        (None, Some(id), Some(secret)) => (id, ClientAuthentication::ClientSecretPost, Some(secret)),
        (None, Some(id), None) => (id, ClientAuthentication::None, None),
        (None, None, _) => return Err(OAuthError::invalid_client("client_id is missing or unknown")),
    };
    let known = app.identity.clients.find(id).await?;
    let client = known.ok_or_else(|| OAuthError::invalid_client("client_id is missing or unknown"))?;
    let is_authentic =
        client.document.authentication == method && secret.is_none_or(|secret| client.has_secret(secret));
    if is_authentic { Ok(client) } else { Err(OAuthError::invalid_client("the client cannot be authenticated")) }
}

/// Identifier and secret of HTTP Basic, each form-encoded before (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let refused = || OAuthError::invalid_client("the client cannot be authenticated");
    if values.next().is_some() {
        return Err(refused());
    }
    let (scheme, text) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(refused());
    }
    let text = STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(refused)?;
    let (id, secret) = text.split_once(':').ok_or_else(refused)?;
    Ok(Some((decode(id), decode(secret))))
}

fn decode(text: &str) -> String {
    // As the value of a parameter without a name.
    let pair = format!("={}", text.replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded_inside() {
        let mut headers = HeaderMap::new();
        assert!(basic(&headers).unwrap().is_none());
        headers.insert(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode("a%3Ab:s+1%2B&=x")).parse().unwrap());
        assert_eq!(basic(&headers).unwrap().unwrap(), ("a:b".to_owned(), "s 1+&=x".to_owned()));
        for bad in ["Basic", "Basic !", "Bearer x", "Basic YWJj"] {
            headers.insert(header::AUTHORIZATION, bad.parse().unwrap());
            assert!(basic(&headers).is_err(), "{bad}");
        }
    }
}
