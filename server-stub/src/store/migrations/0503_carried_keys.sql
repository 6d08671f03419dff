-- Owner: licence. Keys that were derived from a master key before, of which only tags are stored: what the tags are of
-- is known to nobody, so they cannot be made anew under another key.

CREATE TABLE licence_carried_keys (
    purpose TEXT NOT NULL PRIMARY KEY,
    -- XChaCha20-Poly1305 under a key of the master key of today: nonce (24), key (32), tag (16); the purpose is
    -- authenticated with it.
    sealed  BLOB NOT NULL
) STRICT;
