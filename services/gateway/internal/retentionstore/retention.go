package retentionstore

import (
	"maps"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
)

// Retention says for how long the runs of a namespace are kept, or those of all
// namespaces that have none of their own.
type Retention struct {
	Namespace string                               `json:"namespace,omitempty" doc:"The namespace that is meant; missing for the default, which holds for all that have none of their own." example:"billing"`
	Keep      carillon.Duration                    `json:"keep" doc:"How long a run is kept, in whole days." example:"90d"`
	States    map[carillon.State]carillon.Duration `json:"states,omitempty" doc:"How long a run that ended in a state is kept, where that is not keep." example:"{\"succeeded\":\"30d\"}"`
}

const day = carillon.Duration(24 * time.Hour)

// most is ten years.
const most = 3650 * day

// Validate returns a fault.Faults that names every faulty field, or nil. The
// namespace is the caller's to check.
func (r Retention) Validate() error {
	var faults fault.Faults
	check := func(field string, keep carillon.Duration) {
		if keep < day || keep > most || keep%day != 0 {
			faults.Add(field, "must be whole days, from 1d to %s", most)
		}
	}
	check("keep", r.Keep)
	for _, state := range slices.Sorted(maps.Keys(r.States)) {
		if !slices.Contains(carillon.States(), state) || !state.Final() {
			faults.Add("states", "%q is no state in which a run ends", state)
			continue
		}
		check("states."+string(state), r.States[state])
	}
	return faults.Err()
}

// equal reports whether two retentions keep alike.
func (r Retention) equal(other Retention) bool {
	return r.Namespace == other.Namespace && r.Keep == other.Keep && maps.Equal(r.States, other.States)
}
