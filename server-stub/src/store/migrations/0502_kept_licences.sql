-- Owner: licence. A device keeps one licence of a title; of several, the newest is the one that its player has.

DELETE FROM licence_kept WHERE EXISTS (
    SELECT 1 FROM licence_kept AS newer
    WHERE newer.account_id = licence_kept.account_id AND newer.device_id = licence_kept.device_id
        AND newer.title_id = licence_kept.title_id AND newer.id > licence_kept.id
);

DROP INDEX licence_kept_by_account;
CREATE UNIQUE INDEX licence_kept_by_device ON licence_kept (account_id, device_id, title_id);
