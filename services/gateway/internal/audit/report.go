package audit

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Report says what became of every fire in a window. Expected is the sum of all
// States, Pending, Filled and Unexplained.
type Report struct {
	From       time.Time  `json:"from" doc:"The first instant that was audited: what was asked for, or where the ledger begins."`
	To         time.Time  `json:"to" doc:"The end, excluded: what was asked for, or what had settled by then."`
	LedgerFrom *time.Time `json:"ledger_from,omitempty" doc:"From where on the ledger has all runs of what is audited: its oldest day, or where retention ends that has removed some."`

	Jobs     int                    `json:"jobs" doc:"Jobs with a fire in the window."`
	Expected int                    `json:"expected" doc:"Fires that the revisions of all jobs call for."`
	States   map[carillon.State]int `json:"states" doc:"Fires by the final state of their runs."`
	Pending  int                    `json:"pending" doc:"Fires whose runs have not ended: those of backfills too, and of the fires without a row those that wait in NATS, as far as the list of unexplained fires reaches."`
	Filled   int                    `json:"filled" doc:"Fires without a run of their own that a backfill ran to an end, good or bad."`

	Unexplained      int    `json:"unexplained" doc:"Fires without a row that are not on their way to one."`
	UnexplainedFires []Fire `json:"unexplained_fires" doc:"The first 1,000 of them, those of the newest jobs first."`
	Unexpected       int    `json:"unexpected" doc:"Rows that no fire calls for."`
	UnexpectedRows   []Odd  `json:"unexpected_rows" doc:"The first 1,000 of them, those of the newest jobs first."`

	Superseded    int   `json:"superseded" doc:"Rows that an edit or a pause had ruled out, planned within a minute after it took effect."`
	OtherRevision int   `json:"other_revision" doc:"Fires whose runs followed another revision than the one that held then, and were planned within a minute after that took effect."`
	Stale         int   `json:"stale" doc:"Rows of both kinds that were planned later: the planner did not heed an edit or a pause, or an outage kept the news from it."`
	StaleRows     []Odd `json:"stale_rows" doc:"The first 1,000 of them, those of the newest jobs first."`

	Unreadable int `json:"unreadable" doc:"Revisions whose schedules cannot be read any more; none of their fires is expected."`

	Late Lateness `json:"late"`
}

// Fire is an instant at which a job should have fired.
type Fire struct {
	JobID     uuid.UUID `json:"job_id" format:"uuid"`
	Job       string    `json:"job" doc:"The job's name then." example:"nightly-report"`
	Namespace string    `json:"namespace" example:"default"`
	FireTime  time.Time `json:"fire_time"`
	Revision  int64     `json:"revision" doc:"The revision that held then."`
}

// newReport is a report in which nothing is counted yet.
func newReport(w Window) Report {
	return Report{
		From: w.From, To: w.To, States: map[carillon.State]int{},
		UnexplainedFires: []Fire{}, UnexpectedRows: []Odd{}, StaleRows: []Odd{},
	}
}

// Lateness says how long after their fire times first attempts began.
type Lateness struct {
	Threshold carillon.Duration `json:"threshold" doc:"What counts as late." example:"5s"`
	Count     int               `json:"count" doc:"Runs that began later than that."`
	P50       carillon.Duration `json:"p50" doc:"Half of the runs began sooner; at most 2 % too high." example:"12ms"`
	P99       carillon.Duration `json:"p99" doc:"99 of 100 runs began sooner; at most 2 % too high." example:"40ms"`
	Max       carillon.Duration `json:"max" example:"1.2s"`
}

// RunID is the id of the run that there should be.
func (f Fire) RunID() uuid.UUID { return carillon.NewRunID(f.JobID, carillon.KindSchedule, f.FireTime) }

// Learn takes in what was found out, after the comparison, about unexplained fires:
// the states of their runs, by run id.
func (r *Report) Learn(states map[uuid.UUID]carillon.State) {
	r.UnexplainedFires = slices.DeleteFunc(r.UnexplainedFires, func(f Fire) bool {
		state, found := states[f.RunID()]
		if found {
			r.Unexplained--
			r.ended(state, 1)
		}
		return found
	})
}

// ended counts fires by the state of their runs.
func (r *Report) ended(state carillon.State, n int) {
	if state.Final() {
		r.States[state] += n
	} else {
		r.Pending += n
	}
}
