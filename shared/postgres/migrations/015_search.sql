-- Parts of names and addresses are found by their trigrams. The extension comes with
-- Postgres itself, and whoever may create in a database may install it; where it is
-- missing all the same, a search reads every job. The index of addresses takes from
-- changes of a document that they need no new entries in any index; there are few
-- of them, and an address in a column of its own would be missing wherever the version
-- before this one wrote.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX jobs_name_trigrams_idx ON jobs USING gin (name gin_trgm_ops);
    CREATE INDEX jobs_url_trigrams_idx ON jobs USING gin ((document #>> '{target,url}') gin_trgm_ops);
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported OR undefined_object THEN
    RAISE WARNING 'no pg_trgm, so searches for jobs are slow: %', SQLERRM;
END
$$;
