CREATE TABLE pauses (
    namespace      text COLLATE "C" CHECK (namespace <> ''), -- null: everything
    revision       bigint NOT NULL CHECK (revision > 0),
    paused         boolean NOT NULL,
    effective_from timestamptz NOT NULL,
    actor          text NOT NULL,
    reason         text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX pauses_revision_key ON pauses (coalesce(namespace, ''), revision);
COMMENT ON TABLE pauses IS 'Every pause and resumption of a namespace or of everything, and from when; written by the gateway';

CREATE VIEW latest_pauses AS SELECT DISTINCT ON (namespace) * FROM pauses ORDER BY namespace, revision DESC;
COMMENT ON VIEW latest_pauses IS 'The last change of each pause';
