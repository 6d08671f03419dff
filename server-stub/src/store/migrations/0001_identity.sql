-- Owner: identity. Who pays, who watches, and what they signed in with.
-- Times are milliseconds since 1970. Codes and tokens are kept only as SHA-256 of their text.
-- No foreign key crosses the border of a service: identity could move to its own database.

CREATE TABLE identity_accounts (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT    NOT NULL,
    plan          TEXT    NOT NULL CHECK (plan IN ('basic', 'premium')),
    -- Made for demo mode and usable only there: everybody knows its password.
    is_demo       INTEGER NOT NULL DEFAULT 0 CHECK (is_demo IN (0, 1)),
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE identity_profiles (
    id               TEXT    NOT NULL PRIMARY KEY,
    account_id       TEXT    NOT NULL REFERENCES identity_accounts (id) ON DELETE CASCADE,
    position         INTEGER NOT NULL,
    name             TEXT    NOT NULL,
    colour           TEXT    NOT NULL,
    maturity_ceiling INTEGER CHECK (maturity_ceiling BETWEEN 0 AND 99),
    UNIQUE (account_id, position)
) STRICT;

-- One sign-in of one device: the code, and every token that came of it, die together.
CREATE TABLE identity_token_families (
    id            TEXT    NOT NULL PRIMARY KEY,
    account_id    TEXT    NOT NULL REFERENCES identity_accounts (id) ON DELETE CASCADE,
    client_id     TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
) STRICT;

CREATE INDEX identity_token_families_by_account ON identity_token_families (account_id);

CREATE TABLE identity_authorization_codes (
    hash           BLOB    NOT NULL PRIMARY KEY,
    account_id     TEXT    NOT NULL REFERENCES identity_accounts (id) ON DELETE CASCADE,
    client_id      TEXT    NOT NULL,
    redirect_uri   TEXT    NOT NULL,
    code_challenge TEXT    NOT NULL,
    expires_at_ms  INTEGER NOT NULL,
    -- Set by the first exchange, successful or not.
    used_at_ms     INTEGER,
    -- What the exchange made, so that a replay can revoke it.
    family_id      TEXT    REFERENCES identity_token_families (id) ON DELETE SET NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_authorization_codes_by_expiry ON identity_authorization_codes (expires_at_ms);

CREATE TABLE identity_refresh_tokens (
    hash          BLOB    NOT NULL PRIMARY KEY,
    family_id     TEXT    NOT NULL REFERENCES identity_token_families (id) ON DELETE CASCADE,
    expires_at_ms INTEGER NOT NULL,
    -- Set by rotation; a second use after that is a theft.
    used_at_ms    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_refresh_tokens_by_family ON identity_refresh_tokens (family_id);
CREATE INDEX identity_refresh_tokens_by_expiry ON identity_refresh_tokens (expires_at_ms);

CREATE TABLE identity_access_tokens (
    hash          BLOB    NOT NULL PRIMARY KEY,
    family_id     TEXT    NOT NULL REFERENCES identity_token_families (id) ON DELETE CASCADE,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_access_tokens_by_family ON identity_access_tokens (family_id);
CREATE INDEX identity_access_tokens_by_expiry ON identity_access_tokens (expires_at_ms);
