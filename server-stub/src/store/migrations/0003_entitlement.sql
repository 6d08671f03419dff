-- Owner: entitlement. Permissions to play one title, handed out by POST /v1/playback.

CREATE TABLE entitlement_grants (
    id            TEXT    NOT NULL PRIMARY KEY,
    account_id    TEXT    NOT NULL,
    profile_id    TEXT    NOT NULL,
    title_id      TEXT    NOT NULL,
    issued_at_ms  INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX entitlement_grants_by_expiry ON entitlement_grants (expires_at_ms);
