//! `POST /v1/licences/clearkey/{grant}`.

use super::audit::Entry;
use crate::{
    app::{App, Shared},
    entitlement::{Decision, StoredGrant, Terms, decide},
    gateway::{ApiError, ApiJson, Principal},
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use service_api::{
    GrantId,
    licence::{ClearKey, ClearKeyLicence, ClearKeyRequest, SessionType},
    problem::ProblemCode,
};

/// Keys in one request. A title has one; players of other makes may ask for audio and each resolution.
const MAX_KIDS: usize = 32;

/// Answers a challenge with the key of the granted title, or says why not. Both are written down first.
pub(crate) async fn clearkey(
    State(app): State<Shared>,
    who: Principal,
    Path(grant_id): Path<GrantId>,
    ApiJson(request): ApiJson<ClearKeyRequest>,
) -> Result<Response, ApiError> {
    let kids = read(&request)?;
    let grant = app.grants.find(&grant_id).await?;
    let outcome = match &grant {
        None => Err(ApiError::not_found("grant")),
        Some(grant) => answer(&app, &who, grant, &kids).await,
    };
    let code = outcome.as_ref().err().map(|error| error.code());
    let entry = Entry {
        account: &who.account,
        grant_id: &grant_id,
        grant: grant.as_ref(),
        outcome: &code.map_or_else(|| "granted".to_owned(), code_text),
    };
    app.audit.record(entry).await?;
    let licence = outcome?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(licence)).into_response())
}

async fn answer(
    app: &App,
    who: &Principal,
    grant: &StoredGrant,
    kids: &[[u8; 16]],
) -> Result<ClearKeyLicence, ApiError> {
    if grant.account != who.account {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            ProblemCode::Forbidden,
            "The grant belongs to another account",
        ));
    }
    if app.clock.now_ms() >= grant.expires_at_ms {
        let error = ApiError::new(StatusCode::GONE, ProblemCode::GrantExpired, "The grant has expired");
        return Err(error.detail("Ask for playback again"));
    }
    // Plan, profile and title may have changed since the grant was made.
    let viewer = app.viewer(who, &grant.profile).await?;
    let title = app.catalog.visible(&grant.title, viewer)?;
    if let Decision::Refused(refusal) = decide(viewer, Terms::from(title)) {
        return Err(refusal.into());
    }
    // All or nothing: a player that mixes titles is broken or probing, and learns nothing either way.
    let kid = app.keys.kid(&grant.title);
    if kids.iter().any(|asked| Some(*asked) != kid) {
        let title = "A key was asked for that does not belong to the title";
        return Err(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::UnknownKey, title));
    }
    let key = app.keys.key(&grant.title).map_err(|error| ApiError::internal(&error))?;
    Ok(ClearKeyLicence {
        keys: vec![ClearKey {
            kty: "oct".to_owned(),
            kid: URL_SAFE_NO_PAD.encode(key.kid),
            k: URL_SAFE_NO_PAD.encode(key.key),
        }],
        session: SessionType::Temporary,
    })
}

fn read(request: &ClearKeyRequest) -> Result<Vec<[u8; 16]>, ApiError> {
    if request.session != SessionType::Temporary {
        return Err(ApiError::invalid("only temporary licences are given out"));
    }
    if request.kids.is_empty() || request.kids.len() > MAX_KIDS {
        return Err(ApiError::invalid(format!("kids must have 1 to {MAX_KIDS} entries")));
    }
    let kid = |text: &String| URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    let kids: Option<Vec<[u8; 16]>> = request.kids.iter().map(kid).collect();
    kids.ok_or_else(|| ApiError::invalid("each of kids must be 16 bytes in base64url without padding"))
}

/// The code as it travels.
fn code_text(code: ProblemCode) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_has_one_to_32_exact_kids() {
        let request = |kids: &[&str]| ClearKeyRequest {
            kids: kids.iter().map(|kid| (*kid).to_owned()).collect(),
            session: SessionType::Temporary,
        };
        let kid = URL_SAFE_NO_PAD.encode([7; 16]);
        assert_eq!(read(&request(&[&kid])).unwrap(), [[7; 16]]);
        assert!(read(&request(&[kid.as_str(); MAX_KIDS])).is_ok());
        let bad: [&[&str]; 6] = [
            &[],
            &[kid.as_str(); MAX_KIDS + 1],
            &[&URL_SAFE_NO_PAD.encode([7; 15])],
            &[&URL_SAFE_NO_PAD.encode([7; 17])],
            &[&format!("{kid}==")],
            &[&kid, "not base64!"],
        ];
        for kids in bad {
            assert!(read(&request(kids)).is_err(), "{kids:?}");
        }
        assert!(read(&ClearKeyRequest { session: SessionType::PersistentLicense, ..request(&[&kid]) }).is_err());
    }

    #[test]
    fn outcomes_are_the_codes_of_the_wire() {
        assert_eq!(code_text(ProblemCode::GrantExpired), "grant-expired");
    }
}
