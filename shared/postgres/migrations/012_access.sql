-- The most requests a second; null: that of the settings, 0: any number. Until now
-- only gateways made keys, for those who run them.
ALTER TABLE keys ADD COLUMN rate integer CHECK (rate >= 0);
UPDATE keys SET rate = 0;

CREATE INDEX audit_log_actor_idx ON audit_log (actor, id DESC);

CREATE TABLE logins (
    id         uuid PRIMARY KEY,
    hash       bytea NOT NULL UNIQUE,          -- of the cookie, which is never stored
    key_id     uuid REFERENCES keys ON DELETE CASCADE, -- who logged in with a key may do what it allows
    name       text,                           -- of who logged in elsewhere, and what that allows
    role       text CHECK (role IN ('viewer', 'operator', 'editor', 'admin')),
    namespaces text[],                         -- null: all of them
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CHECK ((key_id IS NULL) = (name IS NOT NULL)),
    CHECK ((key_id IS NULL) = (role IS NOT NULL))
);
CREATE INDEX logins_key_idx ON logins (key_id);
CREATE INDEX logins_expires_idx ON logins (expires_at);
COMMENT ON TABLE logins IS 'Browsers that are logged in; written by the gateway';
