package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 123_456_789, time.UTC)

func definition() wire.Definition {
	doc := carillon.Document{
		Deadline: carillon.Duration(time.Minute),
		Name:     "tick", Labels: map[string]string{"team": "billing"},
		Schedule: schedule.Spec{Every: schedule.Duration(90 * time.Second), Timezone: "Europe/Berlin"},
		Target: carillon.Target{
			URL: "https://api.example.com/a?b=<c>&d=\"e\"", Headers: map[string]string{"X-Kind": "full"}, Body: "é\x00\n",
		},
	}
	return wire.Definition{Job: carillon.Job{
		ID: carillon.NewJobID(), Revision: 7, EffectiveFrom: noon, Document: doc.WithDefaults(),
	}}
}

func run() wire.Run {
	return wire.Run{
		ID: uuid.New(), Kind: carillon.KindBackfill, FireTime: noon, PlannedAt: noon.Add(time.Second),
		Attempt: 2, StartedAt: noon.Add(2 * time.Second), Holds: 3, HeldSince: &noon, Redelivered: 2, RedriveOf: &uuid.UUID{7},
		Wait: &wire.Wait{StartedAt: noon, Response: "taken on"},
	}
}

func TestTheNextAttemptBeginsAnew(t *testing.T) {
	t.Parallel()
	want := run()
	next := want.Next()
	want.Attempt, want.HeldSince, want.Wait, want.Redelivered = 3, nil, nil, 0
	if diff := cmp.Diff(want, next); diff != "" {
		t.Error(diff)
	}
}

func outcome() wire.Outcome {
	def := definition()
	o := wire.NewOutcome(run(), def.Call(), carillon.StateFailed)
	o.Reason, o.StartedAt, o.FinishedAt, o.Attempts = "no answer", noon, noon.Add(time.Minute), 3
	o.Attempt = &wire.Attempt{
		Number: 3, StartedAt: noon, FinishedAt: noon.Add(time.Minute), Status: 503,
		Class: wire.ClassStatus, Error: "503", Response: "busy",
	}
	return o
}

func mark() wire.Mark {
	return wire.Mark{
		Reach:   wire.Reach{At: noon, Job: uuid.New(), Seen: 1 << 60},
		Past:    []wire.Reach{{At: noon.Add(time.Second), Job: uuid.New(), Seen: 7}},
		Planner: "host-1", Batch: 7, Floor: noon.Add(-time.Hour),
		Held:      map[uuid.UUID][]wire.Held{uuid.New(): {{At: noon, Revision: 2}}},
		Backfills: map[uuid.UUID]wire.Filled{uuid.New(): {Job: uuid.New(), Done: 17}},
	}
}

func TestMessagesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	def := definition()
	deleted := def
	deleted.Deleted = true
	comesBack(t, def, wire.Encode(def))
	comesBack(t, deleted, wire.Encode(deleted))
	comesBack(t, def.Call(), wire.Encode(def.Call()))
	for _, queue := range carillon.BuiltinQueues() {
		comesBack(t, queue, wire.Encode(queue))
	}
	rated := carillon.Queue{
		Name: "slow", Concurrency: 5, Weight: 2, Rate: &carillon.Rate{Limit: 20, Per: carillon.PerSecond, Burst: 2}, Hosts: []carillon.Host{"*.example.com"},
	}
	comesBack(t, rated, wire.Encode(rated))
	pause := wire.Pause{Namespace: "billing", Revision: 3, Paused: true, EffectiveFrom: noon, Republished: true}
	comesBack(t, pause, wire.Encode(pause))
	backfill := wire.Backfill{ID: uuid.New(), JobID: uuid.New(), Fires: []time.Time{noon, noon.Add(time.Hour)}, Rate: 5, Ended: true}
	comesBack(t, backfill, wire.Encode(backfill))
	secret := wire.Secret{Current: wire.Sealed{Version: 2, Text: []byte("\x00\xff")}, Previous: &wire.Sealed{Version: 1, Text: []byte("x")}}
	comesBack(t, secret, wire.Encode(secret))
	r, o, m := run(), outcome(), mark()
	comesBack(t, r, wire.Encode(r))
	comesBack(t, o, wire.Encode(o))
	comesBack(t, m, wire.Encode(m))
	r.Wait = &wire.Wait{StartedAt: noon, Response: "taken on\n"}
	comesBack(t, r, wire.Encode(r))
	report := wire.Report{State: carillon.StateFailed, Class: wire.ClassTimeout, Message: "é", At: noon}
	comesBack(t, report, wire.Encode(report))
	comesBack(t, wire.Run{}, wire.Encode(wire.Run{}))
	comesBack(t, wire.Outcome{}, wire.Encode(wire.Outcome{}))
	comesBack(t, wire.Mark{}, wire.Encode(wire.Mark{}))
}

