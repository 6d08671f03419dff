-- Owner: shared. What several instances must agree on and no business table holds.

-- Slots that are held for a while. The row decides who has a slot: there is one per slot, not one per holder.
CREATE TABLE shared_leases (
    name          TEXT    NOT NULL,
    slot          INTEGER NOT NULL,
    holder        TEXT    NOT NULL,
    -- Rises with every new holder: a holder that was away can be told from the one after it.
    fence         INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (name, slot)
) STRICT, WITHOUT ROWID;

-- Rate limits: when the last permitted use would have been, had all come at an even pace (GCRA).
CREATE TABLE shared_rates (
    name   TEXT    NOT NULL PRIMARY KEY,
    due_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX shared_rates_by_due ON shared_rates (due_ms);
