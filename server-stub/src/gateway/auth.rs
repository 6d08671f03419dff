//! From the bearer token to the one who sent it.

use super::ApiError;
use crate::{
    app::Shared,
    entitlement::ClientAddress,
    identity::{TokenRefused, TokenState},
};
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use service_api::{AccountId, problem::ProblemCode};
use std::net::IpAddr;

/// The account whose access token came with the request. Extracting it is the access check.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) account: AccountId,
    /// The sign-in that the token comes from: one device's, as far as that can be told.
    pub(crate) session: String,
    /// Where the request comes from.
    pub(crate) address: IpAddr,
}

impl FromRequestParts<Shared> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Self::Rejection> {
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        // Two headers could be read differently by a proxy and by us.
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(unauthenticated());
        };
        let token = value.to_str().ok().and_then(bearer).ok_or_else(unauthenticated)?;
        match app.identity.tokens.authenticate(token).await? {
            TokenState::Valid(account, session) => {
                let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, app).await;
                Ok(Self { account, session, address })
            }
            TokenState::Refused(TokenRefused::Expired) => {
                Err(ApiError::new(StatusCode::UNAUTHORIZED, ProblemCode::TokenExpired, "The access token has expired")
                    .detail("refresh it"))
            }
            TokenState::Refused(TokenRefused::Unknown) => Err(unauthenticated()),
        }
    }
}

fn unauthenticated() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, ProblemCode::Unauthenticated, "Sign in first")
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_is_read_in_any_case_and_nothing_else() {
        let table = [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(bearer(value), expected, "{value:?}");
        }
    }
}
