//! The routes of all services in one table.

use super::{ApiError, access, admin, health, layers, openapi};
use crate::{
    app::Shared, backends::Service, catalog, delivery, entitlement, identity, licence, privacy, profiles, support,
};
use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware::from_fn_with_state, routing::get};
use service_api::routes;

/// Everything the server answers.
pub(crate) fn build(app: Shared) -> Router {
    let limit_sign_in = from_fn_with_state(app.clone(), identity::limit_sign_in);
    let services: [(Service, Router<Shared>); 5] = [
        (
            Service::Identity,
            identity::routes().route_layer(limit_sign_in).merge(privacy::routes()).merge(support::routes()),
        ),
        (Service::Catalog, catalog::routes()),
        (Service::Profiles, profiles::routes()),
        (Service::Entitlement, entitlement::routes()),
        (Service::Licence, licence::routes()),
    ];
    let has = |service| app.services.has(service);
    // What every instance answers, whatever it leaves to others.
    let own = Router::new()
        .route(routes::ADMIN, get(admin::show).post(admin::change))
        .route(routes::OPENAPI, get(openapi::openapi))
        .route(routes::PROBLEM, get(openapi::problem_page));
    let here = services.into_iter().filter(|(service, _)| has(*service));
    let answered_in_time = here.fold(own, |router, (_, routes)| router.merge(routes));
    // Outside of the guard: guessing tokens is what is limited.
    let mut limited = guarded(&app, answered_in_time)
        .route_layer(from_fn_with_state(app.clone(), layers::limit_rate))
        .route_layer(from_fn_with_state(app.clone(), layers::limit_time));
    if has(Service::Delivery) {
        limited = limited.merge(guarded(&app, delivery::routes()));
    }
    let probes = Router::new()
        .route(routes::HEALTH_LIVE, get(health::live))
        .route(routes::HEALTH_READY, get(health::ready))
        .route(routes::METRICS, get(health::metrics));
    limited
        // Not around probes: what this refuses is busy, not down.
        .route_layer(from_fn_with_state(app.clone(), layers::limit_concurrency))
        .merge(guarded(&app, probes))
        .fallback(async || ApiError::unexplained(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || ApiError::unexplained(StatusCode::METHOD_NOT_ALLOWED))
        .layer(DefaultBodyLimit::max(app.limits.body_bytes))
        .layer(from_fn_with_state(app.clone(), layers::frame))
        .with_state(app)
}

/// Every route goes through here: what the access table does not name does not exist.
fn guarded(app: &Shared, routes: Router<Shared>) -> Router<Shared> {
    routes.route_layer(from_fn_with_state(app.clone(), access::enforce))
}
