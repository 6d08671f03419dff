//! Paths, used by both sides. `{name}` marks a parameter, in axum's notation.

/// OAuth 2.0 authorization server metadata (RFC 8414).
pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
/// The sign-in page (GET) and its form (POST); authorization code with PKCE.
pub const OAUTH_AUTHORIZE: &str = "/oauth/authorize";
/// Code and refresh-token exchange.
pub const OAUTH_TOKEN: &str = "/oauth/token";
/// Revocation (RFC 7009).
pub const OAUTH_REVOKE: &str = "/oauth/revoke";
/// OpenID Connect discovery; the same document.
pub const OPENID_METADATA: &str = "/.well-known/openid-configuration";
/// The public keys that id tokens are checked with (RFC 7517).
pub const OAUTH_JWKS: &str = "/oauth/jwks";
/// Introspection for resource servers (RFC 7662).
pub const OAUTH_INTROSPECT: &str = "/oauth/introspect";
/// Who the token's account is (OpenID Connect; GET, POST).
pub const OAUTH_USERINFO: &str = "/oauth/userinfo";
/// Pushed authorization requests (RFC 9126).
pub const OAUTH_PAR: &str = "/oauth/par";
/// Begins a sign-in on a device without a browser (RFC 8628).
pub const OAUTH_DEVICE: &str = "/oauth/device_authorization";
/// Page where the code that a device shows is entered.
pub const DEVICE_PAGE: &str = "/device";
/// Page that signs a browser in; `?next=` is where it goes then.
pub const SIGN_IN_PAGE: &str = "/sign-in";
/// Ends the browser's session (POST).
pub const SIGN_OUT: &str = "/sign-out";
/// Page that makes an account.
pub const REGISTER_PAGE: &str = "/register";
/// Page behind the link of the mail that confirms an address.
pub const CONFIRM_PAGE: &str = "/register/confirm";
/// Page that sends a mail to who has forgotten the password.
pub const RECOVER_PAGE: &str = "/recover";
/// Page behind the link of that mail.
pub const NEW_PASSWORD_PAGE: &str = "/recover/password";
/// Page of the account: devices, browsers, passkeys, password.
pub const ACCOUNT_PAGE: &str = "/account";
/// Its forms (POST).
pub const ACCOUNT_ACTION: &str = "/account/{action}";
/// Challenge for signing in with a passkey (POST).
pub const PASSKEY_CHALLENGE: &str = "/passkeys/challenge";
/// Signs in with a passkey (POST).
pub const PASSKEY_SIGN_IN: &str = "/passkeys/sign-in";
/// Challenge for a new passkey (POST).
pub const PASSKEY_NEW: &str = "/passkeys/new";
/// Keeps a new passkey (POST).
pub const PASSKEY_ADD: &str = "/passkeys/add";
/// The one script of the pages.
pub const PASSKEY_SCRIPT: &str = "/passkeys/passkeys.js";
/// Sends the browser to another provider to sign in there.
pub const FEDERATION_START: &str = "/federation/{provider}";
/// Where the other provider sends it back to.
pub const FEDERATION_CALLBACK: &str = "/federation/{provider}/callback";
/// Devices and browsers that are signed in to the account.
pub const ACCOUNT_DEVICES: &str = "/v1/account/devices";
/// Ends one of them (DELETE).
pub const ACCOUNT_DEVICE: &str = "/v1/account/devices/{device}";
/// Role of an account (PUT); for admins.
pub const ADMIN_ACCOUNT_ROLE: &str = "/v1/admin/accounts/{account}/role";
/// An account (DELETE); for admins.
pub const ADMIN_ACCOUNT: &str = "/v1/admin/accounts/{account}";
/// Accounts, found by a part of their address; for support and admins.
pub const ADMIN_ACCOUNTS: &str = "/v1/admin/accounts";
/// The latest requests to support (GET); for support and admins.
pub const ADMIN_SUPPORT: &str = "/v1/admin/support";

