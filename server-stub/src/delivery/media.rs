//! From an address and a token to the answer: the one place where it is decided who gets which file.

use super::{
    answer::{Answer, ConditionFields, Conditions},
    body::Damage,
    cache::Route,
    cat::{TokenUse, claims::Claims},
    fault::Fault,
    served_file::{Keep, ServedFile},
    url_fault::UrlFaults,
};
use crate::{
    app::{App, Shared},
    gateway::ApiError,
};
use axum::{
    http::{HeaderMap, Method, StatusCode, header},
    response::Response,
};
use service_api::{TitleId, problem::ProblemCode};
use std::{fs::File, io, net::IpAddr, sync::Arc};
use uuid::Uuid;

/// Prefix of addresses with the token in the path.
const PRIVATE: &str = "/media/";
/// Prefix of addresses without one.
const SHARED: &str = "/content/";
const ARTWORK: &str = "/artwork/";
/// Field and cookie of a token that travels beside the address (CTA-5007).
const TOKEN_FIELD: &str = "cta-common-access-token";

/// A request as the connection has read it, before anybody has waited for anything.
#[derive(Debug)]
pub(crate) struct QuickRequest<'a> {
    pub(crate) is_head: bool,
    /// The target as it came, with its query.
    pub(crate) target: &'a str,
    /// The value of [`TOKEN_FIELD`].
    pub(crate) token: Option<&'a str>,
    pub(crate) conditions: Conditions<'a>,
    pub(crate) peer: IpAddr,
    /// Must the file be in memory? (It need not where the kernel can send it.)
    pub(crate) wants_bytes: bool,
}

/// The answer, if it takes no waiting: the file is known, it was decided a moment ago that this client may have it, and
/// nothing is done to it on purpose. Everything else, all refusals among it, goes the long way through [`serve`].
pub(crate) fn quick(app: &App, request: &QuickRequest<'_>) -> Option<Answer> {
    if app.faults.is_some() || app.switches.has_faults() {
        return None;
    }
    let method = if request.is_head { "HEAD" } else { "GET" };
    let (route, name) = if let Some(rest) = request.target.strip_prefix(PRIVATE) {
        let (token, path) = rest.split_at(rest.find('/')?);
        may_stream_still(app, token, &TokenUse { method, path, peer: request.peer })?;
        (Route::Private, &path[1..])
    } else if let Some(name) = request.target.strip_prefix(SHARED) {
        let path = &request.target[SHARED.len() - 1..];
        may_stream_still(app, request.token?, &TokenUse { method, path, peer: request.peer })?;
        (Route::Shared, name)
    } else {
        (Route::Artwork, request.target.strip_prefix(ARTWORK)?)
    };
    let file = app.files.get(route, name).filter(|file| file.bytes.is_some() || !request.wants_bytes)?;
    let answer = Answer::to(&request.conditions, request.is_head, file);
    (answer.is_content() || answer.status == StatusCode::NOT_MODIFIED).then_some(answer)
}

/// Is the token good, and was it decided a moment ago that its grant is?
fn may_stream_still(app: &App, token: &str, request: &TokenUse<'_>) -> Option<()> {
    let grant = app.access_tokens.check_again(token, request)?.grant()?;
    app.entitlement.streams(grant, request.peer, app.clock.now_ms()).then_some(())
}

/// A request for a file of a title, on its way through axum.
#[derive(Debug)]
pub(super) struct MediaRequest {
    pub(super) method: Method,
    pub(super) route: Route,
    pub(super) token: Option<String>,
    /// `/{title}/{file}`, as it came.
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) peer: IpAddr,
}

/// What is left when the token and the faults are seen to.
#[derive(Clone, Debug)]
pub(super) struct Permitted {
    /// Whether it still holds is for entitlement to say.
    pub(super) grant: Uuid,
    pub(super) title: TitleId,
    /// Within the title, without the faults.
    pub(super) file: String,
    /// What stands between title and file, each part with a slash behind it.
    pub(super) options: String,
    /// The part of it with the faults, or nothing.
    pub(super) faults: String,
    /// Shall playlists name keys by their bare ids? (hls.js reads Clear Key so; the part `k=kid`.)
    pub(super) bare_key_ids: bool,
    pub(super) claims: Option<Arc<Claims>>,
}

impl MediaRequest {
    /// Takes the path apart. The token is looked for in the path, the field, the cookie and the query, in this order.
    pub(super) fn read(method: Method, uri: &axum::http::Uri, headers: HeaderMap, peer: IpAddr) -> Option<Self> {
        let query = uri.query().map(str::to_owned);
        if let Some(rest) = uri.path().strip_prefix(PRIVATE) {
            let (token, path) = rest.split_at(rest.find('/')?);
            let (token, path) = (Some(token.to_owned()), path.to_owned());
            return Some(Self { method, route: Route::Private, token, path, query, headers, peer });
        }
        let path = format!("/{}", uri.path().strip_prefix(SHARED)?);
        let token = field(&headers).or_else(|| cookie(&headers)).or_else(|| query.as_deref().and_then(from_query));
        Some(Self { method, route: Route::Shared, token, path, query, headers, peer })
    }

