//! `GET` and `POST /oauth/userinfo` (OpenID Connect Core, 5.3).

use super::{error::NOT_STORED, id_token};
use crate::{
    app::Shared,
    gateway::{ApiError, Principal, auth, extract::Pairs},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::{problem::ProblemCode, routes};

/// With the token in the header.
pub(crate) async fn get(State(app): State<Shared>, headers: HeaderMap) -> Response {
    answer(&app, auth::authenticate(&app, &headers, &Method::GET, routes::OAUTH_USERINFO).await).await
}

/// With the token in the header or in the form (RFC 6750, 2.2), and not in both.
pub(crate) async fn post(State(app): State<Shared>, headers: HeaderMap, form: Result<Pairs, StatusCode>) -> Response {
    let form = form.unwrap_or_default();
    let who = match (headers.contains_key(header::AUTHORIZATION), form.get("access_token")) {
        (true, Some(_)) => Err(ApiError::invalid("the token is given twice")),
        (false, Some(token)) => auth::bearer_token(&app, token).await,
        (_, None) => auth::authenticate(&app, &headers, &Method::POST, routes::OAUTH_USERINFO).await,
    };
    answer(&app, who).await
}

async fn answer(app: &Shared, who: Result<Principal, ApiError>) -> Response {
    let outcome = async {
        let who = who?;
        if !super::super::grant::contains(&who.scope, "openid") {
            let title = "The token was not granted for this";
            return Err(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, title).detail("scope: openid"));
        }
        let person = app.identity.accounts.person(&who.account).await?;
        let person = person.ok_or_else(|| ApiError::not_found("account"))?;
        Ok((NOT_STORED, Json(id_token::userinfo(&who.grant, &who.scope, &person))).into_response())
    };
    let outcome: Result<Response, ApiError> = outcome.await;
    auth::with_challenge(app, outcome.unwrap_or_else(IntoResponse::into_response))
}
