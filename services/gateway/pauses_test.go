package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/pausestore"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
)

// setPaused calls "pause" or "resume"; a nil body is none.
func (w *world) setPaused(t *testing.T, verb string, body any) pausestore.Pause {
	t.Helper()
	return into[pausestore.Pause](t, w.call(t, "POST", "/api/v1/"+verb, body), http.StatusOK)
}

func (w *world) pauses(t *testing.T) []pausestore.Pause {
	t.Helper()
	return into[struct{ Items []pausestore.Pause }](t, w.call(t, "GET", "/api/v1/pauses", nil), 200).Items
}

// publishedPauses waits until JOBS holds so many changes of a pause, and returns
// them in the order of the stream.
func (w *world) publishedPauses(t *testing.T, namespace string, n int) (all []wire.Pause) {
	t.Helper()
	eventually.Succeeds(t, func() (err error) {
		if all, err = w.readPauses(t, namespace); err != nil {
			return err
		}
		if len(all) != n {
			return fmt.Errorf("%d changes are published, want %d: %+v", len(all), n, all)
		}
		return nil
	})
	return all
}

func (w *world) readPauses(t *testing.T, namespace string) (all []wire.Pause, err error) {
	t.Helper()
	stream, err := w.js.Stream(t.Context(), topology.JobsStream)
	for next := uint64(1); err == nil; {
		var msg *jetstream.RawStreamMsg
		if msg, err = stream.GetMsg(t.Context(), next, jetstream.WithGetMsgSubject(topology.Pause(namespace))); err == nil {
			var pause wire.Pause
			pause, err = wire.Decode[wire.Pause](msg.Data)
			all, next = append(all, pause), msg.Sequence+1
		}
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return all, nil
	}
	return nil, err
}

func TestPausesOfANamespaceAndOfEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.pauses(t); got == nil || len(got) != 0 {
		t.Errorf("at first: %+v", got)
	}
	before := time.Now()
	first := w.setPaused(t, "pause", object{"namespace": "billing", "reason": "moving"})
	if ahead := first.EffectiveFrom.Sub(before); ahead < time.Second || ahead > 5*time.Second {
		t.Errorf("takes effect %s after the request, want about 1s", ahead)
	}
	want := pausestore.Pause{
		Namespace: "billing", Paused: true, Revision: 1, Actor: "admin", Reason: "moving",
		EffectiveFrom: first.EffectiveFrom, CreatedAt: first.CreatedAt,
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, w.setPaused(t, "pause", object{"namespace": "billing", "reason": "other"})); diff != "" {
		t.Error("paused once more", diff)
	}
	all := w.setPaused(t, "pause", nil)
	if all.Namespace != "" || !all.Paused || all.Revision != 1 || all.Reason != "" {
		t.Errorf("everything: %+v", all)
	}
	if diff := cmp.Diff([]pausestore.Pause{all, first}, w.pauses(t)); diff != "" {
		t.Error(diff)
	}
	w.setPaused(t, "resume", object{"reason": "done"})
	resumed := w.setPaused(t, "resume", object{"namespace": "billing"})
	if resumed.Paused || resumed.Revision != 2 || !resumed.EffectiveFrom.After(first.EffectiveFrom) || len(w.pauses(t)) != 0 {
		t.Errorf("%+v, and paused is %+v", resumed, w.pauses(t))
	}
	if never := w.setPaused(t, "resume", object{"namespace": "never-paused"}); never != (pausestore.Pause{Namespace: "never-paused"}) {
		t.Errorf("%+v", never)
	}
	message := func(s pausestore.Pause) wire.Pause {
		return wire.Pause{Namespace: s.Namespace, Revision: s.Revision, Paused: s.Paused, EffectiveFrom: s.EffectiveFrom}
	}
	if diff := cmp.Diff([]wire.Pause{message(first), message(resumed)}, w.publishedPauses(t, "billing", 2)); diff != "" {
		t.Error(diff)
	}
	w.publishedPauses(t, "", 2)
	w.publishedPauses(t, "never-paused", 0)
	checkPauseLog(t, w)
}

// checkPauseLog holds the audit log to what the test above did.
func checkPauseLog(t *testing.T, w *world) {
	t.Helper()
	rows, _ := w.pool.Query(t.Context(), `
		SELECT concat_ws(' ', actor, action, object, coalesce(namespace, '-'), before->>'revision', after->>'revision', after->>'reason')
		FROM audit_log WHERE object NOT LIKE 'key/%' ORDER BY id`)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if diff := cmp.Diff([]string{
		"admin paused namespace/billing billing 1 moving", "admin paused everything - 1",
		"admin resumed everything - 1 2 done", "admin resumed namespace/billing billing 1 2",
	}, lines); err != nil || diff != "" {
		t.Errorf("audit log: %v %s", err, diff)
	}
}

func TestBadPausesChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		body   any
		status int
		want   []string
	}{
		"an empty namespace": {object{"namespace": ""}, 422, []string{"body.namespace"}},
		"no slug":            {object{"namespace": "Not A Slug"}, 422, []string{"body.namespace"}},
		"a wildcard":         {object{"namespace": ">"}, 422, []string{"body.namespace"}},
		"two tokens":         {object{"namespace": "a.b"}, 422, []string{"body.namespace"}},
		"no namespace":       {`{"namespace": null}`, 422, []string{"body.namespace"}},
		"a misspelt field":   {object{"namspace": "billing"}, 422, []string{"body.namspace"}},
		"all at once":        {object{"namespace": 7, "reason": strings.Repeat("x", 501)}, 422, []string{"body.namespace", "body.reason"}},
		"NUL in a reason":    {object{"reason": "a\x00b"}, 422, []string{"body.reason"}},
		"a list":             {"[]", 422, []string{"body"}},
		"null":               {"null", 422, []string{"body"}},
		"malformed":          {"{", 400, []string{"body"}},
		"blanks":             {" ", 400, []string{"body"}},
	} {
		for _, verb := range []string{"pause", "resume"} {
			r := w.call(t, "POST", "/api/v1/"+verb, test.body)
			if r.status != test.status {
				t.Errorf("%s %s: %d %s", verb, name, r.status, r.body)
				continue
			}
			p := intoProblem(t, r, test.status)
			if diff := cmp.Diff(test.want, slices.Compact(slices.Sorted(slices.Values(p.locations())))); diff != "" {
				t.Errorf("%s %s: %s", verb, name, diff)
			}
		}
	}
	p := intoProblem(t, w.call(t, "POST", "/api/v1/pause?namespace=billing", nil), 422)
	if diff := cmp.Diff([]string{"query.namespace"}, p.locations()); diff != "" {
		t.Error("a namespace in the query", diff)
	}
	if n := w.count(t, `SELECT count(*) FROM pauses`); n != 0 {
		t.Errorf("%d changes", n)
	}
}

// TestManyPauseAtOnce has every change wait for the one before.
func TestManyPauseAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const each = 10
	done := make(chan response, 4*each)
	for _, body := range []any{nil, object{"namespace": "a"}} {
		for _, verb := range []string{"pause", "resume"} {
			go func() {
				for range each {
					done <- w.call(t, "POST", "/api/v1/"+verb, body)
				}
			}()
		}
	}
	for range 4 * each {
		if r := <-done; r.status != 200 {
			t.Errorf("%d: %s", r.status, r.body)
		}
	}
	if n := w.count(t, `SELECT count(*) FROM (
		SELECT revision <> row_number() OVER turn OR effective_from <= lag(effective_from) OVER turn
			OR paused = coalesce(lag(paused) OVER turn, false) AS bad
		FROM pauses WINDOW turn AS (PARTITION BY namespace ORDER BY revision)) AS change WHERE bad`); n != 0 {
		t.Errorf("%d changes that change nothing, or are not after the one before", n)
	}
	for _, namespace := range []string{"", "a"} {
		made := w.count(t, `SELECT count(*) FROM pauses WHERE namespace IS NOT DISTINCT FROM nullif($1, '')`, namespace)
		published := w.publishedPauses(t, namespace, min(made, topology.RevisionsKept))
		if !slices.IsSortedFunc(published, func(a, b wire.Pause) int { return int(a.Revision - b.Revision) }) {
			t.Errorf("published out of order: %+v", published)
		}
	}
}

func TestPausesNeedPostgresAloneAndArriveLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nats.Stop()
	w.setPaused(t, "pause", object{"namespace": "billing"})
	w.startNATS(t)
	if got := w.publishedPauses(t, "billing", 1)[0]; !got.Paused || got.Republished {
		t.Errorf("%+v", got)
	}
}

func TestFiresSayWhatIsPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.create(t, with(object{"namespace": "billing"}))
	path := "/api/v1/jobs/" + job.ID.String()
	warnings := func() []string {
		got := into[struct {
			Fires    []time.Time
			Warnings []string
		}](t, w.call(t, "GET", path+"/fires?count=3", nil), 200)
		if len(got.Fires) != 3 {
			t.Errorf("%+v", got)
		}
		return got.Warnings
	}
	w.setPaused(t, "pause", object{"namespace": "other"})
	if got := warnings(); got == nil || len(got) != 0 {
		t.Errorf("while nothing of it is paused: %v", got)
	}
	w.setPaused(t, "pause", object{"namespace": "billing"})
	w.setPaused(t, "pause", nil)
	into[object](t, w.call(t, "POST", path+"/pause", nil), 200)
	want := []string{
		"everything is paused: the job does not fire until that is resumed",
		"the namespace billing is paused: the job does not fire until that is resumed",
		"the job is paused: it does not fire until it is resumed",
	}
	if diff := cmp.Diff(want, warnings()); diff != "" {
		t.Error(diff)
	}
}
