-- Owner: catalog. What was imported, as it was written in the file; the demo library's own texts are in the program.

CREATE TABLE catalog_files (
    name     TEXT    NOT NULL PRIMARY KEY,
    document TEXT    NOT NULL,
    -- Rises with every import, so that every instance notices.
    revision INTEGER NOT NULL
) STRICT;
