-- What is known of a job's runs, kept up to date by the transaction that records
-- them, so that nobody reads its runs to know it. The columns are those of the
-- package jobstat, which says what counts and how it decays. Only the bytea ones
-- need that package to be read; of two runs of a week and of an hour ago, the one
-- has half the weight in the columns without recent_ in their names, the other
-- half in those with it. Weights of one row are comparable, those of two are not;
-- sums divided by weights are: failing_sum / nullif(failing_weight, 0) is the
-- share of failures. Durations and latenesses are in seconds.
CREATE TABLE job_stats (
    job_id                   uuid PRIMARY KEY,  -- no foreign key: statistics of a deleted job stay for a while
    succeeded                bigint NOT NULL DEFAULT 0,
    failed                   bigint NOT NULL DEFAULT 0,
    cancelled                bigint NOT NULL DEFAULT 0,
    skipped                  bigint NOT NULL DEFAULT 0,
    missed                   bigint NOT NULL DEFAULT 0,
    expired                  bigint NOT NULL DEFAULT 0,
    lost                     bigint NOT NULL DEFAULT 0,
    success_streak           integer NOT NULL DEFAULT 0,
    failure_streak           integer NOT NULL DEFAULT 0,
    last_run_id              uuid,              -- of the runs that have ended, the one with the newest fire time
    last_kind                text,
    last_fire_time           timestamptz,
    last_state               text,
    last_started_at          timestamptz,
    last_finished_at         timestamptz,
    last_success_id          uuid,
    last_success_fire_time   timestamptz,
    last_success_finished_at timestamptz,
    week                     integer NOT NULL DEFAULT 0,  -- since 1970, in which a weight is 1 to 2
    failing_weight           double precision NOT NULL DEFAULT 0,
    failing_sum              double precision NOT NULL DEFAULT 0,
    duration_weight          double precision NOT NULL DEFAULT 0,
    duration_sum             double precision NOT NULL DEFAULT 0,
    lateness_weight          double precision NOT NULL DEFAULT 0,
    lateness_sum             double precision NOT NULL DEFAULT 0,
    recent_failing_weight    double precision NOT NULL DEFAULT 0,
    recent_failing_sum       double precision NOT NULL DEFAULT 0,
    recent_duration_weight   double precision NOT NULL DEFAULT 0,
    recent_duration_sum      double precision NOT NULL DEFAULT 0,
    durations                bytea NOT NULL DEFAULT '',
    latenesses               bytea NOT NULL DEFAULT '',
    streak                   bytea NOT NULL DEFAULT ''
) WITH (
    -- Nothing but the key is indexed, and half a page is room for new versions: a
    -- row changes with every run of its job, and that touches no index.
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
