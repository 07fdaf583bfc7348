package gateway

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/checkstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

func (w *world) createCheck(t *testing.T, document object) checkstore.State {
	t.Helper()
	return into[checkstore.State](t, w.call(t, "POST", "/api/v1/checks", document), 201)
}

// heard is the last ping of a token.
func (w *world) heard(t *testing.T, token uuid.UUID) wire.Ping {
	t.Helper()
	stream, err := w.js.Stream(t.Context(), topology.SignalsStream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetLastMsgForSubject(t.Context(), topology.PingSignal(token))
	if err != nil {
		t.Fatal(err)
	}
	ping, err := wire.Decode[wire.Ping](msg.Data)
	if err != nil {
		t.Fatal(err)
	}
	return ping
}

func TestTheLifeOfACheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.createCheck(t, object{"name": "backup", "period": "1d", "labels": object{"team": "x"}})
	if c.Status != carillon.CheckNew || c.Namespace != "default" || c.Token == uuid.Nil || c.Revision != 1 {
		t.Errorf("created %+v", c)
	}
	path := "/api/v1/checks/" + c.ID.String()
	intoProblem(t, w.call(t, "POST", "/api/v1/checks", object{"name": "backup", "period": "1d"}), 409)
	same := into[checkstore.State](t, w.call(t, "PUT", path, object{"name": "backup", "period": "1d", "labels": object{"team": "x"}}), 200)
	changed := into[checkstore.State](t, w.call(t, "PUT", path, object{"name": "copy", "schedule": object{"cron": "0 3 * * *", "timezone": "Europe/Berlin"}, "paused": true}), 200)
	if same.Revision != 1 || changed.Revision != 2 || changed.Token != c.Token {
		t.Errorf("changed %+v", changed)
	}
	if read := into[checkstore.State](t, w.call(t, "GET", path, nil), 200); read.Name != "copy" || read.Status != carillon.CheckPaused {
		t.Errorf("read %+v", read)
	}
	w.createCheck(t, object{"name": "backup", "namespace": "other", "period": "1h"})
	viewer := w.keyFor(t, keyring.Viewer, "")
	for _, shown := range []string{path, "/api/v1/checks"} {
		if r := w.callAs(t, viewer, "GET", shown, nil); r.status != 200 || strings.Contains(string(r.body), `"token"`) {
			t.Errorf("a viewer reads %d %s", r.status, r.body)
		}
	}
	type list struct {
		Items []checkstore.State `json:"items"`
		Next  string             `json:"next_cursor"`
	}
	first := into[list](t, w.call(t, "GET", "/api/v1/checks?limit=1", nil), 200)
	second := into[list](t, w.call(t, "GET", "/api/v1/checks?limit=1&cursor="+first.Next, nil), 200)
	mine := into[list](t, w.call(t, "GET", "/api/v1/checks?namespace=other", nil), 200)
	if len(first.Items) != 1 || len(second.Items) != 1 || second.Next != "" || len(mine.Items) != 1 || mine.Items[0].Namespace != "other" {
		t.Errorf("listed %+v, %+v and %+v", first, second, mine)
	}
	intoProblem(t, w.call(t, "PUT", path, object{"name": "copy", "namespace": "other", "period": "1h"}), 422)
	into[any](t, w.call(t, "DELETE", path, nil), 204)
	intoProblem(t, w.call(t, "GET", path, nil), 404)
	intoProblem(t, w.call(t, "DELETE", path, nil), 404)
}

func TestBadChecksAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		body object
		want []string
	}{
		"expects nothing":     {object{"name": "a"}, []string{"body.period"}},
		"expects two things":  {object{"name": "a", "period": "1h", "schedule": object{"cron": "0 3 * * *"}}, []string{"body.period"}},
		"no cron expression":  {object{"name": "a", "schedule": object{"cron": "x"}}, []string{"body.schedule.cron"}},
		"too short, nameless": {object{"name": "-", "period": "1ms"}, []string{"body.name", "body.period"}},
		"a negative grace":    {object{"name": "a", "period": "1h", "grace": "-1s"}, []string{"body.grace"}},
	} {
		p := intoProblem(t, w.call(t, "POST", "/api/v1/checks", c.body), 422)
		if got := p.locations(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPingsSayHowAJobIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.createCheck(t, object{"name": "backup", "period": "1d"})
	seven := 7
	zero := 0
	for tail, want := range map[string]wire.Ping{
		"": {Event: wire.PingSuccess}, "/start": {Event: wire.PingStart}, "/success": {Event: wire.PingSuccess}, "/fail": {Event: wire.PingFail},
		"/0": {Event: wire.PingSuccess, ExitCode: &zero}, "/7": {Event: wire.PingFail, ExitCode: &seven},
	} {
		for method, body := range map[string]any{"GET": nil, "POST": "said\x00 so"} {
			into[any](t, w.callAs(t, "", method, carillon.PingPath+c.Token.String()+tail, body), 200)
			got := w.heard(t, c.Token)
			said := ""
			if body != nil {
				said = "said so"
			}
			if got.Event != want.Event || got.Message != said || (got.ExitCode == nil) != (want.ExitCode == nil) {
				t.Errorf("%s %s: %+v", method, tail, got)
			}
		}
	}
	intoProblem(t, w.callAs(t, "", "GET", carillon.PingPath+uuid.NewString(), nil), 404)
	intoProblem(t, w.callAs(t, "", "GET", carillon.PingPath+c.Token.String()+"/whim", nil), 422)
	intoProblem(t, w.callAs(t, "", "GET", carillon.PingPath+"no-token", nil), 422)
}

func TestPingsAreTakenWhilePostgresIsAway(t *testing.T) {
	t.Parallel()
	dir := postgresDir(t)
	server := startPostgres(t, dir)
	w := &world{natsDir: t.TempDir(), natsPort: -1}
	w.startNATS(t)
	w.config.Postgres.URL = server.URL()
	w.config.AdminKeyFile = filepath.Join(t.TempDir(), "admin.key")
	w.connect(t)
	w.start(t)
	w.awaitReady(t)
	c := w.createCheck(t, object{"name": "backup", "period": "1d"})
	into[any](t, w.callAs(t, "", "GET", carillon.PingPath+c.Token.String()+"/start", nil), 200) // so its token is known
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	into[any](t, w.callAs(t, "", "GET", carillon.PingPath+c.Token.String(), nil), 200)
	if got := w.heard(t, c.Token); got.Event != wire.PingSuccess {
		t.Errorf("%+v", got)
	}
	guess := uuid.New()
	into[any](t, w.callAs(t, "", "POST", carillon.PingPath+guess.String(), strings.Repeat("x", 4000)), 200)
	if got := w.heard(t, guess); len(got.Message) > 200 {
		t.Errorf("%d bytes are kept of what is said under a token that may be made up", len(got.Message))
	}
	eventually.Succeeds(t, func() error {
		for range 200 {
			if w.callAs(t, "", "GET", carillon.PingPath+uuid.NewString(), nil).status == 429 {
				return nil
			}
		}
		return errors.New("any number of tokens is taken that may be made up")
	})
	into[any](t, w.callAs(t, "", "GET", carillon.PingPath+c.Token.String(), nil), 200)
}

func TestTooManyPingsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	noisy, other := w.createCheck(t, object{"name": "noisy", "period": "1d"}), w.createCheck(t, object{"name": "other", "period": "1d"})
	eventually.Succeeds(t, func() error {
		if w.callAs(t, "", "GET", carillon.PingPath+noisy.Token.String(), nil).status != 429 {
			return errors.New("more are taken")
		}
		return nil
	})
	into[any](t, w.callAs(t, "", "GET", carillon.PingPath+other.Token.String(), nil), 200)
}
