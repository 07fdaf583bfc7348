-- What is known of a job's runs, kept up to date by the transaction that records
-- them, so that nobody reads its runs to know it. The package jobstat says what
-- counts. What queries ask for has a column; all else is in rest, whose form is
-- that package's own: a row changes with every run of its job, and thirty columns
-- cost twice as much as ten.
CREATE TABLE job_stats (
    job_id                   uuid PRIMARY KEY,  -- no foreign key: statistics of a deleted job stay for a while
    failure_streak           integer NOT NULL,
    last_kind                text NOT NULL,     -- of the runs that have ended, the one with the newest fire time
    last_fire_time           timestamptz NOT NULL,
    last_state               text NOT NULL,
    last_started_at          timestamptz,
    last_finished_at         timestamptz,
    last_success_finished_at timestamptz,
    durations                bytea NOT NULL,    -- a jobstat.Sketch
    rest                     bytea NOT NULL
) WITH (
    -- Nothing but the key is indexed, and half a page is room for new versions, so
    -- that a change touches no index.
    fillfactor = 50
);
COMMENT ON TABLE job_stats IS 'Statistics of the runs of every job; written by the recorder';

-- The end that a run's row told of before it told of another: a run that was
-- given up as lost may succeed after all. Statistics take it out again. Null for
-- nearly all runs.
ALTER TABLE runs
    ADD COLUMN was_state       text,
    ADD COLUMN was_started_at  timestamptz,
    ADD COLUMN was_finished_at timestamptz;
