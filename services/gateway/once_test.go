package gateway

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// sendOnce posts a body with an Idempotency-Key.
func (w *world) sendOnce(t *testing.T, path, key string, body object) response {
	t.Helper()
	text, _ := json.Marshal(body)
	return w.callWith(t, "POST", "/api/v1"+path, string(text), map[string]string{"Idempotency-Key": key})
}

func TestARequestWithAKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(path, key string, body object) response { return w.sendOnce(t, path, key, body) }
	isReplay := func(first, again response) {
		t.Helper()
		if again.status != first.status || !bytes.Equal(again.body, first.body) || again.header.Get("Content-Type") != first.header.Get("Content-Type") ||
			again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%d %v %s, then %d %v %s", first.status, first.header, first.body, again.status, again.header, again.body)
		}
	}
	made := send("/jobs", "make", document("a"))
	job := into[carillon.Job](t, made, 201)
	isReplay(made, send("/jobs", "make", document("a")))
	path := "/jobs/" + job.ID.String()

	run := send(path+"/run", "run", nil)
	into[object](t, run, 202)
	isReplay(run, send(path+"/run", "run", nil))
	intoProblem(t, send(path+"/run", "run-2", nil), 409) // the first is in flight

	plan := object{"from": job.EffectiveFrom.AddDate(0, 0, -1)}
	isReplay(send(path+"/backfill", "fill", plan), send(path+"/backfill", "fill", plan))

	for name, r := range map[string]response{
		"another body": send("/jobs", "make", document("b")), "another route": send(path+"/run", "make", document("a")),
	} {
		if p := intoProblem(t, r, 422); !slices.Equal(p.locations(), []string{"header.Idempotency-Key"}) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for _, key := range []string{strings.Repeat("x", 256), "with space", "ä"} {
		if p := intoProblem(t, send("/jobs", key, document("c")), 422); !slices.Equal(p.locations(), []string{"header.Idempotency-Key"}) {
			t.Errorf("%q: %+v", key, p)
		}
	}

	// What was refused may be mended, and asked again.
	intoProblem(t, send("/jobs", "mend", document("-")), 422)
	intoProblem(t, send("/jobs", "mend", document("a")), 409)
	mended := send("/jobs", "mend", document("mended"))
	into[carillon.Job](t, mended, 201)

	// Another's key is another key, and after a day everyone's is.
	admin := w.key
	w.key = w.keyFor(t, keyring.Editor, "default")
	into[carillon.Job](t, send("/jobs", "make", document("of-another")), 201)
	w.key = admin
	w.exec(t, `UPDATE answers SET created_at = now() - interval '1 day' - interval '1 second'`)
	intoProblem(t, send("/jobs", "make", document("a")), 409)
	if n := w.count(t, `SELECT count(*) FROM answers`); n != 0 {
		t.Errorf("%d answers are kept, want none", n)
	}
}

func TestOneOfManyRequestsWithAKeyIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// A gateway died before it knew the answer.
	into[carillon.Job](t, w.sendOnce(t, "/jobs", "dies", document("dies")), 201)
	w.exec(t, `UPDATE answers SET status = NULL WHERE key = 'dies'`)
	if r := w.sendOnce(t, "/jobs", "dies", document("dies")); r.status != 409 || r.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.status, r.body)
	}

	const callers = 8
	answers := make(chan response, callers)
	for range callers {
		go func() { answers <- w.sendOnce(t, "/jobs", "at-once", document("at-once")) }()
	}
	done := 0
	for range callers {
		switch r := <-answers; {
		case r.status == 201 && r.header.Get("Idempotency-Replayed") == "":
			done++
		case r.status != 201 && r.status != 409:
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if done != 1 {
		t.Errorf("done %d times", done)
	}
}
