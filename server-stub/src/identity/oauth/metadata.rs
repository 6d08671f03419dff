//! What the server says of itself: RFC 8414, OpenID Connect Discovery, and its keys.

use super::{
    super::{clients::SCOPES, grant::ACR_VALUES, jose::Alg},
    dpop, id_token,
};
use crate::{app::Shared, gateway::ApiError};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use service_api::{
    identity::{AuthorizationServer, ProviderMetadata},
    routes,
};

/// The grant of RFC 8628.
pub(crate) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// `GET /.well-known/oauth-authorization-server` and `/.well-known/openid-configuration`.
pub(crate) async fn metadata(State(app): State<Shared>) -> Response {
    let issuer = &app.identity.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let many = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let document = ProviderMetadata {
        server: AuthorizationServer {
            issuer: issuer.clone(),
            authorization_endpoint: at(routes::OAUTH_AUTHORIZE),
            token_endpoint: at(routes::OAUTH_TOKEN),
            revocation_endpoint: at(routes::OAUTH_REVOKE),
            response_types_supported: many(&["code"]),
            grant_types_supported: many(&["authorization_code", "refresh_token", DEVICE_GRANT]),
            code_challenge_methods_supported: many(&["S256"]),
            token_endpoint_auth_methods_supported: many(&["none", "client_secret_basic", "client_secret_post"]),
            authorization_response_iss_parameter_supported: true,
            device_authorization_endpoint: Some(at(routes::OAUTH_DEVICE)),
        },
        jwks_uri: at(routes::OAUTH_JWKS),
        userinfo_endpoint: at(routes::OAUTH_USERINFO),
        introspection_endpoint: at(routes::OAUTH_INTROSPECT),
        pushed_authorization_request_endpoint: at(routes::OAUTH_PAR),
        scopes_supported: many(&SCOPES),
        claims_supported: many(&id_token::CLAIMS),
        claim_types_supported: many(&["normal"]),
        response_modes_supported: many(&["query"]),
        subject_types_supported: many(&["public"]),
        id_token_signing_alg_values_supported: many(&Alg::ALL.map(Alg::name)),
        introspection_endpoint_auth_methods_supported: many(&["client_secret_basic", "client_secret_post"]),
        revocation_endpoint_auth_methods_supported: many(&["none", "client_secret_basic", "client_secret_post"]),
        dpop_signing_alg_values_supported: many(&dpop::ALGS.map(Alg::name)),
        acr_values_supported: many(&ACR_VALUES),
        prompt_values_supported: many(&["none", "login", "consent", "select_account"]),
        display_values_supported: many(&["page"]),
        ui_locales_supported: many(&["en"]),
        claims_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        require_request_uri_registration: false,
        require_pushed_authorization_requests: false,
    };
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response()
}

/// `GET /oauth/jwks`.
pub(crate) async fn jwks(State(app): State<Shared>) -> Result<Response, ApiError> {
    let keys = app.identity.keys.public().await.map_err(|error| ApiError::internal(&error))?;
    let document = serde_json::json!({ "keys": keys });
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response())
}
