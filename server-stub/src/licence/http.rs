//! Licences over HTTP: W3C Clear Key by sign-in or by token, single keys for HLS, and licences that are kept.

use super::{
    issue::{Asker, Issued},
    token::{self, TokenError},
};
use crate::{
    app::{App, Shared},
    entitlement::{ClientAddress, offline_end},
    gateway::{ApiError, ApiJson, Principal},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use service_api::{
    GrantId,
    licence::{ClearKey, ClearKeyLicence, ClearKeyRequest, KeptLicence, SessionType},
    problem::ProblemCode,
};

/// Keys in one request. A title has one; players of other makes may ask for audio and each resolution.
const MAX_KIDS: usize = 32;

/// Says when a licence ends, in milliseconds since 1970: the format of the W3C has no place for it.
const EXPIRES: &str = "lumen-licence-expires";

/// Answers a challenge with the keys of the granted title, or says why not.
pub(crate) async fn clearkey(
    State(app): State<Shared>,
    who: Principal,
    Path(grant): Path<GrantId>,
    headers: HeaderMap,
    ApiJson(request): ApiJson<ClearKeyRequest>,
) -> Result<Response, ApiError> {
    let kids = read(&request)?;
    let asker = Asker::new(who, &headers)?;
    answer(&app, &asker, &grant, &kids, request.session).await
}

/// The same for who has an authorization token instead of a session: the token says which grant and which keys.
pub(crate) async fn clearkey_by_token(
    State(app): State<Shared>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Result<ApiJson<ClearKeyRequest>, ApiError>,
) -> Result<Response, ApiError> {
    let claims = app.token_issuers.verify(token::bearer(&headers)?, app.clock.now_ms())?;
    let ApiJson(request) = body?;
    let kids = read(&request)?;
    let grant = app.entitlement.grants.find(&claims.grant).await?;
    let grant = grant.ok_or_else(|| ApiError::from(TokenError::Grant))?;
    if !app.is_first("token", &claims.replay_name()).await? {
        return Err(super::issue::replayed());
    }
    let asker = Asker { account: grant.account, address, nonce: None, only: Some(claims.kids) };
    answer(&app, &asker, &claims.grant, &kids, request.session).await
}

async fn answer(
    app: &App,
    asker: &Asker,
    grant: &GrantId,
    kids: &[[u8; 16]],
    session: SessionType,
) -> Result<Response, ApiError> {
    let keep = session == SessionType::PersistentLicense;
    let Issued { grant, allowance, keys } = app.issue(asker, grant, kids, keep).await?;
    let mut licence = ClearKeyLicence {
        keys: keys
            .iter()
            .map(|key| ClearKey {
                kty: "oct".to_owned(),
                kid: URL_SAFE_NO_PAD.encode(key.kid),
                k: URL_SAFE_NO_PAD.encode(key.key),
            })
            .collect(),
        session,
        licence: None,
        expires_at_ms: None,
        lifetime_s: None,
    };
    let mut ends_at_ms = grant.expires_at_ms.min(allowance.until_ms.unwrap_or(i64::MAX));
    if keep {
        let id = app.kept.add(&grant, allowance.until_ms).await?;
        ends_at_ms = offline_end(app.clock.now_ms(), None, allowance.until_ms);
        licence.licence = Some(id);
        licence.expires_at_ms = Some(ends_at_ms);
    }
    // A duration: the clocks of players are set by their owners.
    let left_ms = ends_at_ms.saturating_sub(app.clock.now_ms()).max(0);
    licence.lifetime_s = Some(left_ms.unsigned_abs() / 1000);
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::HeaderName::from_static(EXPIRES), HeaderValue::from(ends_at_ms)),
    ];
    Ok((headers, Json(licence)).into_response())
}

/// The first play of a kept licence begins its two days. Only the first counts.
pub(crate) async fn first_play(
    State(app): State<Shared>,
    who: Principal,
    Path(licence): Path<String>,
) -> Result<Json<KeptLicence>, ApiError> {
    app.play_kept(&who.account, &licence).await.map(Json)
}

/// The keys that a token is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenQuery {
    kids: String,
}

/// A token for some keys of a grant, as text. The `kids` are UUIDs or base64url, sorted or not, separated by commas.
pub(crate) async fn authorization(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<GrantId>,
    Query(query): Query<TokenQuery>,
) -> Result<Response, ApiError> {
    let kids: Vec<&str> = query.kids.split(',').take(MAX_KIDS + 1).collect();
    let kids: Option<Vec<[u8; 16]>> = kids.iter().map(|text| token::kid(text)).collect();
    let kids = kids.filter(|kids| kids.len() <= MAX_KIDS);
    let kids = kids.ok_or_else(|| ApiError::invalid("kids must be 1 to 32 key ids, separated by commas"))?;
    let grant = app.entitlement.grants.find(&id).await?.filter(|grant| grant.account == who.account);
    let grant = grant.ok_or_else(|| ApiError::not_own("grant", &who.account))?;
    let known = app.keys.keys_of(&grant.title).await.map_err(|error| ApiError::internal(&error))?;
    // Like the licence: what belongs to the title, and nothing said about the rest.
    let kids: Vec<_> = kids.into_iter().filter(|kid| known.iter().any(|key| key.kid == *kid)).collect();
    if kids.is_empty() {
        let title = "A key was asked for that does not belong to the title";
        return Err(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::UnknownKey, title));
    }
    let text = app.token_issuers.issue(&grant.id, &kids, app.clock.now_ms());
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/jwt")];
    Ok((headers, text).into_response())
}

/// One key as 16 bytes, for HLS media that are encrypted as a whole.
pub(crate) async fn hls_key(
    State(app): State<Shared>,
    who: Principal,
    Path((grant, kid)): Path<(GrantId, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let kid =
        token::kid(&kid).ok_or_else(|| ApiError::invalid("the key id must be 16 bytes in base64url or a UUID"))?;
    let issued = app.issue(&Asker::new(who, &headers)?, &grant, &[kid], false).await?;
    let key = issued.keys.first().ok_or_else(|| ApiError::not_found("key"))?;
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/octet-stream")];
    Ok((headers, key.key.to_vec()).into_response())
}

fn read(request: &ClearKeyRequest) -> Result<Vec<[u8; 16]>, ApiError> {
    if request.kids.is_empty() || request.kids.len() > MAX_KIDS {
        return Err(ApiError::invalid(format!("kids must have 1 to {MAX_KIDS} entries")));
    }
    let kid = |text: &String| URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    let kids: Option<Vec<[u8; 16]>> = request.kids.iter().map(kid).collect();
    kids.ok_or_else(|| ApiError::invalid("each of kids must be 16 bytes in base64url without padding"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l13_challenge_has_one_to_32_exact_kids() {
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
    }
}