    /// Is the request allowed? Before anything else: without a token nobody learns which files exist.
    pub(super) fn permit(&self, app: &App) -> Result<Permitted, ApiError> {
        let request = TokenUse { method: self.method.as_str(), path: &self.path, peer: self.peer };
        let claims = match &self.token {
            Some(token) => app.access_tokens.check(token, &request),
            None => None,
        };
        let grant = match (&self.token, &claims) {
            (Some(_), claims) => claims.as_ref().and_then(|claims| claims.grant()),
            (None, _) => self.query.as_deref().and_then(|query| app.access_tokens.check_signed(&self.path, query)),
        };
        let Some(grant) = grant else {
            let error = ApiError::new(StatusCode::FORBIDDEN, ProblemCode::MediaTokenInvalid, "The address has expired");
            return Err(error.detail("Ask for playback again"));
        };
        let (title, file) = self.path[1..].split_once('/').ok_or_else(|| ApiError::not_found("file"))?;
        let mut permitted = Permitted {
            grant,
            title: title.into(),
            file: String::new(),
            options: String::new(),
            faults: String::new(),
            bare_key_ids: false,
            claims,
        };
        let mut file = file;
        while let Some((part, rest)) = file.split_once('/') {
            if part.starts_with("f=") && permitted.faults.is_empty() {
                part.clone_into(&mut permitted.faults);
            } else if part == "k=kid" && !permitted.bare_key_ids {
                permitted.bare_key_ids = true;
            } else {
                break;
            }
            permitted.options.push_str(&format!("{part}/"));
            file = rest;
        }
        file.clone_into(&mut permitted.file);
        Ok(permitted)
    }
}

fn field(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(TOKEN_FIELD)?.to_str().ok()?.trim().to_owned())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case(TOKEN_FIELD).then(|| value.to_owned())
    })
}

fn from_query(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "CAT").map(|(_, value)| value.into_owned())
}

/// Answers a request for media.
pub(super) async fn serve(app: Shared, request: MediaRequest) -> Result<Response, ApiError> {
    let permitted = request.permit(&app)?;
    app.may_stream(permitted.grant, &permitted.title, request.peer).await?;
    let damage = suffer(&app, &permitted).await?;
    let brought = if super::manifest::is_made(&permitted.file) {
        app.bring_manifests(&permitted.title).await?;
        None
    } else {
        app.bring(&permitted.title, &permitted.file).await?
    };
    if let Some(response) = super::manifest::answer(&app, &request, &permitted).await? {
        return Ok(response);
    }
    let keep = match (request.route, permitted.file.ends_with(".m3u8")) {
        (Route::Shared, is_playlist) if app.delivery.shared_caches => {
            if is_playlist {
                Keep::SharedPlaylist
            } else {
                Keep::SharedSegment
            }
        }
        (_, true) => Keep::Playlist,
        (_, false) => Keep::Segment,
    };
    let name = format!("{}/{}", permitted.title, permitted.file);
    let library = app.library.clone();
    let open = move || match brought.filter(|_| library.is_served(&permitted.title, &permitted.file)) {
        Some(file) => Ok(Some(file)),
        None => library.open_media(&permitted.title, &permitted.file),
    };
    file(
        app,
        FileRequest { method: request.method, headers: request.headers, route: request.route, name, keep, damage },
        open,
    )
    .await
}

/// A request for a file that the client may have.
#[derive(Debug)]
pub(super) struct FileRequest {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) route: Route,
    /// Name in the cache.
    pub(super) name: String,
    pub(super) keep: Keep,
    pub(super) damage: Damage,
}

/// Answers with the file that `open` finds. All that blocks runs where it may.
pub(super) async fn file(
    app: Shared,
    request: FileRequest,
    open: impl FnOnce() -> io::Result<Option<File>> + Send + 'static,
) -> Result<Response, ApiError> {
    let answer = tokio::task::spawn_blocking(move || {
        let FileRequest { method, headers, route, name, keep, damage } = request;
        let Some(opened) = open()? else {
            app.files.forget(route, &name);
            return Ok(None);
        };
        let make = |file| ServedFile::of(file, &name, keep, true);
        let Some(file) = app.files.resolve(route, &name, opened, make, true)? else { return Ok(None) };
        let fields = ConditionFields::of(&headers);
        Answer::to(&fields.as_conditions(), method == Method::HEAD, file).into_response(damage).map(Some)
    });
    match answer.await {
        Ok(Ok(Some(response))) => Ok(response),
        Ok(Ok(None)) => Err(ApiError::not_found("file")),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Err(ApiError::not_found("file")),
        Ok(Err(error)) => Err(ApiError::internal(&error)),
        Err(stopped) => Err(ApiError::internal(&stopped)),
    }
}

/// Carries out what is done to the request on purpose, by the script of a test or by the address; what remains is done
/// to the body.
async fn suffer(app: &App, permitted: &Permitted) -> Result<Damage, ApiError> {
    let mut fault = app.faults.as_ref().and_then(|faults| faults.fault(&permitted.title, &permitted.file));
    let mut all = Vec::new();
    if !permitted.faults.is_empty() {
        if !app.delivery.url_faults {
            let error = ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, "Faults are switched off");
            return Err(error.detail("start the server with --qa"));
        }
        all.push(Arc::new(UrlFaults::parse(&permitted.faults).map_err(ApiError::invalid)?));
    }
    all.extend(app.switches.faults_of(&permitted.title));
    for faults in all {
        let issued_ms = permitted.claims.as_ref().and_then(|claims| claims.issued_s).map_or(0, |second| second * 1_000);
        for wait in faults.delays() {
            tokio::time::sleep(wait).await;
        }
        fault = fault.or_else(|| faults.fault(&permitted.file, app.clock.now_ms() - issued_ms));
    }
    match &fault {
        Some(Fault::Status(status)) => return Err(ApiError::unexplained(error_status(*status))),
        Some(Fault::Delay(delay)) => tokio::time::sleep(*delay).await,
        Some(Fault::Hang) => {
            app.stopping.cancelled().await;
            return Err(ApiError::busy());
        }
        _ => {}
    }
    Ok(Damage::from_fault(fault.as_ref()))
}

fn error_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| status.is_client_error() || status.is_server_error())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
