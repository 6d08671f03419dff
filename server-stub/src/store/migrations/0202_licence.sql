-- Owner: licence. Keys under an envelope, an audit log whose entries are chained, and licences that are kept.

-- Data keys, wrapped under a key that is derived from the master key and `salt`. To rotate is to wrap anew.
CREATE TABLE licence_data_keys (
    class         TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    salt          BLOB    NOT NULL,
    -- XChaCha20-Poly1305: nonce (24), key (32), tag (16); class and version are authenticated with it.
    wrapped       BLOB    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (class, version)
) STRICT;

-- Content keys by quality. A retired key still opens media that were made with it; a revoked one opens nothing.
CREATE TABLE licence_keys (
    kid           BLOB    NOT NULL PRIMARY KEY CHECK (length(kid) = 16),
    title_id      TEXT    NOT NULL,
    quality       TEXT    NOT NULL CHECK (quality IN ('any', 'sd', 'hd', 'uhd')),
    -- Version of the data key of class `content-keys`.
    data_key      INTEGER NOT NULL,
    -- XChaCha20-Poly1305: nonce (24), key (16), tag (16); kid, title and quality are authenticated with it.
    sealed        BLOB    NOT NULL CHECK (length(sealed) = 56),
    created_at_ms INTEGER NOT NULL,
    retired_at_ms INTEGER,
    revoked_at_ms INTEGER
) STRICT;

CREATE INDEX licence_keys_by_title ON licence_keys (title_id);
-- One key at a time encrypts what is made.
CREATE UNIQUE INDEX licence_keys_in_use ON licence_keys (title_id, quality) WHERE retired_at_ms IS NULL;

-- HMAC over the entry and the chain of the entry before.
ALTER TABLE licence_audit ADD COLUMN chain BLOB;

-- Where the chain begins and ends. The tag is over all of it, so that entries cannot be cut off unseen.
CREATE TABLE licence_audit_head (
    name       TEXT    NOT NULL PRIMARY KEY,
    base       INTEGER NOT NULL,
    base_chain BLOB    NOT NULL,
    last       INTEGER NOT NULL,
    last_chain BLOB    NOT NULL,
    tag        BLOB    NOT NULL
) STRICT;

-- Messages that were seen, until they would be too old anyway.
CREATE TABLE licence_nonces (
    subject       TEXT    NOT NULL,
    nonce         TEXT    NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (subject, nonce)
) STRICT;

CREATE TABLE licence_kept (
    id                  TEXT    NOT NULL PRIMARY KEY,
    account_id          TEXT    NOT NULL,
    device_id           TEXT    NOT NULL,
    grant_id            TEXT    NOT NULL,
    title_id            TEXT    NOT NULL,
    issued_at_ms        INTEGER NOT NULL,
    window_until_ms     INTEGER,
    first_played_at_ms  INTEGER
) STRICT;

CREATE INDEX licence_kept_by_account ON licence_kept (account_id);
