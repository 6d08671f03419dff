//! The list of what there is.

use super::{Content, Operation, get, schema};
use service_api::{
    account::{AccountDetails, AccountExport, Consents, EraseAccount, SupportCase, SupportReceipt, SupportRequest},
    catalog::{Home, TitleList, TitlePage, TitleSummary},
    health::{Liveness, Readiness},
    identity::{Account, AccountSummary, Device, Profile, ProviderMetadata, RoleChange},
    licence::{ClearKeyLicence, ClearKeyRequest, KeptLicence},
    playback::{Heartbeat, HeartbeatAnswer, PlaybackGrant, PlaybackStart, RegisteredDevice},
    profile::{Pin, ProfileChange, ProfileDetails, Progress, Rating},
    routes,
};

const HTML: Content = Content::Bytes("text/html");
const JSON: Content = Content::Bytes("application/json");
const BYTES: Content = Content::Bytes("application/octet-stream");
const MEDIA: Content = Content::Bytes("*/*");
const METADATA: Content = Content::Json(schema::<ProviderMetadata>);
const CLEAR_KEYS: Content = Content::Json(schema::<ClearKeyLicence>);
const CHALLENGE: Content = Content::Json(schema::<ClearKeyRequest>);

/// Everything that is answered.
#[rustfmt::skip]
pub(super) const OPERATIONS: &[Operation] = &[
    // Protocols.
    get(routes::OAUTH_METADATA, "What the authorization server can do (RFC 8414)", METADATA),
    get(routes::OPENID_METADATA, "What the OpenID provider can do; the same document", METADATA),
    get(routes::OAUTH_JWKS, "The keys that id tokens are checked with (RFC 7517)", JSON),
    get(routes::OAUTH_AUTHORIZE, "The sign-in or consent page of an app", HTML).page().or(&["303"]),
    get(routes::OAUTH_AUTHORIZE, "The form of that page", HTML).of("post").page().takes(Content::Form).or(&["303", "422"]),
    get(routes::OAUTH_TOKEN, "Exchanges a code, a device code or a refresh token (RFC 6749)", JSON)
        .of("post").protocol().takes(Content::Form),
    get(routes::OAUTH_REVOKE, "Ends a session (RFC 7009)", Content::None).of("post").protocol().takes(Content::Form),
    get(routes::OAUTH_INTROSPECT, "What a token is worth, for resource servers (RFC 7662)", JSON)
        .of("post").protocol().takes(Content::Form),
    get(routes::OAUTH_PAR, "Takes an authorization request ahead of the browser (RFC 9126)", JSON)
        .of("post").protocol().takes(Content::Form).with("201"),
    get(routes::OAUTH_DEVICE, "Begins a sign-in on a device without a browser (RFC 8628)", JSON)
        .of("post").protocol().takes(Content::Form),
    get(routes::OAUTH_USERINFO, "Who the token's account is (OpenID Connect)", JSON).protocol().checks_token(),
    get(routes::OAUTH_USERINFO, "The same, asked by a form", JSON).of("post").protocol().checks_token().takes(Content::MaybeForm),
    // Pages.
    get(routes::SIGN_IN_PAGE, "Signs a browser in", HTML).page(),
    get(routes::SIGN_IN_PAGE, "Its form", HTML).of("post").page().takes(Content::Form).or(&["303", "422"]),
    get(routes::SIGN_OUT, "Signs the browser out", Content::None).of("post").page().takes(Content::Form).with("303"),
    get(routes::REGISTER_PAGE, "Makes an account", HTML).page(),
    get(routes::REGISTER_PAGE, "Its form", HTML).of("post").page().takes(Content::Form).or(&["303", "422"]),
    get(routes::CONFIRM_PAGE, "Behind the link that confirms an address", HTML).page().or(&["410"]),
    get(routes::CONFIRM_PAGE, "Its form", HTML).of("post").page().takes(Content::Form).or(&["303", "410", "422"]),
    get(routes::RECOVER_PAGE, "For who has forgotten the password", HTML).page(),
    get(routes::RECOVER_PAGE, "Its form", HTML).of("post").page().takes(Content::Form).or(&["303", "422"]),
    get(routes::NEW_PASSWORD_PAGE, "Behind the link that sets a new password", HTML).page().or(&["410"]),
    get(routes::NEW_PASSWORD_PAGE, "Its form", HTML).of("post").page().takes(Content::Form).or(&["303", "410", "422"]),
    get(routes::DEVICE_PAGE, "Where the code that a device shows is entered", HTML).page().or(&["303"]),
    get(routes::DEVICE_PAGE, "Its form", HTML).of("post").page().takes(Content::Form).or(&["303", "422"]),
    get(routes::ACCOUNT_PAGE, "Devices, browsers, passkeys, password", HTML).page().or(&["303"]),
    get(routes::ACCOUNT_ACTION, "Its forms", HTML).of("post").page().takes(Content::Form).or(&["303", "422"]),
    get(routes::PASSKEY_SCRIPT, "The one script of the pages", Content::Bytes("text/javascript")).page(),
    get(routes::PASSKEY_CHALLENGE, "A challenge for signing in with a passkey", JSON).of("post").or(&["409", "422"]),
    get(routes::PASSKEY_SIGN_IN, "Signs in with a passkey", JSON).of("post").or(&["409", "422"]).takes(JSON),
    get(routes::PASSKEY_NEW, "A challenge for a new passkey", JSON).of("post").or(&["409", "422"]).takes(JSON),
    get(routes::PASSKEY_ADD, "Keeps a new passkey", JSON).of("post").or(&["409", "422"]).takes(JSON),
    get(routes::FEDERATION_START, "Sends the browser to another provider", Content::None).page().with("303"),
    get(routes::FEDERATION_CALLBACK, "Where that sends it back to", Content::None).page().with("303").or(&["422", "502"]),
    // The account.
    get(routes::ME, "The account that is signed in", Content::Json(schema::<Account>)),
    get(routes::ACCOUNT, "The account with its plan and consents", Content::Json(schema::<AccountDetails>)),
    get(routes::ACCOUNT_CONSENTS, "Says what the owner agrees to", Content::None)
        .of("put").takes(Content::Json(schema::<Consents>)).with("204"),
    get(routes::ACCOUNT_EXPORT, "Everything that is kept about the account", Content::Json(schema::<AccountExport>)),
    get(routes::ACCOUNT_ERASE, "Erases the account", Content::None)
        .of("post").takes(Content::Json(schema::<EraseAccount>)).with("204").or(&["409"]),
    get(routes::SUPPORT, "Asks for help, or says what one thinks", Content::Json(schema::<SupportReceipt>))
        .of("post").takes(Content::Json(schema::<SupportRequest>)).with("201"),
    get(routes::ADMIN_SUPPORT, "The latest requests to support", Content::Json(schema::<Vec<SupportCase>>)),
    get(routes::ACCOUNT_DEVICES, "Devices and browsers that are signed in", Content::Json(schema::<Vec<Device>>)),
    get(routes::ACCOUNT_DEVICE, "Signs one of them out", Content::None).of("delete").with("204"),
    get(routes::ADMIN_ACCOUNTS, "Accounts by a part of their address", Content::Json(schema::<Vec<AccountSummary>>))
        .query(&["email"]),
    get(routes::ADMIN_ACCOUNT_ROLE, "Changes what an account may do", Content::None)
        .of("put").takes(Content::Json(schema::<RoleChange>)).with("204").or(&["409"]),
    get(routes::ADMIN_ACCOUNT, "Removes an account", Content::None).of("delete").with("204").or(&["409"]),
    // Profiles.
    get(routes::PROFILES, "The profiles of the account", Content::Json(schema::<Vec<Profile>>)),
    get(routes::PROFILES, "Makes a profile", Content::Json(schema::<ProfileDetails>))
        .of("post").takes(Content::Json(schema::<ProfileChange>)).with("201").or(&["409"]),
    get(routes::PROFILE, "One profile", Content::Json(schema::<ProfileDetails>)),
    get(routes::PROFILE, "Changes a profile", Content::Json(schema::<ProfileDetails>))
        .of("patch").takes(Content::Json(schema::<ProfileChange>)),
    get(routes::PROFILE, "Removes a profile", Content::None).of("delete").with("204").or(&["409"]),
    get(routes::PROFILE_PIN, "Sets or takes away its PIN", Content::None)
        .of("put").takes(Content::Json(schema::<Pin>)).with("204"),
    get(routes::PROFILE_UNLOCK, "Gives the PIN, so that this sign-in may use the profile", Content::None)
        .of("post").takes(Content::Json(schema::<Pin>)).with("204"),
    get(routes::MY_LIST, "What the profile wants to watch", Content::Json(schema::<Vec<TitleSummary>>)),
    get(routes::MY_LIST_TITLE, "Adds a title", Content::None).of("put").with("204").or(&["409", "451"]),
    get(routes::MY_LIST_TITLE, "Takes a title away", Content::None).of("delete").with("204"),
    get(routes::RATING, "What the profile thinks of a title", Content::Json(schema::<Rating>)).or(&["451"]),
    get(routes::RATING, "Rates a title", Content::None).of("put").takes(Content::Json(schema::<Rating>)).with("204").or(&["451"]),
    get(routes::RATING, "Takes a rating back", Content::None).of("delete").with("204"),
    get(routes::PROGRESS, "How far a title was watched", Content::Json(schema::<Progress>)),
    get(routes::PROGRESS, "Saves how far a title was watched", Content::Json(schema::<Progress>))
        .of("put").takes(Content::Json(schema::<Progress>)),
    // The catalog.
    get(routes::HOME, "The home screen of a profile", Content::Json(schema::<Home>)).or(&["304"]),
    get(routes::TITLE, "One title", Content::Json(schema::<TitlePage>)).query(&["profile"]).or(&["304", "451"]),
    get(routes::SEARCH, "Titles that fit what was typed", Content::Json(schema::<TitleList>)).query(&["q", "cursor", "limit"]).or(&["304"]),
    get(routes::BROWSE, "The catalog in pages", Content::Json(schema::<TitleList>))
        .query(&["cursor", "limit", "genre", "kind"]).or(&["304"]),
    // Playback and licences.
    get(routes::PLAYBACK, "Asks for permission to play", Content::Json(schema::<PlaybackGrant>))
        .of("post").takes(Content::Json(schema::<PlaybackStart>)).or(&["409", "410", "451"]),
    get(routes::PLAYBACK_HEARTBEAT, "Says that a grant is being watched", Content::Json(schema::<HeartbeatAnswer>))
        .of("post").takes(Content::Json(schema::<Heartbeat>)).or(&["409", "410", "451"]),
    get(routes::PLAYBACK_GRANT, "Ends a grant", Content::None).of("delete").with("204"),
    get(routes::PLAYBACK_DEVICES, "Devices that have asked for playback", Content::Json(schema::<Vec<RegisteredDevice>>)),
    get(routes::PLAYBACK_DEVICE, "Removes one of them", Content::None).of("delete").with("204"),
    get(routes::LICENCE_CLEARKEY, "A W3C Clear Key licence", CLEAR_KEYS).of("post").takes(CHALLENGE).or(&["409", "410", "451"]),
    get(routes::LICENCE_CLEARKEY_BY_TOKEN, "The same for holders of an authorization token", CLEAR_KEYS)
        .of("post").takes(CHALLENGE).checks_token().or(&["409", "410", "451"]),
    get(routes::LICENCE_AUTHORIZATION, "An authorization token for keys of a grant", Content::Bytes("application/jwt"))
        .query(&["kids"]),
    get(routes::LICENCE_HLS_KEY, "One AES-128 key for HLS", BYTES).or(&["409", "410", "451"]),
    get(routes::LICENCE_PROXY, "Licence requests of other systems", BYTES).of("post").takes(BYTES).or(&["409", "410", "451", "501", "502"]),
    get(routes::LICENCE_FIRST_PLAY, "Says that a kept licence was played for the first time", Content::Json(schema::<KeptLicence>))
        .of("post"),
    get(routes::SPEKE, "Key exchange with encryptors (SPEKE 2): a CPIX document each way", Content::Bytes("application/xml"))
        .of("post").takes(Content::Bytes("application/xml")).checks_token().or(&["409"]),
    // Media.
    get(routes::ARTWORK, "A picture of a title", MEDIA).or(&["206", "304", "412", "416"]),
    get(routes::MEDIA, "A manifest or segment; the token stands in the path", MEDIA)
        .or(&["206", "304", "409", "410", "412", "416", "451"]),
    get(routes::MEDIA, "What scripts of other origins may ask for", Content::None).of("options").with("204"),
    get(routes::CONTENT, "A manifest or segment; the token travels beside the address", MEDIA)
        .or(&["206", "304", "409", "410", "412", "416", "451"]),
    get(routes::CONTENT, "What scripts of other origins may ask for", Content::None).of("options").with("204"),
    // Operation.
    get(routes::HEALTH_LIVE, "Is the process up?", Content::Json(schema::<Liveness>)),
    get(routes::HEALTH_READY, "Is it worth sending requests here?", Content::Json(schema::<Readiness>)),
    get(routes::METRICS, "Counters for Prometheus: for this machine, QA and admins", Content::Bytes("text/plain")).checks_token(),
    get(routes::OPENAPI, "This document", JSON).or(&["304"]),
    get(routes::PROBLEM, "What a problem's code means", HTML),
    get(routes::ADMIN, "The admin page, for QA and admins: with a token or in a signed-in browser", HTML).page(),
    get(routes::ADMIN, "Changes what the admin page shows", Content::None)
        .of("post").page().takes(Content::Form).with("303"),
];
