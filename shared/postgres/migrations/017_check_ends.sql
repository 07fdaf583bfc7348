-- Starts alone must not put a deadline off: it follows from the last end too.
ALTER TABLE check_states ADD COLUMN ended_at timestamptz; -- when it last said that it had succeeded or failed
UPDATE check_states SET ended_at = pinged_at WHERE started_at IS NULL;
