package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// auditTimeout is longer than the server takes for an audit at most.
const auditTimeout = 3 * time.Minute

// AuditQuestion says what to audit. For zero fields, the server has defaults.
type AuditQuestion struct {
	From, To  time.Time // To is excluded
	Namespace string
	JobID     string
	Late      *carillon.Duration // what counts as late
}

// Audit says what became of every fire in a window.
type Audit struct {
	From       time.Time  `json:"from"`
	To         time.Time  `json:"to"`
	LedgerFrom *time.Time `json:"ledger_from,omitempty"`

	Jobs     int                    `json:"jobs"`
	Expected int                    `json:"expected"`
	States   map[carillon.State]int `json:"states"`
	Pending  int                    `json:"pending"`
	Filled   int                    `json:"filled"`

	Unexplained      int               `json:"unexplained"`
	UnexplainedFires []UnexplainedFire `json:"unexplained_fires"`
	Unexpected       int               `json:"unexpected"`
	UnexpectedRows   []UnexpectedRow   `json:"unexpected_rows"`

	Superseded    int             `json:"superseded"`
	OtherRevision int             `json:"other_revision"`
	Stale         int             `json:"stale"`
	StaleRows     []UnexpectedRow `json:"stale_rows"`
	Unreadable    int             `json:"unreadable"`

	Late struct {
		Threshold carillon.Duration `json:"threshold"`
		Count     int               `json:"count"`
		P50       carillon.Duration `json:"p50"`
		P99       carillon.Duration `json:"p99"`
		Max       carillon.Duration `json:"max"`
	} `json:"late"`
}

// UnexplainedFire is a fire of which the ledger knows nothing.
type UnexplainedFire struct {
	JobID     uuid.UUID `json:"job_id"`
	Job       string    `json:"job"`
	Namespace string    `json:"namespace"`
	FireTime  time.Time `json:"fire_time"`
	Revision  int64     `json:"revision"`
}

// UnexpectedRow is a row of the ledger that no fire calls for, or not under its
// revision.
type UnexpectedRow struct {
	RunID    uuid.UUID      `json:"run_id"`
	JobID    uuid.UUID      `json:"job_id"`
	FireTime time.Time      `json:"fire_time"`
	Revision int64          `json:"revision"`
	State    carillon.State `json:"state"`
	Reason   string         `json:"reason"`
}

// Clean reports whether every fire is accounted for, nothing else is there, and
// planners heeded every edit and pause.
func (a *Audit) Clean() bool { return a.Unexplained+a.Unexpected+a.Stale+a.Unreadable == 0 }

// Audit asks the server to account for every fire of a window. It may take
// minutes, and ends on the server too when ctx ends.
func (c *Client) Audit(ctx context.Context, question AuditQuestion) (Audit, error) {
	patient := Client{base: c.base, key: c.key, http: &http.Client{Timeout: auditTimeout}}
	var report Audit
	err := patient.Do(ctx, http.MethodGet, "/audit?"+question.query().Encode(), nil, &report)
	return report, err
}

func (q AuditQuestion) query() url.Values {
	values := url.Values{}
	set := func(name, value string, given bool) {
		if given {
			values.Set(name, value)
		}
	}
	set("from", q.From.Format(time.RFC3339Nano), !q.From.IsZero())
	set("to", q.To.Format(time.RFC3339Nano), !q.To.IsZero())
	set("namespace", q.Namespace, q.Namespace != "")
	set("job_id", q.JobID, q.JobID != "")
	if q.Late != nil {
		values.Set("late", q.Late.String())
	}
	return values
}

// OwnAudit is what an audit found that Carillon made by itself.
type OwnAudit struct {
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Expected    int       `json:"expected"`
	Pending     int       `json:"pending"`
	Unexplained int       `json:"unexplained"`
	Unexpected  int       `json:"unexpected"`
	Stale       int       `json:"stale"`
	CreatedAt   time.Time `json:"created_at"`
}

// Clean is that of [Audit].
func (a *OwnAudit) Clean() bool { return a.Unexplained+a.Unexpected+a.Stale == 0 }
