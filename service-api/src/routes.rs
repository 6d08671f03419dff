//! Paths, used by both sides. `{name}` marks a parameter, in axum's notation.

/// OAuth 2.0 authorization server metadata (RFC 8414).
pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
/// The sign-in page (GET) and its form (POST); authorization code with PKCE.
pub const OAUTH_AUTHORIZE: &str = "/oauth/authorize";
/// Code and refresh-token exchange.
pub const OAUTH_TOKEN: &str = "/oauth/token";
/// Revocation (RFC 7009).
pub const OAUTH_REVOKE: &str = "/oauth/revoke";
/// The signed-in account.
pub const ME: &str = "/v1/me";
/// The account's profiles.
pub const PROFILES: &str = "/v1/profiles";
/// Home screen of a profile: hero and rows.
pub const HOME: &str = "/v1/profiles/{profile}/home";
/// Saved position of one title (GET, PUT).
pub const PROGRESS: &str = "/v1/profiles/{profile}/progress/{title}";
/// One title, whole; `?profile=` sees it as that profile may, with its position.
pub const TITLE: &str = "/v1/titles/{title}";
/// Asks for permission to play (POST).
pub const PLAYBACK: &str = "/v1/playback";
/// W3C Clear Key licence exchange (POST), for one grant.
pub const LICENCE_CLEARKEY: &str = "/v1/licences/clearkey/{grant}";
/// Artwork; public, cacheable.
pub const ARTWORK: &str = "/artwork/{title}/{file}";
/// Media of a title. `{token}` is signed and short-lived; it stands in the path so that relative URIs inherit it.
pub const MEDIA: &str = "/media/{token}/{title}/{*path}";
/// The same media by an address without a token, which travels beside it (CTA-5007: the field
/// `CTA-Common-Access-Token`, a cookie of that name, or the query parameter `CAT`) so that caches can share the address.
pub const CONTENT: &str = "/content/{title}/{*path}";
/// Is the process up?
pub const HEALTH_LIVE: &str = "/health/live";
/// Can it serve: store and library open?
pub const HEALTH_READY: &str = "/health/ready";
/// Counters for Prometheus; only for this machine and with the admin's token.
pub const METRICS: &str = "/metrics";
/// The description of this interface (OpenAPI 3.1).
pub const OPENAPI: &str = "/openapi.json";
/// The admin page, where the server has one.
pub const ADMIN: &str = "/admin";
/// What a problem's code means, for people.
pub const PROBLEM: &str = "/problems/{code}";

/// The public client id of the installed apps (no secret: RFC 8252, section 8.5).
pub const CLIENT_ID: &str = "lumen-app";

/// Fills the parameters of a route, percent-encoding each value.
///
/// ```
/// use service_api::routes;
/// assert_eq!(routes::fill(routes::TITLE, &[("title", "a b")]), "/v1/titles/a%20b");
/// ```
pub fn fill(route: &str, parameters: &[(&str, &str)]) -> String {
    let mut path = route.to_owned();
    for (name, value) in parameters {
        path = path.replace(&format!("{{{name}}}"), &percent_encode(value));
    }
    path
}

fn percent_encode(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (byte as char).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
