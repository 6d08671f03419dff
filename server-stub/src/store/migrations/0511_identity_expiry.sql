-- Owner: identity. Rows that are swept each minute are found without looking at all of them.

CREATE INDEX identity_pushed_requests_by_expiry ON identity_pushed_requests (expires_at_ms);
CREATE INDEX identity_dpop_proofs_by_expiry ON identity_dpop_proofs (expires_at_ms);
CREATE INDEX identity_passkey_challenges_by_expiry ON identity_passkey_challenges (expires_at_ms);

-- What an account was given is ended in one go.
CREATE INDEX identity_authorization_codes_by_account ON identity_authorization_codes (account_id);
CREATE INDEX identity_device_codes_by_account ON identity_device_codes (account_id);
CREATE INDEX identity_mail_links_by_account ON identity_mail_links (account_id);
CREATE INDEX identity_token_families_by_client ON identity_token_families (client_id);
