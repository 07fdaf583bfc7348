-- For lists of the log that few lines fit: by a kind of object, by an action, by time.
CREATE INDEX audit_log_kind_idx ON audit_log (split_part(object, '/', 1), id DESC);
CREATE INDEX audit_log_action_idx ON audit_log (action, id DESC);
CREATE INDEX audit_log_at_idx ON audit_log (at);
