-- As it was, but for ONLY: without it the lock takes every partition too, and a day
-- cannot be made while any other is vacuumed, indexed or copied.
CREATE OR REPLACE FUNCTION ensure_day_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('runs_' || to_char(day, 'YYYYMMDD')) IS NOT NULL
       AND to_regclass('attempts_' || to_char(day, 'YYYYMMDD')) IS NOT NULL THEN
        RETURN; -- without the lock: nearly every call
    END IF;
    -- Held until the caller's transaction ends, so that of several recorders one
    -- makes the tables and the others find them. An advisory lock would not do:
    -- whoever waited for it still has the catalog as it was before.
    LOCK TABLE ONLY runs, ONLY attempts IN SHARE UPDATE EXCLUSIVE MODE;
    PERFORM ensure_partition('runs', day);
    PERFORM ensure_partition('attempts', day);
END
$$;
