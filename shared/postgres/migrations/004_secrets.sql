CREATE TABLE secrets (
    namespace        text COLLATE "C" NOT NULL,
    name             text COLLATE "C" NOT NULL,
    version          bigint NOT NULL CHECK (version > 0),
    sealed           bytea NOT NULL,           -- under the master key, for this namespace, name and version
    previous_version bigint CHECK (previous_version < version),
    previous_sealed  bytea,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (namespace, name),
    CHECK ((previous_version IS NULL) = (previous_sealed IS NULL))
);
COMMENT ON TABLE secrets IS 'Secrets, never in plain: the version that holds and the one before; written by the gateway';

-- It keeps a job from naming what is not there, and a secret from going while a
-- job names it.
CREATE TABLE job_secrets (
    job_id    uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    namespace text COLLATE "C" NOT NULL,
    name      text COLLATE "C" NOT NULL,
    PRIMARY KEY (job_id, name),
    FOREIGN KEY (namespace, name) REFERENCES secrets
);
CREATE INDEX job_secrets_secret_idx ON job_secrets (namespace, name);
COMMENT ON TABLE job_secrets IS 'Which secrets the current definition of a job names; written by the gateway';
