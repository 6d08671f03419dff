//! The routes of the service.

use super::{
    federation,
    http::{account, api, authorize, device, recovery, registration, sign_in},
    oauth::{device_endpoint, introspection, metadata, par, token_endpoint, userinfo},
    passkeys,
};
use crate::app::Shared;
use axum::{
    Router,
    routing::{delete, get, post, put},
};
use service_api::routes as paths;

/// Pages, protocol endpoints and the account's API.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(paths::OAUTH_METADATA, get(metadata::metadata))
        .route(paths::OPENID_METADATA, get(metadata::metadata))
        .route(paths::OAUTH_JWKS, get(metadata::jwks))
        .route(paths::OAUTH_AUTHORIZE, get(authorize::show).post(authorize::answer))
        .route(paths::OAUTH_TOKEN, post(token_endpoint::token))
        .route(paths::OAUTH_REVOKE, post(token_endpoint::revoke))
        .route(paths::OAUTH_INTROSPECT, post(introspection::introspect))
        .route(paths::OAUTH_USERINFO, get(userinfo::get).post(userinfo::post))
        .route(paths::OAUTH_PAR, post(par::push))
        .route(paths::OAUTH_DEVICE, post(device_endpoint::authorize))
        .route(paths::DEVICE_PAGE, get(device::show).post(device::answer))
        .route(paths::SIGN_IN_PAGE, get(sign_in::show).post(sign_in::answer))
        .route(paths::SIGN_OUT, post(sign_in::sign_out))
        .route(paths::REGISTER_PAGE, get(registration::show).post(registration::answer))
        .route(paths::CONFIRM_PAGE, get(registration::show_confirm).post(registration::confirm))
        .route(paths::RECOVER_PAGE, get(recovery::show).post(recovery::answer))
        .route(paths::NEW_PASSWORD_PAGE, get(recovery::show_new).post(recovery::set_new))
        .route(paths::ACCOUNT_PAGE, get(account::show))
        .route(paths::ACCOUNT_ACTION, post(account::answer))
        .route(paths::PASSKEY_SCRIPT, get(passkeys::script))
        .route(paths::PASSKEY_CHALLENGE, post(passkeys::challenge))
        .route(paths::PASSKEY_SIGN_IN, post(passkeys::sign_in))
        .route(paths::PASSKEY_NEW, post(passkeys::new))
        .route(paths::PASSKEY_ADD, post(passkeys::add))
        .route(paths::FEDERATION_START, get(federation::start))
        .route(paths::FEDERATION_CALLBACK, get(federation::callback))
        .route(paths::ME, get(api::me))
        .route(paths::PROFILES, get(api::profiles))
        .route(paths::ACCOUNT_DEVICES, get(api::devices))
        .route(paths::ACCOUNT_DEVICE, delete(api::end_device))
        .route(paths::ADMIN_ACCOUNTS, get(api::find_accounts))
        .route(paths::ADMIN_ACCOUNT, delete(api::remove_account))
        .route(paths::ADMIN_ACCOUNT_ROLE, put(api::set_role))
}
