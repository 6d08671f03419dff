-- Owner: privacy. What owners have agreed to. An account without a row was never asked.

CREATE TABLE privacy_consents (
    account_id      TEXT    NOT NULL PRIMARY KEY,
    recommendations INTEGER NOT NULL CHECK (recommendations IN (0, 1)),
    diagnostics     INTEGER NOT NULL CHECK (diagnostics IN (0, 1)),
    changed_at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
