-- Owner: delivery. What operators have switched; every instance looks again every few seconds.

CREATE TABLE delivery_switches (
    -- `network` is one that is out of service, `faults` is a title whose media are broken on purpose.
    kind          TEXT    NOT NULL CHECK (kind IN ('network', 'faults')),
    name          TEXT    NOT NULL,
    -- Of `faults`: what goes wrong, as it could stand in an address.
    value         TEXT    NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
