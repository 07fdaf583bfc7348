-- What the pass of adaptive rescheduling has to know of a job before it looks at
-- it: whether it may, and until when a person's word stands alone.
ALTER TABLE jobs
    ADD COLUMN adaptive    text NOT NULL DEFAULT 'off' CHECK (adaptive IN ('off', 'suggest', 'auto')),
    ADD COLUMN quiet_until timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX jobs_adaptive_idx ON jobs (id) WHERE adaptive <> 'off';

-- Not validated: every row keeps the narrower rule that was there, and a look at
-- all of them would keep writers out.
ALTER TABLE job_revisions
    ADD COLUMN reason text NOT NULL DEFAULT '',
    DROP CONSTRAINT job_revisions_action_check,
    ADD CONSTRAINT job_revisions_action_check CHECK (action IN (
        'created', 'updated', 'paused', 'resumed', 'deleted', 'rolled_back', 'stretched', 'relaxed', 'moved')) NOT VALID;

CREATE TABLE suggestions (
    job_id     uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    revision   bigint NOT NULL,                -- the one that it was made for; it holds for no other
    action     text NOT NULL CHECK (action IN ('stretched', 'relaxed', 'moved')),
    adapted    jsonb NOT NULL,                 -- schedule.adapted as it would be, or JSON's null
    reason     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE suggestions IS 'What adaptive rescheduling would do to jobs that want to be asked; written by the gateway';
