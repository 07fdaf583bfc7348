package noticestore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Filter says which alerts to list. Its zero fields do not filter.
type Filter struct {
	Namespace string
	ObjectID  uuid.UUID
	Kind      carillon.AlertKind
	State     string // firing or resolved
	Before    int64  // only alerts with a lower id
	Limit     int
}

// inState are conditions of their own, so that the few open ones are found by their
// index.
var inState = map[string]string{"": "true", "firing": "a.ended_at IS NULL", "resolved": "a.ended_at IS NOT NULL"}

// List returns alerts, the newest first.
func (s *Store) List(ctx context.Context, filter Filter) ([]notify.Alert, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+alertColumns+` FROM alerts a
		WHERE ($1::text[] IS NULL OR a.namespace = ANY($1)) AND ($2 = '00000000-0000-0000-0000-000000000000'::uuid OR a.object_id = $2)
			AND ($3 = '' OR a.kind = $3) AND ($4 = 0 OR a.id < $4) AND `+inState[filter.State]+`
		ORDER BY a.id DESC LIMIT $5`,
		scope.From(ctx).Within(filter.Namespace).Names(), filter.ObjectID, filter.Kind, filter.Before, filter.Limit)
	if err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a notify.Alert, err error) {
		var labels []byte
		if err = row.Scan(places(&a, &labels)...); err == nil {
			err = complete(&a, labels)
		}
		return a, err
	})
}

const alertColumns = `a.id, a.object, a.object_id, a.namespace, a.name, a.labels, a.kind, a.reason, a.times, a.fire_time, a.started_at, a.ended_at`

// places are where the columns go.
func places(a *notify.Alert, labels *[]byte) []any {
	return []any{&a.ID, &a.Object, &a.ObjectID, &a.Namespace, &a.Name, labels, &a.Kind, &a.Reason, &a.Times, &a.FireTime, &a.StartedAt, &a.EndedAt}
}

// complete fills in what follows from the columns.
func complete(a *notify.Alert, labels []byte) error {
	a.State = "firing"
	if !a.Open() {
		a.State = "resolved"
	}
	return json.Unmarshal(labels, &a.Labels)
}
