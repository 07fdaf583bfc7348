CREATE TABLE answers (
    caller       uuid NOT NULL,                -- the key, or the login
    key          text COLLATE "C" NOT NULL,    -- Idempotency-Key
    request      bytea NOT NULL,               -- digest of what was asked
    status       integer,                      -- null: nobody knows yet how it ends
    content_type text NOT NULL DEFAULT '',
    etag         text NOT NULL DEFAULT '',
    body         bytea NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);
CREATE INDEX answers_created_idx ON answers (created_at);
COMMENT ON TABLE answers IS 'What requests with an Idempotency-Key were answered, for a day; written by the gateway';
