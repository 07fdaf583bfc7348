package retention

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// way is how a day's old runs are removed.
type way string

const (
	nothing   way = ""
	dropped   way = "dropped"
	rewritten way = "rewritten"
	deleted   way = "deleted"
)

// verdict says how many runs a day has, how many of them are too old, and so what
// is done with it.
type verdict struct {
	total, expired int64
	how            way
}

// choose says what is cheapest. A day without any run goes as well.
func (v verdict) choose() way {
	switch {
	case v.expired == v.total:
		return dropped
	case v.expired == 0:
		return nothing
	case 2*v.expired >= v.total:
		return rewritten
	}
	return deleted
}

// settle takes down the settings by which a day is judged, and by which its runs go,
// in a table of this connection: what goes must have been judged, for the horizon.
func (p *partition) settle(ctx context.Context) error {
	_, err := p.conn.Exec(ctx, `DROP TABLE IF EXISTS pg_temp.settled; CREATE TEMP TABLE settled AS TABLE retention`)
	return err
}

// judged is a partition of runs r, with the retention of each row as kept.days; rows
// whose retention nobody has set have none. expired is the condition on it. Both
// take the partition's age and the beginning of today as $1 and $2.
const (
	judged = ` AS r
		LEFT JOIN settled AS own ON own.namespace = r.namespace
		LEFT JOIN settled AS others ON others.namespace = ''
		CROSS JOIN LATERAL (SELECT coalesce((own.states->>r.state)::int, own.keep, (others.states->>r.state)::int, others.keep) AS days) AS kept`
	expired = `coalesce(kept.days <= $1 AND r.recorded_at < $2::timestamptz - make_interval(days => kept.days - 1), false)`
)

// judge counts, and raises the horizon of each namespace that is to lose runs. Runs
// of one namespace, state and day of recording are all too old, or none is: to look
// for their retention once is what makes it quick.
func (p *partition) judge(ctx context.Context, tx pgx.Tx) (v verdict, err error) {
	err = tx.QueryRow(ctx, `
		WITH counted AS (
			SELECT r.namespace, sum(r.runs) AS runs, coalesce(sum(r.runs) FILTER (WHERE `+expired+`), 0) AS gone
			FROM (
				SELECT namespace, state, min(recorded_at) AS recorded_at, count(*) AS runs
				FROM `+p.runs()+` GROUP BY namespace, state, (recorded_at AT TIME ZONE 'UTC')::date
			)`+judged+` GROUP BY r.namespace
		), raised AS (
			INSERT INTO horizons AS h (namespace, begins) SELECT namespace, $3::timestamptz FROM counted WHERE gone > 0
			ON CONFLICT (namespace) DO UPDATE SET begins = excluded.begins WHERE h.begins < excluded.begins
		)
		SELECT coalesce(sum(runs), 0)::bigint, coalesce(sum(gone), 0)::bigint FROM counted`,
		p.age(), p.today, p.day.Add(day)).Scan(&v.total, &v.expired)
	v.how = v.choose()
	return v, err
}
