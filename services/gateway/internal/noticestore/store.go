// Package noticestore keeps what was told of alerts, for the dispatcher of package
// notify; and it lists alerts.
package noticestore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statementTimeout bounds each call.
const statementTimeout = 15 * time.Second

// Store reads and writes notices. It is safe for concurrent use.
type Store struct{ pool *pgxpool.Pool }

// New returns the store of a database.
func New(pool *pgxpool.Pool) *Store { return &Store{pool} }

// Load returns all that may have to be told: open alerts, and those of the last two
// days that have ended and of which something else was told, or nothing.
func (s *Store) Load(ctx context.Context) (notify.State, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	state := notify.State{Routes: map[uuid.UUID]notify.Route{}, Items: map[uuid.UUID][]notify.Item{}, Groups: map[notify.GroupID]notify.Group{}}
	if err := s.loadRoutes(ctx, state); err != nil || len(state.Routes) == 0 {
		return state, err
	}
	if err := s.loadItems(ctx, state); err != nil {
		return state, err
	}
	return state, s.loadGroups(ctx, state)
}

func (s *Store) loadRoutes(ctx context.Context, state notify.State) error {
	rows, err := s.pool.Query(ctx, `
		SELECT id, namespace, name, document, channel FROM alert_routes WHERE NOT coalesce((document->>'paused')::boolean, false)`)
	if err != nil {
		return fmt.Errorf("read alert routes: %w", err)
	}
	var r notify.Route
	var document []byte
	_, err = pgx.ForEachRow(rows, []any{&r.ID, &r.Namespace, &r.Name, &document, &r.Channel}, func() error {
		r.Document = notify.Document{}
		err := json.Unmarshal(document, &r.Document)
		state.Routes[r.ID] = r
		return err
	})
	return err
}

// A route that a job carries is not for the alerts of that job: each of its messages
// would be the cause of another.
const wanted = `
	SELECT r.id, n.alert_id IS NOT NULL, coalesce(n.open, false), coalesce(n.times, 0), ` + alertColumns + `
	FROM alert_routes r
	JOIN alerts a ON (a.namespace = r.namespace OR coalesce((r.document->>'all_namespaces')::boolean, false))
		AND a.labels @> coalesce(r.document->'labels', '{}')
		AND (NOT r.document ? 'kinds' OR r.document->'kinds' ? a.kind)
		AND (a.ended_at IS NULL OR a.ended_at > greatest(r.created_at, now() - interval '2 days'))
		AND NOT (a.object = 'job' AND a.namespace = r.namespace AND a.name = coalesce(r.document->>'job', ''))
	LEFT JOIN alert_notices n ON n.route_id = r.id AND n.alert_id = a.id
	WHERE NOT coalesce((r.document->>'paused')::boolean, false)
		AND (a.ended_at IS NULL OR n.alert_id IS NULL OR n.open OR n.times <> a.times)`

func (s *Store) loadItems(ctx context.Context, state notify.State) error {
	rows, err := s.pool.Query(ctx, wanted)
	if err != nil {
		return fmt.Errorf("read alerts to tell: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var route uuid.UUID
		var item notify.Item
		var labels []byte
		into := append([]any{&route, &item.Told, &item.ToldOpen, &item.ToldTimes}, places(&item.Alert, &labels)...)
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := complete(&item.Alert, labels); err != nil {
			return err
		}
		state.Items[route] = append(state.Items[route], item)
	}
	return rows.Err()
}

func (s *Store) loadGroups(ctx context.Context, state notify.State) error {
	rows, err := s.pool.Query(ctx, `SELECT route_id, key, since, told_at, failures, retry_at FROM alert_groups`)
	if err != nil {
		return fmt.Errorf("read groups of alerts: %w", err)
	}
	var id notify.GroupID
	var failures int
	var since, told, retry zeronull.Timestamptz
	_, err = pgx.ForEachRow(rows, []any{&id.Route, &id.Key, &since, &told, &failures, &retry}, func() error {
		state.Groups[id] = notify.Group{Since: time.Time(since), ToldAt: time.Time(told), Failures: failures, RetryAt: time.Time(retry)}
		return nil
	})
	return err
}

// Save stores what is known of a group, and that its route was told of alerts as
// they stand; reason says why it could not be told. A route that is gone is passed over.
func (s *Store) Save(ctx context.Context, id notify.GroupID, group notify.Group, told []notify.Item, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	alerts, open, times := make([]int64, len(told)), make([]bool, len(told)), make([]int32, len(told))
	for i, item := range told {
		alerts[i], open[i], times[i] = item.ID, item.Open(), int32(item.Times)
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO alert_groups (route_id, key, since, told_at, failures, retry_at, error)
		SELECT id, $2, $3, $4, $5, $6, $7 FROM alert_routes WHERE id = $1
		ON CONFLICT (route_id, key) DO UPDATE SET since = excluded.since, told_at = excluded.told_at,
			failures = excluded.failures, retry_at = excluded.retry_at, error = excluded.error`,
		id.Route, id.Key, zeronull.Timestamptz(group.Since), zeronull.Timestamptz(group.ToldAt), group.Failures, zeronull.Timestamptz(group.RetryAt), reason)
	batch.Queue(`
		INSERT INTO alert_notices (route_id, alert_id, open, times)
		SELECT r.id, told.* FROM alert_routes r, unnest($2::bigint[], $3::boolean[], $4::int[]) AS told WHERE r.id = $1
		ON CONFLICT (route_id, alert_id) DO UPDATE SET open = excluded.open, times = excluded.times`,
		id.Route, alerts, open, times)
	return s.pool.SendBatch(ctx, batch).Close()
}

// Tidy forgets what was told of alerts that are not there any more, news that nobody
// knows of any more, and groups of which nothing was told for long.
func (s *Store) Tidy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM alert_notices n WHERE NOT EXISTS (SELECT FROM alerts WHERE id = n.alert_id)`)
	batch.Queue(`UPDATE alert_groups SET since = NULL WHERE since < now() - interval '2 days'`)
	batch.Queue(`DELETE FROM alert_groups WHERE since IS NULL AND (told_at IS NULL OR told_at < now() - interval '30 days')`)
	return s.pool.SendBatch(ctx, batch).Close()
}
