-- Owner: profiles. What one viewer keeps, likes and is known by. `profile_id` is identity's, `title_id` the catalog's.

CREATE TABLE profiles_details (
    profile_id TEXT    NOT NULL PRIMARY KEY,
    avatar     TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    is_kids    INTEGER NOT NULL CHECK (is_kids IN (0, 1))
) STRICT;

-- Tries are counted before they are looked at, so that many at once are still five.
CREATE TABLE profiles_pins (
    profile_id      TEXT    NOT NULL PRIMARY KEY,
    -- HMAC under a key that is derived from the master key: without that, four digits are guessed at once.
    tag             BLOB    NOT NULL,
    tries           INTEGER NOT NULL DEFAULT 0,
    locked_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Sign-ins that have given the PIN.
CREATE TABLE profiles_unlocked (
    profile_id TEXT    NOT NULL,
    session_id TEXT    NOT NULL,
    until_ms   INTEGER NOT NULL,
    PRIMARY KEY (profile_id, session_id)
) STRICT;

CREATE TABLE profiles_list (
    profile_id  TEXT    NOT NULL,
    title_id    TEXT    NOT NULL,
    added_at_ms INTEGER NOT NULL,
    PRIMARY KEY (profile_id, title_id)
) STRICT;

CREATE TABLE profiles_ratings (
    profile_id  TEXT    NOT NULL,
    title_id    TEXT    NOT NULL,
    thumbs      INTEGER NOT NULL CHECK (thumbs BETWEEN -1 AND 2),
    rated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (profile_id, title_id)
) STRICT;
