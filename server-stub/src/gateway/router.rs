//! The routes of all services in one table.

use super::{ApiError, access, health, layers};
use crate::{app::Shared, catalog, delivery, entitlement, identity, licence, profiles};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use service_api::routes;

/// Everything the server answers.
pub(crate) fn build(app: Shared) -> Router {
    let answered_in_time = Router::new()
        .merge(identity::routes())
        .merge(catalog::routes())
        .merge(profiles::routes())
        .merge(entitlement::routes())
        .merge(licence::routes())
        .route_layer(from_fn_with_state(app.clone(), layers::limit_time));
    Router::new()
        .merge(answered_in_time)
        .merge(delivery::routes())
        // Inside the limits: what they refuse is busy, not down.
        .route_layer(from_fn_with_state(app.clone(), layers::limit_concurrency))
        .route(routes::HEALTH_LIVE, get(health::live))
        .route(routes::HEALTH_READY, get(health::ready))
        // Around every route: what the table does not name does not exist.
        .route_layer(from_fn_with_state(app.clone(), access::enforce))
        .fallback(async || ApiError::unexplained(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || ApiError::unexplained(StatusCode::METHOD_NOT_ALLOWED))
        .layer(DefaultBodyLimit::max(app.limits.body_bytes))
        .layer(from_fn(layers::frame))
        .with_state(app)
}
