package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
)

// Server looks at a gateway, by its address and a client of it; without a client,
// noKey says why there is none.
func Server(ctx context.Context, address string, server *client.Client, noKey error) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var r report
	if !r.reach(ctx, address) {
		return r
	}
	r.readiness(ctx, address)
	if noKey != nil {
		r.fail("key", "", "%v", noKey)
		return r
	}
	if r.key(ctx, server) {
		r.stops(ctx, server)
		r.alerts(ctx, server)
		r.audits(ctx, server)
	}
	return r
}

// get reads a page that needs no key. The answer's body is closed.
func get(ctx context.Context, address string) (*http.Response, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 16<<10))
	return answer, strings.TrimSpace(string(text)), err
}

func (r *report) reach(ctx context.Context, address string) bool {
	sent := time.Now()
	answer, text, err := get(ctx, address+"/healthz")
	received := time.Now()
	switch {
	case err != nil:
		r.fail("server", "start a gateway there, or say where one is with --server, --context or CARILLON_SERVER", "%s cannot be reached: %v", address, cause(err))
		return false
	case answer.StatusCode != http.StatusOK || text != "ok":
		r.fail("server", "correct the address: this is no gateway of Carillon, or a proxy stands before none", "%s answers %s", address, answer.Status)
		return false
	}
	r.ok("server", "%s answers within %s", address, received.Sub(sent).Round(time.Millisecond/10))
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		// It says whole seconds, and gateways look at their clocks once a second.
		r.compareClocks("server clock", sent, received, at.Add(time.Second), 3*time.Second/2)
	}
	return true
}

// waitsFor says what to do about a part that a gateway waits for.
var waitsFor = map[string]string{
	"postgres":    "see to Postgres and to the gateways' DATABASE_URL; set DATABASE_URL here as well, and look again",
	"nats":        "see to NATS and to the gateways' NATS_URL; set NATS_URL here as well, and look again",
	"definitions": "it needs NATS and Postgres; if both are well, the gateways' log says what keeps it",
	"feed":        "it needs NATS",
}

func (r *report) readiness(ctx context.Context, address string) {
	answer, text, err := get(ctx, address+"/readyz")
	switch {
	case err != nil:
		r.fail("ready", "look again", "no answer: %v", cause(err))
	case answer.StatusCode == http.StatusOK:
		r.ok("ready", "the gateway is ready")
	default:
		for line := range strings.Lines(text) {
			part, _, _ := strings.Cut(line, ":")
			r.fail("ready", waitsFor[part], "the gateway waits for %s", strings.TrimSpace(line))
		}
	}
}

// key reports whether the key may ask.
func (r *report) key(ctx context.Context, server *client.Client) bool {
	var who client.Identity
	err := server.Do(ctx, http.MethodGet, "/session", nil, &who)
	if problem, ok := errors.AsType[*client.Problem](err); ok && problem.Status == http.StatusUnauthorized {
		r.fail("key", "give a key that the server knows, with --key, CARILLON_KEY or a context", "it is refused: %v", err)
		return false
	}
	if err != nil {
		r.fail("key", "see what the gateway waits for", "it cannot be tried: %v", cause(err))
		return false
	}
	says := fmt.Sprintf("%s, %s", who.Name, who.Role)
	if len(who.Namespaces) > 0 {
		says += " of " + strings.Join(who.Namespaces, ", ")
	}
	state := OK
	if who.ExpiresAt != nil {
		says += ", until " + who.ExpiresAt.Format(time.RFC3339)
		if time.Until(*who.ExpiresAt) < week {
			state = Warn
		}
	}
	r.add("key", state, "issue another in time: carillon keys create", "%s", says)
	return true
}

const week = 7 * 24 * time.Hour

// stops says what does not run because somebody wanted that.
func (r *report) stops(ctx context.Context, server *client.Client) {
	pauses, _, err := client.List[client.Pause](ctx, server, "/pauses", nil, 0)
	if err != nil {
		r.fail("pauses", "see what the gateway waits for", "cannot be listed: %v", cause(err))
		return
	}
	stopped := 0
	for _, pause := range pauses {
		if !pause.Paused {
			continue
		}
		stopped++
		what, flag := "everything", "--all"
		if pause.Namespace != "" {
			what, flag = "the namespace "+pause.Namespace, "--namespace "+pause.Namespace
		}
		r.warn("pauses", "carillon resume "+flag, "%s is paused since %s by %s: %s", what, pause.EffectiveFrom.Format(time.RFC3339), pause.Actor, pause.Reason)
	}
	queues, _, err := client.List[carillon.Queue](ctx, server, "/queues", nil, 0)
	if err != nil {
		r.fail("queues", "see what the gateway waits for", "cannot be listed: %v", cause(err))
		return
	}
	for _, queue := range queues {
		if queue.Paused {
			stopped++
			r.warn("queues", "carillon queues resume "+queue.Name, "the queue %s is paused: its runs wait", queue.Name)
		}
	}
	if stopped == 0 {
		r.ok("pauses", "no namespace and no queue is paused")
	}
}

// most is how many alerts are counted.
const most = 500

func (r *report) alerts(ctx context.Context, server *client.Client) {
	firing, more, err := client.List[client.Alert](ctx, server, "/alerts", map[string][]string{"state": {"firing"}}, most)
	switch {
	case err != nil:
		r.fail("alerts", "see what the gateway waits for", "cannot be listed: %v", cause(err))
	case more:
		r.warn("alerts", "carillon alerts", "more than %d are firing", most)
	case len(firing) > 0:
		r.warn("alerts", "carillon alerts", "%d firing", len(firing))
	default:
		r.ok("alerts", "none is firing")
	}
}

// audits says what the last audit found that Carillon made by itself. Keys of some
// namespaces see none.
func (r *report) audits(ctx context.Context, server *client.Client) {
	audits, _, err := client.List[client.OwnAudit](ctx, server, "/audits", nil, 1)
	if err != nil || len(audits) == 0 {
		return // there is none, or it is not for this key
	}
	last := audits[0]
	state := OK
	if !last.Clean() {
		state = Fail
	}
	r.add("audit", state, "carillon audit --from "+last.From.Format(time.RFC3339)+" --to "+last.To.Format(time.RFC3339)+", and docs/operations.md",
		"of %d fires up to %s, %d unexplained, %d rows unexpected, %d stale", last.Expected, last.To.Format(time.RFC3339), last.Unexplained, last.Unexpected, last.Stale)
}
