-- Owner: profiles. What one viewer has watched. `profile_id` is identity's, `title_id` the catalog's.

CREATE TABLE profiles_progress (
    profile_id  TEXT    NOT NULL,
    title_id    TEXT    NOT NULL,
    position_s  REAL    NOT NULL,
    duration_s  REAL    NOT NULL,
    -- By the client's clock; the newest wins.
    taken_at_ms INTEGER NOT NULL,
    PRIMARY KEY (profile_id, title_id)
) STRICT, WITHOUT ROWID;
