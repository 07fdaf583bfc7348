CREATE TABLE backfills (
    id           uuid PRIMARY KEY,
    job_id       uuid NOT NULL,                -- no foreign key: what was run outlives the job
    namespace    text COLLATE "C" NOT NULL,
    begins       timestamptz NOT NULL,         -- the range; its end is excluded
    ends         timestamptz NOT NULL,
    mode         text NOT NULL CHECK (mode IN ('gaps', 'failed', 'all')),
    schedule     text NOT NULL CHECK (schedule IN ('original', 'current')),
    rate         integer NOT NULL CHECK (rate > 0),
    fires        timestamptz[] NOT NULL,       -- ascending; with the id, they give the ids of the runs
    actor        text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz
);
CREATE INDEX backfills_job_idx ON backfills (job_id, id DESC);
COMMENT ON TABLE backfills IS 'Fires of the past that were asked for; how far they are is in runs; written by the gateway';
