-- What applying files has to know of a job. The digest is of the text that was
-- applied last, and says something only while the job has that revision: so nobody
-- else who changes a job, nor the version before this one, need know of it.
ALTER TABLE jobs
    ADD COLUMN apply_set        text COLLATE "C", -- whose files the job is in; null: nobody's
    ADD COLUMN applied          bytea,
    ADD COLUMN applied_revision bigint;
CREATE INDEX jobs_apply_set_idx ON jobs (apply_set, namespace, name) WHERE apply_set IS NOT NULL;
