//! The routes of all services in one table.

use super::{ApiError, access, health, layers};
use crate::{app::Shared, backends::Service, catalog, delivery, entitlement, identity, licence, profiles, shared};
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
    let limit_sign_in = from_fn_with_state(app.clone(), shared::limit_sign_in);
    let services: [(Service, Router<Shared>); 5] = [
        (Service::Identity, identity::routes().route_layer(limit_sign_in)),
        (Service::Catalog, catalog::routes()),
        (Service::Profiles, profiles::routes()),
        (Service::Entitlement, entitlement::routes()),
        (Service::Licence, licence::routes()),
    ];
    let has = |service| app.services.has(service);
    // A layer needs something to lie around, and an instance may do nothing but make titles.
    let mut served = Router::new();
    if services.iter().any(|(service, _)| has(*service)) {
        let here = services.into_iter().filter(|(service, _)| has(*service));
        let answered_in_time = here.fold(Router::new(), |router, (_, routes)| router.merge(routes));
        served = served.merge(answered_in_time.route_layer(from_fn_with_state(app.clone(), layers::limit_time)));
    }
    if has(Service::Delivery) {
        served = served.merge(delivery::routes());
    }
    if served.has_routes() {
        // Inside the limits: what they refuse is busy, not down.
        served = served.route_layer(from_fn_with_state(app.clone(), layers::limit_concurrency));
    }
    served
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
