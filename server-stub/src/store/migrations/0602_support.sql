-- Owner: support. What people asked for, and what they agreed to send with it.

CREATE TABLE support_requests (
    -- Short enough to be read out.
    reference   TEXT    NOT NULL PRIMARY KEY,
    account_id  TEXT    NOT NULL,
    topic       TEXT    NOT NULL CHECK (topic IN ('playback', 'account', 'feedback')),
    message     TEXT    NOT NULL,
    diagnostics TEXT,
    sent_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX support_requests_by_account ON support_requests (account_id, sent_at_ms);
CREATE INDEX support_requests_by_time ON support_requests (sent_at_ms);
