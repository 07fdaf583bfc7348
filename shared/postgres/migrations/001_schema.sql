-- Conventions: instants are timestamptz; a closed enum is text with a CHECK, so
-- that a new value is one cheap statement; one service writes a table.
-- Names are COLLATE "C": the same order on every machine, and no index that a
-- new version of the C library breaks.

CREATE TABLE jobs (
    id             uuid PRIMARY KEY,           -- also the listing by id
    namespace      text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    revision       bigint NOT NULL CHECK (revision > 0),
    paused         boolean NOT NULL DEFAULT false,
    labels         jsonb NOT NULL DEFAULT '{}',
    queue          text COLLATE "C" NOT NULL,
    document       jsonb NOT NULL,
    effective_from timestamptz NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (namespace, name)                   -- also the listing by name
) WITH (
    -- A change of a job leaves its keys and labels alone: with room on the page
    -- the new row version needs no new index entries.
    fillfactor = 85
);
-- jsonb_path_ops answers @> only, which is what a label filter asks, at a third
-- of the size.
CREATE INDEX jobs_labels_idx ON jobs USING gin (labels jsonb_path_ops);
COMMENT ON TABLE jobs IS 'The current definition of every job; written by the gateway';

CREATE TABLE job_revisions (
    job_id         uuid NOT NULL,              -- no foreign key: revisions outlive their job
    revision       bigint NOT NULL CHECK (revision > 0),
    action         text NOT NULL CHECK (action IN ('created', 'updated', 'paused', 'resumed', 'deleted')),
    document       jsonb NOT NULL,
    effective_from timestamptz NOT NULL,
    actor          text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, revision)
);
COMMENT ON TABLE job_revisions IS 'Every definition a job ever had, and from when; written by the gateway';

CREATE TABLE audit_log (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    actor     text NOT NULL,
    namespace text COLLATE "C",                -- null: what belongs to no namespace, such as a queue
    action    text NOT NULL,
    object    text NOT NULL,
    before    jsonb,
    after     jsonb
);
CREATE INDEX audit_log_namespace_idx ON audit_log (namespace, id DESC);
CREATE INDEX audit_log_object_idx ON audit_log (object, id DESC);
COMMENT ON TABLE audit_log IS 'Who changed what, newest id last; written by the gateway';

CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject    text NOT NULL,
    payload    bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (
    -- Every row is deleted within a second. The relay reads from the low end of
    -- the index, where the dead rows are: a fixed, small number of them may pile
    -- up, not a share of the largest size the table ever had.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000
);
COMMENT ON TABLE outbox IS 'Messages committed with the change they announce, until the relay has published them; written by the gateway';

CREATE TABLE queues (
    name        text COLLATE "C" PRIMARY KEY,
    concurrency integer NOT NULL CHECK (concurrency BETWEEN 1 AND 10000),
    weight      integer NOT NULL CHECK (weight BETWEEN 1 AND 1000),
    paused      boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE queues IS 'Lanes and their limits; written by the gateway';
INSERT INTO queues (name, concurrency, weight) VALUES ('critical', 100, 6), ('default', 50, 3), ('low', 20, 1);

CREATE TABLE keys (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    hash         bytea NOT NULL UNIQUE,        -- the key itself is never stored
    role         text NOT NULL CHECK (role IN ('viewer', 'operator', 'editor', 'admin')),
    namespaces   text[],                       -- null: all of them
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz
) WITH (
    -- last_used_at changes all the time and is in no index.
    fillfactor = 50
);
COMMENT ON TABLE keys IS 'API keys and what they may do; written by the gateway';

-- The ledger and its attempts are cut by the UTC day of the fire time, so that
-- retention drops a table instead of deleting its rows. A run's id begins with
-- its fire time, so a reader that has the id knows the partition.
--
-- No fillfactor: a run that is over at once is inserted once, and any later
-- change of its state touches an index anyway.

CREATE TABLE runs (
    id          uuid NOT NULL,
    fire_time   timestamptz NOT NULL,
    job_id      uuid NOT NULL,                 -- no foreign key: the ledger outlives the job
    job_name    text COLLATE "C" NOT NULL,     -- as it was then
    namespace   text COLLATE "C" NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('schedule', 'manual', 'backfill')),
    state       text NOT NULL CHECK (state IN ('queued', 'running', 'retrying', 'succeeded', 'failed',
                                               'cancelled', 'skipped', 'missed', 'expired', 'lost')),
    reason      text NOT NULL DEFAULT '',
    revision    bigint NOT NULL,
    queue       text COLLATE "C" NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    status      integer,                       -- HTTP status of the last attempt that got one
    planned_at  timestamptz NOT NULL,
    started_at  timestamptz,
    finished_at timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (fire_time, id)
) PARTITION BY RANGE (fire_time);
CREATE INDEX runs_job_idx ON runs (job_id, fire_time DESC, id DESC);
CREATE INDEX runs_namespace_idx ON runs (namespace, fire_time DESC, id DESC);
-- Nearly all runs succeed, and nobody lists those by state alone.
CREATE INDEX runs_state_idx ON runs (state, fire_time DESC, id DESC) WHERE state <> 'succeeded';
COMMENT ON TABLE runs IS 'The ledger: one row for every fire; written by the recorder';

CREATE TABLE attempts (
    fire_time   timestamptz NOT NULL,
    run_id      uuid NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,                   -- null: the runner died in the call
    status      integer,
    class       text,
    error       text,
    response    text,                          -- how the answer began
    PRIMARY KEY (fire_time, run_id, number)
) PARTITION BY RANGE (fire_time);
COMMENT ON TABLE attempts IS 'HTTP requests of runs, but for the first one of a run that succeeded with it and had an empty answer: that run''s own row says all there is; written by the recorder';

-- A new table is attached instead of being made as a partition: attaching lets
-- reads and writes of the other days go on.
CREATE FUNCTION ensure_partition(parent text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition text := parent || '_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', partition, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition,
                   day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
END
$$;
COMMENT ON FUNCTION ensure_partition IS 'Part of ensure_day_partition';

CREATE FUNCTION ensure_day_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('runs_' || to_char(day, 'YYYYMMDD')) IS NOT NULL
       AND to_regclass('attempts_' || to_char(day, 'YYYYMMDD')) IS NOT NULL THEN
        RETURN; -- without the lock: nearly every call
    END IF;
    -- Held until the caller's transaction ends, so that of several recorders one
    -- makes the tables and the others find them. An advisory lock would not do:
    -- whoever waited for it still has the catalog as it was before.
    LOCK TABLE runs, attempts IN SHARE UPDATE EXCLUSIVE MODE;
    PERFORM ensure_partition('runs', day);
    PERFORM ensure_partition('attempts', day);
END
$$;
COMMENT ON FUNCTION ensure_day_partition IS
    'Makes the partitions of runs and attempts for a UTC day, such as runs_20261123, unless they exist; called by the recorder';
