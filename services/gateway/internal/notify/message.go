package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Alert is an alert as people are told of it.
type Alert struct {
	ID        int64              `json:"id" doc:"Id of the alert."`
	Object    string             `json:"object" doc:"What it is about: a job or a check." enum:"job,check"`
	ObjectID  uuid.UUID          `json:"object_id" format:"uuid" doc:"Id of the job or check."`
	Namespace string             `json:"namespace"`
	Name      string             `json:"name" doc:"Name of the job or check, as it was then." example:"nightly-report"`
	Labels    map[string]string  `json:"labels,omitempty"`
	Kind      carillon.AlertKind `json:"kind" doc:"What is wrong." enum:"failing,missed,late,slow,silent,unexplained,overdue"`
	State     string             `json:"state" doc:"Whether it still is." enum:"firing,resolved"`
	Reason    string             `json:"reason" doc:"Why it began."`
	Times     int                `json:"times" doc:"How often it began: an alert that begins again within ten minutes is the same."`
	FireTime  *time.Time         `json:"fire_time,omitempty" doc:"The newest fire time that it has seen."`
	StartedAt time.Time          `json:"started_at"`
	EndedAt   *time.Time         `json:"ended_at,omitempty"`
}

// Open reports whether it is still so.
func (a Alert) Open() bool { return a.EndedAt == nil }

// Message is what goes through a channel.
type Message struct {
	Title, Text string
	// Resolved says that nothing is wrong any more, and nothing new has been, and Key is
	// the same for all messages of a group: some channels close then what they had opened.
	Resolved bool
	Key      string
	// JSON is the same for programs.
	JSON string
}

// The most alerts that a message lists, for people and for programs.
const (
	mostLines = 20
	mostItems = 100
)

// payload is a message for programs.
type payload struct {
	Route    string  `json:"route"`
	Group    string  `json:"group"`
	Firing   int     `json:"firing"`
	Resolved int     `json:"resolved"`
	Alerts   []Alert `json:"alerts"` // the first hundred
}

// Compose writes the message about the alerts of a group.
func Compose(route Route, group string, items []Item) Message {
	firing, brief, alerts := 0, 0, make([]Alert, len(items))
	for n, item := range items {
		alerts[n] = item.Alert
		if item.Open() {
			firing++
		}
		if item.brief() {
			brief++
		}
	}
	slices.SortFunc(alerts, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	resolved := len(alerts) - firing
	body := payload{route.Namespace + "/" + route.Name, group, firing, resolved, alerts[:min(len(alerts), mostItems)]}
	text, _ := json.Marshal(body) // cannot fail: plain data
	return Message{
		Title: title(group, firing, brief, resolved-brief), Text: list(alerts), Resolved: firing+brief == 0,
		Key: route.ID.String() + " " + group, JSON: string(text),
	}
}

func title(group string, firing, brief, resolved int) string {
	var parts []string
	for _, part := range []struct {
		of   int
		what string
	}{{firing, "firing"}, {brief, "came and went"}, {resolved, "resolved"}} {
		if part.of > 0 {
			parts = append(parts, fmt.Sprint(part.of, " ", part.what))
		}
	}
	return fmt.Sprintf("Carillon: %s (%s)", strings.Join(parts, ", "), group)
}

func list(alerts []Alert) string {
	var text strings.Builder
	for _, a := range alerts[:min(len(alerts), mostLines)] {
		fmt.Fprintf(&text, "%s %s/%s %s: %s", strings.ToUpper(a.State), a.Namespace, a.Name, a.Kind, a.Reason)
		if a.Times > 1 {
			fmt.Fprintf(&text, " (%d times)", a.Times)
		}
		text.WriteByte('\n')
	}
	if more := len(alerts) - mostLines; more > 0 {
		fmt.Fprintf(&text, "and %d more\n", more)
	}
	return text.String()
}

// Test is the message that tries a route out.
func Test(route Route, now time.Time) Message {
	return Compose(route, "test", []Item{{Told: true, ToldOpen: true, ToldTimes: 1, Alert: Alert{
		Object: "job", Namespace: route.Namespace, Name: "test", Kind: carillon.AlertFailing, State: "resolved",
		Reason: "nothing is wrong; somebody tried the route " + route.Name, Times: 1, StartedAt: now, EndedAt: &now,
	}}})
}
