-- Owner: entitlement. A stream is one grant's; a grant ends with its sign-in; a device's name belongs to a sign-in.

-- The sign-in that the grant was made by. Empty in grants of before, which last for hours.
ALTER TABLE entitlement_grants ADD COLUMN family_id TEXT NOT NULL DEFAULT '';

-- The newest sign-in that has used the device's name, and the key that its tokens are bound to, if they are. Older
-- sign-ins that say the same name are other devices. Empty in rows of before: the next sign-in takes the name.
ALTER TABLE entitlement_devices ADD COLUMN family_id TEXT NOT NULL DEFAULT '';
ALTER TABLE entitlement_devices ADD COLUMN key_thumbprint TEXT NOT NULL DEFAULT '';
