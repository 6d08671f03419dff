//! Who may call what: one table of method, route and roles. What is not in it is refused, so a route that somebody adds
//! is closed until somebody has decided who it is for.

use super::{ApiError, Principal, admin, auth};
use crate::{
    app::Shared,
    identity::{Browser, contains_scope},
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use service_api::{identity::Role, problem::ProblemCode, routes};
use std::collections::BTreeSet;

/// Scope that the API asks of a token.
const SCOPE: &str = "watch";

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody: it is public, or checks by itself who asks (pages, protocol endpoints, signed addresses).
    Open,
    /// Accounts of these roles, with a token.
    Roles(&'static [Role]),
    /// The same for a page: a browser that is signed in will do as well.
    Page(&'static [Role]),
}

/// Who looks at a page: `None` is somebody with a token, whom no other site can make send a form.
#[derive(Clone, Debug)]
pub(crate) struct Visitor(pub(crate) Option<Browser>);

/// One row.
type Rule = (&'static str, &'static str, Access);

const EVERYBODY: Access = Access::Roles(&Role::ALL);
/// Everybody but those who may only watch.
const OWNERS: Access = Access::Roles(&[Role::Owner, Role::Qa, Role::Editor, Role::Support, Role::Admin]);
const SUPPORT: Access = Access::Roles(&[Role::Support, Role::Admin]);
const ADMINS: Access = Access::Roles(&[Role::Admin]);
/// Who runs the server, or tests it.
pub(super) const OPERATORS: &[Role] = &[Role::Qa, Role::Admin];

/// The table.
#[rustfmt::skip]
pub(crate) const TABLE: &[Rule] = &[
    // Protocols: these authenticate their clients themselves.
    ("GET", routes::OAUTH_METADATA, Access::Open),
    ("GET", routes::OPENID_METADATA, Access::Open),
    ("GET", routes::OAUTH_JWKS, Access::Open),
    ("GET", routes::OAUTH_AUTHORIZE, Access::Open),
    ("POST", routes::OAUTH_AUTHORIZE, Access::Open),
    ("POST", routes::OAUTH_TOKEN, Access::Open),
    ("POST", routes::OAUTH_REVOKE, Access::Open),
    ("POST", routes::OAUTH_INTROSPECT, Access::Open),
    ("POST", routes::OAUTH_PAR, Access::Open),
    ("POST", routes::OAUTH_DEVICE, Access::Open),
    ("GET", routes::OAUTH_USERINFO, Access::Open),
    ("POST", routes::OAUTH_USERINFO, Access::Open),
    // Pages: these look for the browser's session themselves.
    ("GET", routes::SIGN_IN_PAGE, Access::Open),
    ("POST", routes::SIGN_IN_PAGE, Access::Open),
    ("POST", routes::SIGN_OUT, Access::Open),
    ("GET", routes::REGISTER_PAGE, Access::Open),
    ("POST", routes::REGISTER_PAGE, Access::Open),
    ("GET", routes::CONFIRM_PAGE, Access::Open),
    ("POST", routes::CONFIRM_PAGE, Access::Open),
    ("GET", routes::RECOVER_PAGE, Access::Open),
    ("POST", routes::RECOVER_PAGE, Access::Open),
    ("GET", routes::NEW_PASSWORD_PAGE, Access::Open),
    ("POST", routes::NEW_PASSWORD_PAGE, Access::Open),
    ("GET", routes::DEVICE_PAGE, Access::Open),
    ("POST", routes::DEVICE_PAGE, Access::Open),
    ("GET", routes::ACCOUNT_PAGE, Access::Open),
    ("POST", routes::ACCOUNT_ACTION, Access::Open),
    ("GET", routes::PASSKEY_SCRIPT, Access::Open),
    ("POST", routes::PASSKEY_CHALLENGE, Access::Open),
    ("POST", routes::PASSKEY_SIGN_IN, Access::Open),
    ("POST", routes::PASSKEY_NEW, Access::Open),
    ("POST", routes::PASSKEY_ADD, Access::Open),
    ("GET", routes::FEDERATION_START, Access::Open),
    ("GET", routes::FEDERATION_CALLBACK, Access::Open),
    // The account.
    ("GET", routes::ME, EVERYBODY),
    ("GET", routes::PROFILES, EVERYBODY),
    ("GET", routes::ACCOUNT, EVERYBODY),
    ("PUT", routes::ACCOUNT_CONSENTS, OWNERS),
    ("GET", routes::ACCOUNT_EXPORT, OWNERS),
    ("POST", routes::ACCOUNT_ERASE, OWNERS),
    ("POST", routes::SUPPORT, EVERYBODY),
    ("GET", routes::ACCOUNT_DEVICES, OWNERS),
    ("DELETE", routes::ACCOUNT_DEVICE, OWNERS),
    ("GET", routes::ADMIN_SUPPORT, SUPPORT),
    ("GET", routes::ADMIN_ACCOUNTS, SUPPORT),
    ("PUT", routes::ADMIN_ACCOUNT_ROLE, ADMINS),
    ("DELETE", routes::ADMIN_ACCOUNT, ADMINS),
    // Watching.
    ("GET", routes::HOME, EVERYBODY),
    ("GET", routes::PROGRESS, EVERYBODY),
    ("PUT", routes::PROGRESS, EVERYBODY),
    ("GET", routes::TITLE, EVERYBODY),
    ("GET", routes::SEARCH, EVERYBODY),
    ("GET", routes::BROWSE, EVERYBODY),
    ("GET", routes::PROFILE, EVERYBODY),
    ("POST", routes::PROFILE_UNLOCK, EVERYBODY),
    ("GET", routes::MY_LIST, EVERYBODY),
    ("PUT", routes::MY_LIST_TITLE, EVERYBODY),
    ("DELETE", routes::MY_LIST_TITLE, EVERYBODY),
    ("GET", routes::RATING, EVERYBODY),
    ("PUT", routes::RATING, EVERYBODY),
    ("DELETE", routes::RATING, EVERYBODY),
    ("POST", routes::PLAYBACK, EVERYBODY),
    ("POST", routes::PLAYBACK_HEARTBEAT, EVERYBODY),
    ("DELETE", routes::PLAYBACK_GRANT, EVERYBODY),
    ("GET", routes::LICENCE_AUTHORIZATION, EVERYBODY),
    ("GET", routes::LICENCE_HLS_KEY, EVERYBODY),
    ("POST", routes::LICENCE_PROXY, EVERYBODY),
    ("POST", routes::LICENCE_FIRST_PLAY, EVERYBODY),
    // The household: not for those who may only watch.
    ("POST", routes::PROFILES, OWNERS),
    ("PATCH", routes::PROFILE, OWNERS),
    ("DELETE", routes::PROFILE, OWNERS),
    ("PUT", routes::PROFILE_PIN, OWNERS),
    ("GET", routes::PLAYBACK_DEVICES, OWNERS),
    ("DELETE", routes::PLAYBACK_DEVICE, OWNERS),
    // These check statements of partners themselves.
    ("POST", routes::LICENCE_CLEARKEY_BY_TOKEN, Access::Open),
    ("POST", routes::SPEKE, Access::Open),
    ("POST", routes::LICENCE_CLEARKEY, EVERYBODY),
    // Public pictures, signed media addresses, probes.
    ("GET", routes::ARTWORK, Access::Open),
    ("GET", routes::MEDIA, Access::Open),
    ("OPTIONS", routes::MEDIA, Access::Open),
    ("GET", routes::CONTENT, Access::Open),
    ("OPTIONS", routes::CONTENT, Access::Open),
    ("GET", routes::HEALTH_LIVE, Access::Open),
    ("GET", routes::HEALTH_READY, Access::Open),
    // For this machine, or for operators: it looks by itself.
    ("GET", routes::METRICS, Access::Open),
    ("GET", routes::OPENAPI, Access::Open),
    ("GET", routes::PROBLEM, Access::Open),
    ("GET", routes::ADMIN, Access::Page(OPERATORS)),
    ("POST", routes::ADMIN, Access::Page(OPERATORS)),
];

/// The table as text, one `METHOD path: who` per row, for tests and documentation.
pub fn access_table() -> Vec<(String, String, Option<Vec<Role>>)> {
    TABLE
        .iter()
        .map(|(method, path, access)| {
            let roles = match access {
                Access::Open => None,
                Access::Roles(roles) | Access::Page(roles) => Some(roles.to_vec()),
            };
            ((*method).to_owned(), (*path).to_owned(), roles)
        })
        .collect()
}

/// What the table says of a method on a route. HEAD is GET without a body.
fn rule(method: &Method, route: &str) -> Option<Access> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    TABLE.iter().find(|(known, path, _)| *known == method && *path == route).map(|(.., access)| *access)
}

/// The methods of a route, for `Allow`; none if the route is not in the table.
fn allowed(route: &str) -> Option<HeaderValue> {
    let mut methods: BTreeSet<&str> =
        TABLE.iter().filter(|(_, path, _)| *path == route).map(|(method, ..)| *method).collect();
    if methods.contains("GET") {
        methods.insert("HEAD");
    }
    let text = methods.into_iter().collect::<Vec<_>>().join(",");
    HeaderValue::try_from(text).ok().filter(|text| !text.is_empty())
}

/// Admits a request that the table admits.
pub(crate) async fn enforce(
    State(app): State<Shared>,
    route: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let route = route.as_ref().map_or("", MatchedPath::as_str);
    let Some(access) = rule(request.method(), route) else {
        let Some(allowed) = allowed(route) else {
            return ApiError::unexplained(StatusCode::NOT_FOUND).into_response();
        };
        let mut refused = ApiError::unexplained(StatusCode::METHOD_NOT_ALLOWED).into_response();
        refused.headers_mut().insert(header::ALLOW, allowed);
        return refused;
    };
    let (roles, is_page) = match access {
        Access::Open => return next.run(request).await,
        Access::Roles(roles) => (roles, false),
        Access::Page(roles) => (roles, true),
    };
    if is_page && !request.headers().contains_key(header::AUTHORIZATION) {
        let browser = match app.identity.browser(request.headers()).await {
            Ok(Some(browser)) => browser,
            Ok(None) => return auth::with_challenge(&app, admin::sign_in_first()),
            Err(error) => return ApiError::from(error).into_response(),
        };
        if !roles.contains(&browser.role) {
            return wrong_role().into_response();
        }
        request.extensions_mut().insert(Visitor(Some(browser)));
        return next.run(request).await;
    }
    match admit(&app, request.headers(), request.method(), request.uri().path(), roles).await {
        Ok(who) => request.extensions_mut().insert(who),
        Err(error) => return auth::with_challenge(&app, error.into_response()),
    };
    request.extensions_mut().insert(Visitor(None));
    next.run(request).await
}

/// Whose token is in the headers, if the account has one of these roles?
pub(super) async fn admit(
    app: &Shared,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    roles: &[Role],
) -> Result<Principal, ApiError> {
    let who = auth::authenticate(app, headers, method, path).await?;
    if !contains_scope(&who.scope, SCOPE) {
        return Err(forbidden("the token was not granted for this: it lacks the scope watch"));
    }
    if roles.contains(&who.role) { Ok(who) } else { Err(wrong_role()) }
}

fn wrong_role() -> ApiError {
    forbidden("the account's role does not include this")
}

fn forbidden(detail: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, "Not allowed").detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_one_rule_per_method_and_admins_are_never_left_out() {
        let mut seen = BTreeSet::new();
        for (method, path, access) in TABLE {
            assert!(seen.insert((method, path)), "{method} {path} is there twice");
            if let Access::Roles(roles) | Access::Page(roles) = access {
                assert!(roles.contains(&Role::Admin), "{method} {path}");
            }
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_refused() {
        assert_eq!(rule(&Method::GET, "/v1/nowhere"), None);
        assert_eq!(rule(&Method::DELETE, routes::ME), None);
        assert_eq!(rule(&Method::HEAD, routes::ME), Some(EVERYBODY));
        assert_eq!(allowed(routes::PROGRESS).unwrap(), "GET,HEAD,PUT");
        assert!(allowed("/v1/nowhere").is_none());
    }
}
