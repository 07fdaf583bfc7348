package doctor

import (
	"context"
	"time"

	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Postgres looks at the database at a URL, and who is at work there.
func Postgres(ctx context.Context, url string) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var r report
	pool, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: 1, ConnectTimeout: patience / 4, ApplicationName: "carillon-doctor"})
	if err != nil {
		r.fail("postgres", "correct DATABASE_URL", "%v", err)
		return r
	}
	defer pool.Close()
	if !r.database(ctx, pool) || !r.schema(ctx, pool) {
		return r
	}
	r.connections(ctx, pool)
	r.outbox(ctx, pool)
	r.setAside(ctx, pool)
	return r
}

func (r *report) database(ctx context.Context, pool *pgxpool.Pool) bool {
	var version string
	var now time.Time
	var standby bool
	if err := pool.Ping(ctx); err != nil {
		r.fail("postgres", "start Postgres, or correct DATABASE_URL", "cannot be reached: %v", cause(err))
		return false
	}
	sent := time.Now()
	err := pool.QueryRow(ctx, `SELECT current_setting('server_version'), clock_timestamp(), pg_is_in_recovery()`).Scan(&version, &now, &standby)
	if err != nil {
		r.fail("postgres", "look at its log", "%v", err)
		return false
	}
	received := time.Now()
	if standby {
		r.fail("postgres", "let DATABASE_URL lead to the primary", "version %s, but a standby that cannot be written to", version)
		return false
	}
	r.ok("postgres", "version %s, answers within %s", version, received.Sub(sent).Round(time.Millisecond/10))
	r.compareClocks("postgres clock", sent, received, now, 0)
	return true
}

func (r *report) schema(ctx context.Context, pool *pgxpool.Pool) bool {
	found, wanted, err := postgres.Versions(ctx, pool)
	switch {
	case err != nil:
		r.fail("schema", "let DATABASE_URL lead to Carillon's database, as its user", "%v", err)
	case found == 0:
		r.fail("schema", "start a gateway or a recorder, which makes it; or correct DATABASE_URL", "there is none")
	case found < wanted:
		r.fail("schema", "start a gateway of this version, which brings it up", "version %d, and this carillon needs %d", found, wanted)
	case found > wanted:
		r.warn("schema", "look with a newer carillon", "version %d, and this carillon knows %d", found, wanted)
	default:
		r.ok("schema", "version %d", found)
	}
	return err == nil && found >= wanted
}

// connections says who is connected, and how much room there is for others.
func (r *report) connections(ctx context.Context, pool *pgxpool.Pool) {
	var all, most, gateways, recorders int
	var oldest float64
	err := pool.QueryRow(ctx, `
		SELECT count(*), current_setting('max_connections')::int,
			count(*) FILTER (WHERE datname = current_database() AND application_name = 'carillon-gateway'),
			count(*) FILTER (WHERE datname = current_database() AND application_name = 'carillon-recorder'),
			coalesce(extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE datname = current_database() AND backend_type = 'client backend')), 0)
		FROM pg_stat_activity`).Scan(&all, &most, &gateways, &recorders, &oldest)
	if err != nil {
		r.fail("connections", "look at the log of Postgres", "%v", err)
		return
	}
	r.add("connections", worse(float64(all)/float64(most), 0.8, 0.95), "raise max_connections; docs/settings.md says how many each service wants", "%d of %d", all, most)
	r.present("gateways", gateways)
	r.present("recorders' connections", recorders)
	age := time.Duration(oldest * float64(time.Second))
	if state := worse(age, 10*time.Minute, 24*time.Hour); state != OK {
		r.add("transactions", state, "SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY xact_start, and end what was forgotten",
			"one is open for %s, and keeps old rows from being removed", age.Round(time.Second))
	}
}

func (r *report) present(part string, connections int) {
	if connections == 0 {
		r.fail(part, "start one; its /readyz says what keeps it", "none is connected to Postgres")
		return
	}
	r.ok(part, "%d connections to Postgres", connections)
}

// outbox says what was changed and not yet told to planners and runners.
func (r *report) outbox(ctx context.Context, pool *pgxpool.Pool) {
	var rows int
	var age float64
	err := pool.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT 100000) AS first),
			coalesce(extract(epoch FROM clock_timestamp() - (SELECT created_at FROM outbox ORDER BY id LIMIT 1)), 0)`).Scan(&rows, &age)
	if err != nil {
		r.fail("outbox", "look at the log of Postgres", "%v", err)
		return
	}
	old := time.Duration(age * float64(time.Second))
	r.add("outbox", worse(old, 5*time.Second, time.Minute), "see to NATS and the gateways, whose logs say why changes are not relayed",
		"%d changes wait to be told, the oldest for %s", rows, old.Round(time.Second))
}

func (r *report) setAside(ctx context.Context, pool *pgxpool.Pool) {
	var rows int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM set_aside_events`).Scan(&rows); err != nil {
		r.fail("events", "look at the log of Postgres", "%v", err)
		return
	}
	if rows > 0 {
		r.warn("events", "docs/operations.md, events that cannot be recorded", "%d could not be recorded", rows)
	}
}
