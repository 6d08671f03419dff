-- Owner: messages. What has happened and others want to know, written with the business write that made it happen.

CREATE TABLE messages_outbox (
    -- Order of writing. Of two transactions side by side either may come first.
    id            INTEGER NOT NULL PRIMARY KEY,
    message_id    TEXT    NOT NULL UNIQUE,
    topic         TEXT    NOT NULL,
    -- Messages with the same key are delivered in their order.
    ordering_key  TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

-- What a consumer has done already, written with what it did. Kept for as long as a message may come again.
CREATE TABLE messages_handled (
    consumer      TEXT    NOT NULL,
    message_id    TEXT    NOT NULL,
    handled_at_ms INTEGER NOT NULL,
    PRIMARY KEY (consumer, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX messages_handled_by_time ON messages_handled (handled_at_ms);
