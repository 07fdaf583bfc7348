package alertstore

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var begun = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "carillon_recorder_alerts_total", Help: "Alerts that have begun, by kind.",
}, []string{"kind"})

// farAhead is by how much a fire time must be ahead of the clock to be wrong. It then
// counts as now: what comes until then would not be news.
const farAhead = 5 * time.Second

// place is where an incident belongs.
type place struct {
	id   uuid.UUID
	kind carillon.AlertKind
}

// apply writes the incidents that findings change.
func apply(ctx context.Context, tx pgx.Tx, verdicts []Verdict, now time.Time) error {
	known, err := incidents(ctx, tx, verdicts)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, v := range verdicts {
		for _, found := range v.Findings {
			if found.FireTime.After(now.Add(farAhead)) {
				found.FireTime = now
			}
			before := known[place{v.ID, found.Kind}]
			if after, changed := before.Step(found, now); changed {
				write(batch, v.Object, found.Kind, before, after)
			}
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, batch).Close()
}

// incidents are the last ones of each kind of each object. Each is looked up by
// itself: an object may have thousands that are over.
func incidents(ctx context.Context, tx pgx.Tx, verdicts []Verdict) (map[place]alert.Incident, error) {
	ids := make([]uuid.UUID, len(verdicts))
	for i, v := range verdicts {
		ids[i] = v.ID
	}
	rows, err := tx.Query(ctx, `
		SELECT object_id, kind, id, started_at, renewed_at, ended_at, fire_time, times, reason
		FROM unnest($1::uuid[]) AS of_object CROSS JOIN unnest($2::text[]) AS of_kind
		CROSS JOIN LATERAL (
			SELECT * FROM alerts WHERE object_id = of_object AND kind = of_kind ORDER BY id DESC LIMIT 1) AS last`,
		ids, carillon.AlertKinds())
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	known := map[place]alert.Incident{}
	var at place
	var i alert.Incident
	var ended, fire zeronull.Timestamptz
	_, err = pgx.ForEachRow(rows, []any{&at.id, &at.kind, &i.ID, &i.StartedAt, &i.RenewedAt, &ended, &fire, &i.Times, &i.Reason}, func() error {
		i.EndedAt, i.FireTime = time.Time(ended), time.Time(fire)
		known[at] = i
		return nil
	})
	return known, err
}

func write(batch *pgx.Batch, object Object, kind carillon.AlertKind, before, after alert.Incident) {
	if after.ID != 0 {
		batch.Queue(`UPDATE alerts SET reason = $2, times = $3, fire_time = $4, renewed_at = $5, ended_at = $6 WHERE id = $1`,
			after.ID, after.Reason, after.Times, zeronull.Timestamptz(after.FireTime), after.RenewedAt, zeronull.Timestamptz(after.EndedAt))
	} else {
		batch.Queue(`
			INSERT INTO alerts (object, object_id, namespace, name, labels, kind, reason, times, fire_time, started_at, renewed_at, ended_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			object.Sort, object.ID, object.Namespace, object.Name, object.Labels, kind, after.Reason, after.Times,
			zeronull.Timestamptz(after.FireTime), after.StartedAt, after.RenewedAt, zeronull.Timestamptz(after.EndedAt))
	}
	if after.Times > before.Times || after.ID == 0 {
		begun.WithLabelValues(string(kind)).Inc()
	}
}