/// The signed-in account.
pub const ME: &str = "/v1/me";
/// The account with its plan and consents.
pub const ACCOUNT: &str = "/v1/account";
/// What the owner agrees to (PUT).
pub const ACCOUNT_CONSENTS: &str = "/v1/account/consents";
/// Everything that is kept about the account (GET).
pub const ACCOUNT_EXPORT: &str = "/v1/account/export";
/// Erases the account (POST).
pub const ACCOUNT_ERASE: &str = "/v1/account/erase";
/// Asks for help, or says what one thinks (POST).
pub const SUPPORT: &str = "/v1/support";
/// The account's profiles.
pub const PROFILES: &str = "/v1/profiles";
/// One profile (GET, PATCH, DELETE).
pub const PROFILE: &str = "/v1/profiles/{profile}";
/// Its PIN (PUT).
pub const PROFILE_PIN: &str = "/v1/profiles/{profile}/pin";
/// Gives the PIN (POST), so that this sign-in may use the profile.
pub const PROFILE_UNLOCK: &str = "/v1/profiles/{profile}/unlock";
/// What the profile wants to watch, the latest first.
pub const MY_LIST: &str = "/v1/profiles/{profile}/list";
/// One title of it (PUT, DELETE).
pub const MY_LIST_TITLE: &str = "/v1/profiles/{profile}/list/{title}";
/// What the profile thinks of a title (GET, PUT, DELETE).
pub const RATING: &str = "/v1/profiles/{profile}/ratings/{title}";
/// Titles that fit what was typed (GET, `?q=&cursor=`), as a profile may see them.
pub const SEARCH: &str = "/v1/profiles/{profile}/search";
/// The catalog in pages (GET, `?cursor=&limit=&genre=&kind=`), as a profile may see it.
pub const BROWSE: &str = "/v1/profiles/{profile}/titles";
/// Home screen of a profile: hero and rows.
pub const HOME: &str = "/v1/profiles/{profile}/home";
/// Saved position of one title (GET, PUT).
pub const PROGRESS: &str = "/v1/profiles/{profile}/progress/{title}";
/// One title, whole; `?profile=` sees it as that profile may, with its position.
pub const TITLE: &str = "/v1/titles/{title}";
/// Asks for permission to play (POST).
pub const PLAYBACK: &str = "/v1/playback";
/// Says that a grant is being watched (POST).
pub const PLAYBACK_HEARTBEAT: &str = "/v1/playback/{grant}/heartbeat";
/// Ends a grant (DELETE), so that its stream is free at once.
pub const PLAYBACK_GRANT: &str = "/v1/playback/{grant}";
/// The devices of the account that have asked for playback.
pub const PLAYBACK_DEVICES: &str = "/v1/playback/devices";
/// One of them (DELETE).
pub const PLAYBACK_DEVICE: &str = "/v1/playback/devices/{device}";
/// An authorization token (GET, `?kids=`) for one grant, as `dashif:authzurl` names it.
pub const LICENCE_AUTHORIZATION: &str = "/v1/licences/authorization/{grant}";
/// Clear Key licences (POST) for holders of an authorization token.
pub const LICENCE_CLEARKEY_BY_TOKEN: &str = "/v1/licences/clearkey";
/// One AES-128 key as 16 bytes (GET), for the HLS key format `identity`.
pub const LICENCE_HLS_KEY: &str = "/v1/licences/hls/{grant}/{kid}";
/// Licence requests (POST) of other systems: `widevine`, `playready`, `fairplay`.
pub const LICENCE_PROXY: &str = "/v1/licences/{system}/{grant}";
/// Says that a persistent licence was played for the first time (POST).
pub const LICENCE_FIRST_PLAY: &str = "/v1/licences/persistent/{licence}/first-play";
/// Key exchange with encryptors (POST): SPEKE 2, a CPIX document each way.
pub const SPEKE: &str = "/v1/speke";
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
/// Counters for Prometheus; only for this machine, QA and admins.
pub const METRICS: &str = "/metrics";
/// The description of this interface (OpenAPI 3.1).
pub const OPENAPI: &str = "/openapi.json";
/// The admin page, for QA and admins.
pub const ADMIN: &str = "/admin";
/// What a problem's code means, for people.
pub const PROBLEM: &str = "/problems/{code}";

/// The public client id of the installed apps (no secret: RFC 8252, section 8.5).
pub const CLIENT_ID: &str = "lumen-app";

/// The public client id of the player for televisions, which signs in by the device grant.
pub const TV_CLIENT_ID: &str = "lumen-tv";

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