func comesBack[T wire.Body](t *testing.T, want T, encoded []byte) {
	t.Helper()
	got, err := wire.Decode[T](encoded)
	if err != nil {
		t.Fatalf("%s: %v", encoded, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", encoded, diff)
	}
}

func TestReadersIgnoreFieldsOfNewerVersions(t *testing.T) {
	t.Parallel()
	def, o, m, r := definition(), outcome(), mark(), run()
	comesBack(t, def, newer(wire.Encode(def)))
	comesBack(t, def.Call(), newer(wire.Encode(def.Call())))
	comesBack(t, o, newer(wire.Encode(o)))
	comesBack(t, carillon.BuiltinQueues()[0], newer(wire.Encode(carillon.BuiltinQueues()[0])))
	comesBack(t, m, newer(wire.Encode(m)))
	comesBack(t, r, newer(wire.Encode(r)))
}

// newer adds a field to every object of a message that holds anything, but for
// maps, whose keys are data.
func newer(encoded []byte) []byte {
	text := strings.ReplaceAll(string(encoded), `{"`, `{"from_tomorrow":{"a":[1,null]},"`)
	for _, data := range []string{"labels", "headers", "held", "backfills"} {
		text = strings.ReplaceAll(text, `"`+data+`":{"from_tomorrow":{"a":[1,null]},`, `"`+data+`":{`)
	}
	return []byte(text)
}

func TestReadersTakeMessagesOfOlderVersions(t *testing.T) {
	t.Parallel()
	run, err := wire.Decode[wire.Run]([]byte(`{"id":"01a20846-fe00-81c2-b73f-6029b2a39de7","attempt":1}`))
	if err != nil || run.Attempt != 1 {
		t.Errorf("got %+v, %v", run, err)
	}
	call, err := wire.Decode[wire.Call]([]byte(`{"queue":"low"}`))
	if err != nil || call.Queue != "low" {
		t.Errorf("got %+v, %v", call, err)
	}
	if _, err := wire.Decode[wire.Mark]([]byte(`{}`)); err != nil {
		t.Error(err)
	}
}

// An instant that is not set is written out by this version, and was left out by
// earlier ones.
func TestInstantsThatAreNotSetComeBackAsNotSet(t *testing.T) {
	t.Parallel()
	o := outcome()
	o.StartedAt, o.FinishedAt, o.Attempt.FinishedAt = time.Time{}, time.Time{}, time.Time{}
	comesBack(t, o, wire.Encode(o))
	earlier, err := json.Marshal(o)
	if err != nil || strings.Contains(string(earlier), "0001-") {
		t.Fatalf("%s: %v", earlier, err)
	}
	comesBack(t, o, earlier)
}

func TestReadersRefuseWhatIsNoMessage(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "null null", "{", `"text"`, "[]", `{"id":"none","job":"none"}`, `{"attempt":"1","seen":-1}`} {
		refuses[wire.Mark](t, text)
		refuses[wire.Run](t, text)
	}
	for _, text := range []string{"", "{", `{"target":{"timeout":"soon"}}`, `{"revision":1.5}`} {
		refuses[wire.Call](t, text)
	}
}

func refuses[T wire.Body](t *testing.T, text string) {
	t.Helper()
	if v, err := wire.Decode[T]([]byte(text)); err == nil || !strings.Contains(err.Error(), "wire: ") {
		t.Errorf("%T of %q: %v", v, text, err)
	}
}

func TestOnlyActiveJobsFire(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ paused, deleted, want bool }{
		{false, false, true}, {true, false, false}, {false, true, false}, {true, true, false},
	} {
		def := definition()
		def.Paused, def.Deleted = c.paused, c.deleted
		if got := def.Active(); got != c.want {
			t.Errorf("%+v: got %t", c, got)
		}
	}
}

func TestOutcomeNamesItsRun(t *testing.T) {
	t.Parallel()
	def, r := definition(), run()
	want := wire.Outcome{
		RunID: r.ID, JobID: def.ID, Job: def.Name, Namespace: def.Namespace, Revision: def.Revision, Queue: def.Queue,
		Labels: def.Labels, Kind: r.Kind, FireTime: r.FireTime, PlannedAt: r.PlannedAt, State: carillon.StateMissed,
	}
	if diff := cmp.Diff(want, wire.NewOutcome(r, def.Call(), carillon.StateMissed)); diff != "" {
		t.Error(diff)
	}
}

// A planner passes on what it does not read: the call is that of the definition.
func TestABriefMakesTheSameCall(t *testing.T) {
	t.Parallel()
	def := definition()
	brief, err := wire.Decode[wire.Brief](wire.Encode(def))
	if err != nil {
		t.Fatal(err)
	}
	raw := wire.RawCall{
		JobID: brief.ID, Job: brief.Name, Namespace: brief.Namespace, Revision: brief.Revision,
		Queue: brief.Queue, Labels: brief.Labels, Target: brief.Target, Retry: brief.Retry, Deadline: brief.Deadline,
	}
	call, err := wire.Decode[wire.Call](raw.Encode())
	if diff := cmp.Diff(def.Call(), call); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	want := def
	want.Labels, want.Target, want.Retry = nil, carillon.Target{}, carillon.Retry{}
	if diff := cmp.Diff(want, brief.Definition); diff != "" {
		t.Error(diff)
	}
	raw = wire.RawCall{Target: []byte{}, Retry: []byte("")}
	empty, err := wire.Decode[wire.Call](raw.Encode())
	if diff := cmp.Diff(wire.Call{}, empty); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestTheAddressOfATarget(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		`{"method":"POST","url":"https://a/b?c=\"d\""}`: `https://a/b?c="d"`, `{}`: "", ``: "", `[1]`: "",
	} {
		if got := wire.Address([]byte(target)); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}
