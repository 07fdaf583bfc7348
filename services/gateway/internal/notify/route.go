package notify

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
)

// Document is a route as it is stored and shown. The address of its channel is apart.
type Document struct {
	Kinds         []carillon.AlertKind `json:"kinds,omitempty" doc:"Only alerts of these kinds; all by default." enum:"failing,missed,late,slow,silent,unexplained,overdue" maxItems:"7" example:"[\"failing\",\"overdue\"]"`
	Labels        map[string]string    `json:"labels,omitempty" doc:"Only alerts of jobs and checks that have all of these labels." example:"{\"team\":\"billing\"}"`
	AllNamespaces bool                 `json:"all_namespaces,omitempty" doc:"Alerts of every namespace, not only of the route's own; for admins."`
	Job           string               `json:"job,omitempty" doc:"Name of a job of the namespace: each message is a run of it, with the message as its body. Either this or url." maxLength:"100" example:"tell-us"`
	GroupBy       []string             `json:"group_by,omitempty" doc:"What alerts of one message have in common: namespace, kind, name, or labels.<key>; namespace and kind by default." maxItems:"8" example:"[\"namespace\",\"labels.team\"]"`
	GroupWait     *carillon.Duration   `json:"group_wait,omitempty" doc:"How long the first news waits for more; 30s by default."`
	GroupInterval carillon.Duration    `json:"group_interval,omitempty" doc:"Least time from one message of a group to the next; 5m by default."`
	Repeat        *carillon.Duration   `json:"repeat_interval,omitempty" doc:"When what is still wrong is told again; 4h by default, 0s for never."`
	NoRecovery    bool                 `json:"no_recovery,omitempty" doc:"Leaves out what is not wrong any more."`
	QuietHours    *QuietHours          `json:"quiet_hours,omitempty" doc:"When nothing is told; it is told at the end."`
	Paused        bool                 `json:"paused,omitempty" doc:"A paused route tells nothing."`
}

// Route is a stored route.
type Route struct {
	ID        uuid.UUID `json:"id" doc:"Stable id." format:"uuid"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name" example:"on-call"`
	Document
	Channel   string    `json:"channel,omitempty" doc:"The sort of channel: slack, smtp, pagerduty or ntfy. Its address is never shown." example:"slack"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// The bounds and defaults of a route.
const (
	defaultWait     = 30 * time.Second
	defaultInterval = 5 * time.Minute
	defaultRepeat   = 4 * time.Hour
	minInterval     = time.Second
	// maxSpan bounds wait and interval: together with quiet hours they last two days at
	// most, and for so long what has ended is known as news.
	maxSpan   = 12 * time.Hour
	maxRepeat = 28 * 24 * time.Hour
)

// Validate returns a fault.Faults that names every faulty field, or nil. Whether
// the route has a channel is for the caller to say.
func (d Document) Validate(hasChannel bool) error {
	var faults fault.Faults
	if hasChannel == (d.Job != "") {
		faults.Add("url", "is needed, or else job: one of them says where messages go")
	}
	for _, kind := range d.Kinds {
		if !kind.Valid() {
			faults.Add("kinds", "must be of failing, missed, late, slow, silent, unexplained and overdue, not %.40q", kind)
		}
	}
	for _, by := range d.GroupBy {
		if !slices.Contains([]string{"namespace", "kind", "name"}, by) && !strings.HasPrefix(by, labelPrefix) {
			faults.Add("group_by", "must be of namespace, kind, name and labels.<key>, not %.40q", by)
		}
	}
	if t := d.timing(); t.Wait < 0 || t.Wait > maxSpan {
		faults.Add("group_wait", "must be from 0s to 12h, not %s", carillon.Duration(t.Wait))
	}
	if t := d.timing(); t.Interval < minInterval || t.Interval > maxSpan {
		faults.Add("group_interval", "must be from 1s to 12h, not %s", carillon.Duration(t.Interval))
	}
	if t := d.timing(); t.Repeat != 0 && t.Repeat < t.Interval || t.Repeat > maxRepeat {
		faults.Add("repeat_interval", "must be from group_interval to 28d, or 0s for never, not %s", carillon.Duration(t.Repeat))
	}
	faults.Nest("quiet_hours", d.QuietHours.validate())
	return faults.Err()
}

func (d Document) timing() Timing {
	t := Timing{Wait: defaultWait, Interval: defaultInterval, Repeat: defaultRepeat, Quiet: d.QuietHours}
	if d.GroupWait != nil {
		t.Wait = time.Duration(*d.GroupWait)
	}
	if d.GroupInterval != 0 {
		t.Interval = time.Duration(d.GroupInterval)
	}
	if d.Repeat != nil {
		t.Repeat = time.Duration(*d.Repeat)
	} else {
		t.Repeat = max(t.Repeat, t.Interval)
	}
	return t
}

const labelPrefix = "labels."

// key is what an alert has in common with all of its group.
func (d Document) key(a Alert) string {
	by := d.GroupBy
	if len(by) == 0 {
		by = []string{"namespace", "kind"}
	}
	parts := make([]string, len(by))
	for i, what := range by {
		switch what {
		case "namespace":
			parts[i] = a.Namespace
		case "kind":
			parts[i] = string(a.Kind)
		case "name":
			parts[i] = a.Name
		default:
			parts[i] = word(a.Labels[strings.TrimPrefix(what, labelPrefix)])
		}
	}
	return strings.Join(parts, " ")
}

// word is a value as one word: two groups must not come to have one key.
func word(value string) string {
	if strings.ContainsAny(value, ` "`) {
		return strconv.Quote(value)
	}
	return value
}
