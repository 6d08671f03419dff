//! `POST /v1/support`, and what those see who help.

use super::requests::Kept;
use crate::{
    app::Shared,
    gateway::{ApiError, ApiJson, Principal},
};
use axum::{Json, extract::State, http::StatusCode};
use service_api::{
    account::{SupportCase, SupportReceipt, SupportRequest},
    problem::ProblemCode,
};

/// How long who has asked too often waits, in seconds: until somebody may have answered.
const WAIT_S: u32 = 3_600;

pub(super) async fn ask(
    State(app): State<Shared>,
    who: Principal,
    ApiJson(request): ApiJson<SupportRequest>,
) -> Result<(StatusCode, Json<SupportReceipt>), ApiError> {
    check(&request)?;
    match app.support.keep(&who.account, &request).await? {
        Kept::As(reference) => Ok((StatusCode::CREATED, Json(SupportReceipt { reference }))),
        Kept::TooMany => {
            let title = "Many requests were sent today; they are all kept";
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ProblemCode::RateLimited, title);
            Err(error.retry_after(WAIT_S))
        }
    }
}

/// The latest requests of everybody, for support.
pub(super) async fn latest(State(app): State<Shared>, _who: Principal) -> Result<Json<Vec<SupportCase>>, ApiError> {
    Ok(Json(app.support.latest().await?))
}

fn check(request: &SupportRequest) -> Result<(), ApiError> {
    let length = request.message.chars().count();
    if request.message.trim().is_empty() || length > SupportRequest::MESSAGE_LIMIT {
        return Err(ApiError::invalid("message must have 1 to 4000 characters"));
    }
    if request.diagnostics.as_ref().is_some_and(|text| text.len() > SupportRequest::DIAGNOSTICS_LIMIT) {
        return Err(ApiError::too_large("diagnostics must have at most 16 KiB"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use service_api::account::SupportTopic;

    #[test]
    fn requests_have_limits() {
        let request = |message: &str, diagnostics: Option<usize>| SupportRequest {
            topic: SupportTopic::Feedback,
            message: message.to_owned(),
            diagnostics: diagnostics.map(|length| "x".repeat(length)),
        };
        assert!(check(&request("Fine", None)).is_ok());
        assert!(check(&request(&"ä".repeat(4000), Some(16 << 10))).is_ok());
        for wrong in [request(" \n ", None), request(&"ä".repeat(4001), None), request("Fine", Some((16 << 10) + 1))] {
            assert!(check(&wrong).is_err());
        }
    }
}
