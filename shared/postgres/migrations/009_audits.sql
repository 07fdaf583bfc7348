CREATE TABLE audits (
    begins      timestamptz PRIMARY KEY,       -- where the one before ends, so of two at once one is kept
    ends        timestamptz NOT NULL,
    expected    bigint NOT NULL,
    pending     bigint NOT NULL,
    unexplained bigint NOT NULL,
    unexpected  bigint NOT NULL,
    stale       bigint NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (ends > begins)
);
COMMENT ON TABLE audits IS 'The audits that Carillon made by itself, one window after the other; written by the gateway';

CREATE TABLE unexplained_fires (
    run_id     uuid PRIMARY KEY,               -- of the run that there should be
    job_id     uuid NOT NULL,
    fire_time  timestamptz NOT NULL,
    namespace  text COLLATE "C" NOT NULL,
    job_name   text COLLATE "C" NOT NULL,
    revision   bigint NOT NULL,
    waiting    boolean NOT NULL,               -- NATS has it: it will have a row
    filling    boolean NOT NULL DEFAULT false, -- a backfill was started for it
    noticed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX unexplained_fires_job_idx ON unexplained_fires (job_id, fire_time);
COMMENT ON TABLE unexplained_fires IS 'Fires without a row that an audit found, until they have one or a day has passed; written by the gateway';

ALTER TABLE backfills DROP CONSTRAINT backfills_mode_check,
    ADD CONSTRAINT backfills_mode_check CHECK (mode IN ('unexplained', 'gaps', 'failed', 'all'));
