-- Owner: licence. Content keys, sealed under the master key of the data folder, and who asked for them.

CREATE TABLE licence_content_keys (
    title_id      TEXT    NOT NULL PRIMARY KEY,
    kid           BLOB    NOT NULL UNIQUE CHECK (length(kid) = 16),
    -- XChaCha20-Poly1305: nonce (24), ciphertext (16), tag (16); title and kid are authenticated with it.
    sealed        BLOB    NOT NULL CHECK (length(sealed) = 56),
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE licence_audit (
    id         INTEGER NOT NULL PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    account_id TEXT    NOT NULL,
    grant_id   TEXT    NOT NULL,
    title_id   TEXT,
    -- 'granted', or the code of the problem that was answered.
    outcome    TEXT    NOT NULL
) STRICT;

CREATE INDEX licence_audit_by_time ON licence_audit (at_ms);
