CREATE TABLE retention (
    namespace  text COLLATE "C" PRIMARY KEY,   -- '': every namespace that has no row of its own
    keep       integer NOT NULL CHECK (keep BETWEEN 1 AND 3650), -- days
    states     jsonb NOT NULL DEFAULT '{}',    -- days by state, where they are others
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE retention IS 'For how long runs are kept; written by the gateway';
INSERT INTO retention (namespace, keep, states) VALUES ('', 90, '{"succeeded": 30}');

-- What was removed no row tells, and settings change. So it is written down in the
-- transaction that removes, or before.
CREATE TABLE horizons (
    namespace text COLLATE "C" PRIMARY KEY,
    begins    timestamptz NOT NULL
);
COMMENT ON TABLE horizons IS 'The fire time from which on runs of a namespace have not been removed by retention; written by the recorder';

-- For lists of what went wrong: nearly all runs succeed, so these are small, and a
-- job or namespace without any failure is told from it at once. The recorder builds
-- them for the days that are there already.
CREATE INDEX runs_job_state_idx ON ONLY runs (job_id, state, fire_time DESC, id DESC) WHERE state <> 'succeeded';
CREATE INDEX runs_namespace_state_idx ON ONLY runs (namespace, state, fire_time DESC, id DESC) WHERE state <> 'succeeded';
CREATE INDEX runs_kind_idx ON ONLY runs (kind, fire_time DESC, id DESC) WHERE kind <> 'schedule';
