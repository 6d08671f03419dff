-- Owner: identity. What an authorization server for more than one app needs.
-- Times are milliseconds since 1970. Secrets are kept as SHA-256, short codes as HMAC, private keys sealed.

ALTER TABLE identity_accounts ADD COLUMN name TEXT;
ALTER TABLE identity_accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'owner';
ALTER TABLE identity_accounts ADD COLUMN email_verified_at_ms INTEGER;
ALTER TABLE identity_accounts ADD COLUMN updated_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE identity_accounts ADD COLUMN disabled_at_ms INTEGER;

-- What was granted, as JSON; see grant.rs.
ALTER TABLE identity_authorization_codes ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE identity_token_families ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE identity_token_families ADD COLUMN last_used_at_ms INTEGER NOT NULL DEFAULT 0;
-- The scope of this token, which a refresh may have narrowed; none is the family's.
ALTER TABLE identity_access_tokens ADD COLUMN scope TEXT;

-- Apps that were registered here. Our own are known without a row.
CREATE TABLE identity_clients (
    id            TEXT    NOT NULL PRIMARY KEY,
    secret_hash   BLOB,
    document      TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

-- An address on the web belongs to one app only.
CREATE TABLE identity_client_redirects (
    uri       TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES identity_clients (id) ON DELETE CASCADE
) STRICT;

-- Keys that sign id tokens: one generation after the other per algorithm.
CREATE TABLE identity_signing_keys (
    kid            TEXT    NOT NULL PRIMARY KEY,
    alg            TEXT    NOT NULL,
    generation     INTEGER NOT NULL,
    -- XChaCha20-Poly1305 under a key derived from the master key; kid and alg are authenticated with it.
    sealed         BLOB    NOT NULL,
    public_jwk     TEXT    NOT NULL,
    signs_from_ms  INTEGER NOT NULL,
    UNIQUE (alg, generation)
) STRICT;

-- Browsers that are signed in.
CREATE TABLE identity_browser_sessions (
    hash            BLOB    NOT NULL PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    account_id      TEXT    NOT NULL REFERENCES identity_accounts (id) ON DELETE CASCADE,
    method          TEXT    NOT NULL,
    label           TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    last_seen_at_ms INTEGER NOT NULL,
    expires_at_ms   INTEGER NOT NULL
) STRICT;

CREATE INDEX identity_browser_sessions_by_account ON identity_browser_sessions (account_id);

CREATE TABLE identity_consents (
    account_id    TEXT    NOT NULL REFERENCES identity_accounts (id) ON DELETE CASCADE,
    client_id     TEXT    NOT NULL,
    scope         TEXT    NOT NULL,
    granted_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, client_id)
) STRICT;

CREATE TABLE identity_pushed_requests (
    hash          BLOB    NOT NULL PRIMARY KEY,
    client_id     TEXT    NOT NULL,
    parameters    TEXT    NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    used_at_ms    INTEGER
) STRICT;

CREATE TABLE identity_device_codes (
    hash            BLOB    NOT NULL PRIMARY KEY,
    user_code_tag   BLOB    NOT NULL UNIQUE,
    client_id       TEXT    NOT NULL,
    details         TEXT    NOT NULL,
    -- pending, approved, denied, used
    state           TEXT    NOT NULL,
    account_id      TEXT,
    interval_ms     INTEGER NOT NULL,
    polled_at_ms    INTEGER NOT NULL,
    expires_at_ms   INTEGER NOT NULL
) STRICT;

-- Proofs of possession that were seen, until they would be too old anyway.
CREATE TABLE identity_dpop_proofs (
    hash          BLOB    NOT NULL PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
) STRICT;

-- Links in mails: a registration that waits for its address to be confirmed, or a forgotten password.
CREATE TABLE identity_mail_links (
    hash          BLOB    NOT NULL PRIMARY KEY,
    purpose       TEXT    NOT NULL,
    account_id    TEXT,
    email         TEXT    NOT NULL,
    name          TEXT,
    password_hash TEXT,
    expires_at_ms INTEGER NOT NULL,
    used_at_ms    INTEGER
) STRICT;

CREATE TABLE identity_passkeys (
    id            TEXT    NOT NULL PRIMARY KEY,
    account_id    TEXT    NOT NULL REFERENCES identity_accounts (id) ON DELETE CASCADE,
    credential_id BLOB    NOT NULL UNIQUE,
    -- COSE key, as the authenticator made it.
    public_key    BLOB    NOT NULL,
    sign_count    INTEGER NOT NULL,
    label         TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    used_at_ms    INTEGER
) STRICT;

CREATE INDEX identity_passkeys_by_account ON identity_passkeys (account_id);

-- A challenge is answered once.
CREATE TABLE identity_passkey_challenges (
    hash          BLOB    NOT NULL PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
) STRICT;

-- Who somebody is at another provider.
CREATE TABLE identity_external_logins (
    provider      TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    account_id    TEXT    NOT NULL REFERENCES identity_accounts (id) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT;

-- Rows that are locked to decide something about a set of others, such as who the last admin is.
CREATE TABLE identity_guards (
    name    TEXT    NOT NULL PRIMARY KEY,
    touched INTEGER NOT NULL
) STRICT;

INSERT INTO identity_guards (name, touched) VALUES ('admins', 0);
