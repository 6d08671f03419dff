-- Owner: entitlement. Devices, streams, and what was taken back.

ALTER TABLE entitlement_grants ADD COLUMN device_id TEXT NOT NULL DEFAULT '';
-- What the device says of itself, as JSON.
ALTER TABLE entitlement_grants ADD COLUMN traits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE entitlement_grants ADD COLUMN revoked_at_ms INTEGER;
-- The client's name for the request, so that a repetition finds the same grant.
ALTER TABLE entitlement_grants ADD COLUMN request_key TEXT;

CREATE UNIQUE INDEX entitlement_grants_by_request ON entitlement_grants (account_id, request_key);

-- A stream is a device that watches. There are as many slots as the plan allows, and the key of the table is what
-- keeps two instances from giving out the same one.
CREATE TABLE entitlement_leases (
    account_id    TEXT    NOT NULL,
    slot          INTEGER NOT NULL,
    device_id     TEXT    NOT NULL,
    grant_id      TEXT    NOT NULL,
    -- Rises whenever the slot changes hands, so that a late message of the holder before is told from one of today's.
    fence         INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, slot),
    UNIQUE (account_id, device_id)
) STRICT;

-- The same for devices that are registered. A freed row keeps its device until another takes the place.
CREATE TABLE entitlement_devices (
    account_id       TEXT    NOT NULL,
    slot             INTEGER NOT NULL,
    device_id        TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    class            TEXT    NOT NULL,
    registered_at_ms INTEGER NOT NULL,
    last_used_at_ms  INTEGER NOT NULL,
    is_freed         INTEGER NOT NULL DEFAULT 0 CHECK (is_freed IN (0, 1)),
    PRIMARY KEY (account_id, slot),
    UNIQUE (account_id, device_id)
) STRICT;

-- Exchanges of one device for another: a ticket can be used again after a month.
CREATE TABLE entitlement_device_swaps (
    account_id TEXT    NOT NULL,
    ticket     INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, ticket)
) STRICT;

-- Permissions that were taken back: `subject` is `account:ID`, `device:ACCOUNT/ID` or `title:ID`. Whatever was granted
-- before that moment is void.
CREATE TABLE entitlement_revocations (
    subject       TEXT    NOT NULL PRIMARY KEY,
    revoked_at_ms INTEGER NOT NULL
) STRICT;
