-- Events that can never become a row of the ledger. A message is known by its
-- place in its stream; with the instant at which it was stored, as a stream that
-- is made anew counts from 1 again.
CREATE TABLE set_aside_events (
    stored_at    timestamptz NOT NULL,
    sequence     bigint NOT NULL,
    subject      text NOT NULL,
    reason       text NOT NULL,                -- why it cannot be recorded
    body         bytea NOT NULL,               -- as it came, or how it began
    set_aside_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stored_at, sequence)
);
COMMENT ON TABLE set_aside_events IS 'Events that could not be recorded, and why; written by the recorder';
