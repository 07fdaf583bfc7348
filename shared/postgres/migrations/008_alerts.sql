CREATE TABLE alerts (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object      text NOT NULL CHECK (object IN ('job', 'check')),
    object_id   uuid NOT NULL,                 -- no foreign key: what happened outlives the job
    namespace   text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,     -- as it was when it began
    labels      jsonb NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('failing', 'missed', 'late', 'slow', 'silent', 'unexplained', 'overdue')),
    reason      text NOT NULL,
    times       integer NOT NULL CHECK (times > 0), -- how often it has begun
    fire_time   timestamptz,                   -- the newest that it has seen
    started_at  timestamptz NOT NULL,
    renewed_at  timestamptz NOT NULL,          -- when it was last known to go on
    ended_at    timestamptz                    -- null while it is open
);
-- Of a kind one is open at most, whoever writes.
CREATE UNIQUE INDEX alerts_open_key ON alerts (object_id, kind) WHERE ended_at IS NULL;
CREATE INDEX alerts_object_idx ON alerts (object_id, kind, id DESC);
CREATE INDEX alerts_namespace_idx ON alerts (namespace, id DESC);
CREATE INDEX alerts_ended_idx ON alerts (ended_at);
COMMENT ON TABLE alerts IS 'What was wrong with jobs and checks, from when to when; written by the recorder';

CREATE TABLE checks (
    id         uuid PRIMARY KEY,
    token      uuid NOT NULL UNIQUE,           -- the last part of the address that is pinged
    namespace  text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    revision   bigint NOT NULL CHECK (revision > 0),
    document   jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (namespace, name)                   -- also the listing by name
);
COMMENT ON TABLE checks IS 'Jobs that run elsewhere, and when they have to be heard of; written by the gateway';

CREATE TABLE check_states (
    check_id    uuid PRIMARY KEY,              -- no foreign key: another service writes the check
    revision    bigint NOT NULL,               -- of the check, that the rest follows from
    status      text NOT NULL CHECK (status IN ('new', 'up', 'failed')),
    pinged_at   timestamptz,
    started_at  timestamptz,                   -- of a run that has not ended
    expected_at timestamptz,
    deadline_at timestamptz,                   -- when it is overdue
    exit_code   integer,                       -- of the last run that said one
    message     text NOT NULL DEFAULT ''       -- what the last ping said
);
CREATE INDEX check_states_deadline_idx ON check_states (deadline_at);
COMMENT ON TABLE check_states IS 'What was heard of each check; written by the recorder';

CREATE TABLE alert_routes (
    id         uuid PRIMARY KEY,
    namespace  text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    document   jsonb NOT NULL,                 -- without the address of its channel
    channel    text NOT NULL DEFAULT '',       -- the sort of channel, such as slack; empty for a job
    sealed     bytea,                          -- its address, under the master key; null for a job
    version    bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (namespace, name)                   -- also the listing by name
);
COMMENT ON TABLE alert_routes IS 'Who is told of which alerts; written by the gateway';

CREATE TABLE alert_groups (
    route_id uuid NOT NULL REFERENCES alert_routes ON DELETE CASCADE,
    key      text COLLATE "C" NOT NULL,        -- what the alerts of the group have in common
    since    timestamptz,                      -- when there came to be news that is not told; null for none
    told_at  timestamptz,                      -- of the last message; null before the first
    failures integer NOT NULL DEFAULT 0,       -- tries in a row that came to nothing
    retry_at timestamptz,
    error    text NOT NULL DEFAULT '',
    PRIMARY KEY (route_id, key)
);
COMMENT ON TABLE alert_groups IS 'Alerts that are told of together, and when that was done; written by the gateway';

CREATE TABLE alert_notices (
    route_id uuid NOT NULL REFERENCES alert_routes ON DELETE CASCADE,
    alert_id bigint NOT NULL,
    open     boolean NOT NULL,                 -- what was told: that it is, or that it has ended
    times    integer NOT NULL,
    PRIMARY KEY (route_id, alert_id)
);
COMMENT ON TABLE alert_notices IS 'What each route was last told of each alert; written by the gateway';
