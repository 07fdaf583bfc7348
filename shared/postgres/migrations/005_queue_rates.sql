-- What a queue limits beside how many calls are in flight: how many begin in a span
-- of time (rate, as JSON: limit, per, burst), and for which hosts it does so.
ALTER TABLE queues ADD COLUMN rate jsonb, ADD COLUMN hosts text[] COLLATE "C" NOT NULL DEFAULT '{}';
