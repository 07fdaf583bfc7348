-- Lists of what is wrong now: few of very many.
CREATE INDEX alerts_open_idx ON alerts (id) WHERE ended_at IS NULL;
