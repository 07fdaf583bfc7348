-- All of a job's statistics in one column: its row is read and written with every
-- run, and each column costs both. Columns of their own are left to what queries
-- choose rows by. Statistics begin anew.
TRUNCATE job_stats;
ALTER TABLE job_stats
    DROP COLUMN last_kind,
    DROP COLUMN last_started_at,
    DROP COLUMN last_finished_at,
    DROP COLUMN last_success_finished_at,
    DROP COLUMN durations;
ALTER TABLE job_stats RENAME COLUMN rest TO data;
