//! From the access token to the one who sent it.

use super::ApiError;
use crate::{
    app::Shared,
    entitlement::ClientAddress,
    identity::{DpopError, Grant, TokenRefused, TokenState},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use service_api::{
    AccountId,
    identity::Role,
    problem::{Problem, ProblemCode},
};
use std::net::{IpAddr, Ipv4Addr};

/// What the detail of a problem says when only the nonce of the proof was missing.
const USE_NONCE: &str = "send the proof again with the nonce of the DPoP-Nonce header";

static DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The account whose access token came with the request, as the access table has admitted it. A handler that takes one
/// is not reached without.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) account: AccountId,
    /// What the account may do through the app that asks.
    pub(crate) role: Role,
    pub(crate) scope: String,
    /// The sign-in that the token belongs to: one device's, as far as that can be told.
    pub(crate) family: String,
    pub(crate) grant: Grant,
    /// Where the request comes from.
    pub(crate) address: IpAddr,
}

impl FromRequestParts<Shared> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Self::Rejection> {
        // Put there by `access::enforce`. Absent only where the table calls a route open that is not.
        let admitted = parts.extensions.get::<Self>().cloned();
        let who = admitted.ok_or_else(|| ApiError::internal(&"a route lacks its access rule"))?;
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, app).await;
        Ok(Self { address, ..who })
    }
}

/// Whose token is in the headers? With a token that is bound to a key, the key must be proved for this very request.
pub(crate) async fn authenticate(
    app: &Shared,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
) -> Result<Principal, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    // Two headers could be read differently by a proxy and by us.
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(unauthenticated());
    };
    let (scheme, token) = value.to_str().ok().and_then(credentials).ok_or_else(unauthenticated)?;
    if scheme == Scheme::Bearer {
        return bearer_token(app, token).await;
    }
    let who = principal(app, token).await?;
    let refused = |detail: &str| unauthenticated().detail(detail);
    let proved = app.identity.dpop.check(headers, method, path, Some(token)).await.map_err(|error| match error {
        DpopError::Nonce => refused(USE_NONCE),
        DpopError::Invalid(reason) => refused(reason),
        DpopError::Store(error) => error.into(),
    })?;
    if proved.is_some() && proved == who.grant.dpop_jkt { Ok(who) } else { Err(refused("the proof is of another key")) }
}

/// Whose token is in the headers of a request that was admitted, and whose answer goes on? The proof that came with it
/// was for its beginning.
pub(super) async fn bearer_of(app: &Shared, headers: &HeaderMap) -> Result<Principal, ApiError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (_, token) = value.and_then(credentials).ok_or_else(unauthenticated)?;
    principal(app, token).await
}

/// Whose bearer token is it? One that is bound to a key is worth nothing without the proof.
pub(crate) async fn bearer_token(app: &Shared, token: &str) -> Result<Principal, ApiError> {
    let who = principal(app, token).await?;
    if who.grant.dpop_jkt.is_some() { Err(unauthenticated()) } else { Ok(who) }
}

async fn principal(app: &Shared, token: &str) -> Result<Principal, ApiError> {
    match app.identity.tokens.authenticate(token).await? {
        TokenState::Valid(access) => {
            // What an app of somebody else may do in a person's name ends at the person's own account.
            let is_capped = access.details.is_third_party && access.role != Role::Viewer;
            Ok(Principal {
                account: access.account,
                role: if is_capped { Role::Owner } else { access.role },
                scope: access.scope,
                family: access.family,
                grant: access.details,
                address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            })
        }
        TokenState::Refused(TokenRefused::Expired) => {
            let title = "The access token has expired";
            Err(ApiError::new(StatusCode::UNAUTHORIZED, ProblemCode::TokenExpired, title).detail("refresh it"))
        }
        TokenState::Refused(TokenRefused::Unknown) => Err(unauthenticated()),
    }
}

/// Adds to a refusal what a client with a key needs to try again (RFC 9449, 7.1 and 9).
pub(crate) fn with_challenge(app: &Shared, mut response: Response) -> Response {
    if response.status() != StatusCode::UNAUTHORIZED {
        return response;
    }
    let needs_nonce =
        response.extensions().get::<Problem>().is_some_and(|problem| problem.detail.as_deref() == Some(USE_NONCE));
    let challenge = if needs_nonce {
        r#"DPoP realm="lumen", error="use_dpop_nonce", algs="ES256 EdDSA""#
    } else {
        r#"DPoP realm="lumen", algs="ES256 EdDSA""#
    };
    let headers = response.headers_mut();
    if needs_nonce {
        headers.remove(header::WWW_AUTHENTICATE);
    }
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    if let Ok(nonce) = HeaderValue::try_from(app.identity.dpop.nonce()) {
        headers.insert(&DPOP_NONCE, nonce);
    }
    response
}

fn unauthenticated() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, ProblemCode::Unauthenticated, "Sign in first")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

/// Scheme and token; the scheme's case does not matter (RFC 9110, 11.1).
fn credentials(value: &str) -> Option<(Scheme, &str)> {
    let (scheme, token) = value.split_once(' ')?;
    let scheme = match scheme {
        it if it.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
        it if it.eq_ignore_ascii_case("dpop") => Scheme::Dpop,
        _ => return None,
    };
    Some((scheme, token.trim())).filter(|(_, token)| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_is_read_in_any_case_and_nothing_else() {
        let table = [
            ("Bearer abc", Some((Scheme::Bearer, "abc"))),
            ("bearer  abc ", Some((Scheme::Bearer, "abc"))),
            ("dPoP abc", Some((Scheme::Dpop, "abc"))),
            ("Basic abc", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(credentials(value), expected, "{value:?}");
        }
    }
}
