package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/guard"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// people are told of alerts through ntfy.
type people struct {
	*httptest.Server
	mu   sync.Mutex
	told []string
}

func newPeople(t *testing.T) *people {
	t.Helper()
	p := &people{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, r.Header.Get("Title")+"\n"+string(text))
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *people) address() string {
	return "ntfy://" + p.Listener.Addr().String() + "/s3cr3t-topic?scheme=http"
}

// titles waits until so many messages have come, and returns their titles.
func (p *people) titles(t *testing.T, n int) (titles []string) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.told) < n {
			return fmt.Errorf("told %q", p.told)
		}
		titles = titles[:0]
		for _, text := range p.told {
			title, _, _ := strings.Cut(text, "\n")
			titles = append(titles, title)
		}
		return nil
	})
	return titles
}

// newTellingWorld is a world whose channels may lead to this machine.
func newTellingWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	w.config.AllowTargets = make([]guard.Allowed, 1)
	if err := w.config.AllowTargets[0].UnmarshalText([]byte("127.0.0.0/8")); err != nil {
		t.Fatal(err)
	}
	w.start(t)
	w.awaitReady(t)
	return w
}

// alert opens alerts of jobs, as the recorder would.
func (w *world) alert(t *testing.T, namespace, labels string, jobs int) {
	t.Helper()
	_, err := w.pool.Exec(t.Context(), `
		INSERT INTO alerts (object, object_id, namespace, name, labels, kind, reason, times, started_at, renewed_at)
		SELECT 'job', gen_random_uuid(), $1, 'job-' || n, $2::text::jsonb, 'failing', 'a run has failed', 1, now(), now()
		FROM generate_series(1, $3::int) AS n`, namespace, labels, jobs)
	if err != nil {
		t.Fatal(err)
	}
}

const soon, often = `"group_wait":"1s"`, `"group_interval":"1s"`

func TestAlertsAreToldInGroupsWhereRoutesLead(t *testing.T) {
	t.Parallel()
	w, all, billing := newTellingWorld(t), newPeople(t), newPeople(t)
	put := func(name, more string, to *people) {
		body := `{` + soon + `,` + often + `,` + more + `"url":"` + to.address() + `"}`
		route := into[notify.Route](t, w.call(t, "PUT", "/api/v1/alert-routes/default/"+name, body), 200)
		if route.Channel != "ntfy" {
			t.Errorf("%+v", route)
		}
	}
	put("all", `"all_namespaces":true,`, all)
	put("billing", `"labels":{"team":"billing"},`, billing)
	w.alert(t, "default", `{"team":"billing","tier":"1"}`, 500)
	w.alert(t, "other", `{"team":"billing"}`, 3)
	titles := all.titles(t, 2)
	slices.Sort(titles)
	if want := []string{"Carillon: 3 firing (other failing)", "Carillon: 500 firing (default failing)"}; !slices.Equal(titles, want) {
		t.Errorf("told %q, want %q", titles, want)
	}
	if _, err := w.pool.Exec(t.Context(), `UPDATE alerts SET ended_at = now() WHERE namespace = 'default'`); err != nil {
		t.Fatal(err)
	}
	if want, got := []string{"Carillon: 500 firing (default failing)", "Carillon: 500 resolved (default failing)"}, billing.titles(t, 2); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	all.titles(t, 3)
	type list struct {
		Items []notify.Alert `json:"items"`
		Next  string         `json:"next_cursor"`
	}
	firing := into[list](t, w.call(t, "GET", "/api/v1/alerts?state=firing", nil), 200)
	if len(firing.Items) != 3 || firing.Items[0].Namespace != "other" || firing.Next != "" {
		t.Errorf("firing: %+v", firing)
	}
	ended := into[list](t, w.call(t, "GET", "/api/v1/alerts?state=resolved&namespace=default&limit=400", nil), 200)
	rest := into[list](t, w.call(t, "GET", "/api/v1/alerts?state=resolved&namespace=default&limit=400&cursor="+ended.Next, nil), 200)
	if len(ended.Items) != 400 || len(rest.Items) != 100 || ended.Items[0].EndedAt == nil {
		t.Errorf("%d and %d were listed", len(ended.Items), len(rest.Items))
	}
}

func TestAnAlertBecomesARunOfAJob(t *testing.T) {
	t.Parallel()
	w := newTellingWorld(t)
	job := w.create(t, object{"name": "tell-us", "schedule": object{"cron": "0 0 1 1 *"}, "target": object{"url": "https://example.com/hook"}})
	put := `{` + soon + `,"job":"tell-us"}`
	into[notify.Route](t, w.call(t, "PUT", "/api/v1/alert-routes/default/hook", put), 200)
	w.alert(t, "default", `{"team":"{{fire_time}}"}`, 2)
	var call wire.Call
	eventually.Succeeds(t, func() error {
		stream, err := w.js.Stream(t.Context(), topology.RunsStream)
		if err != nil {
			return err
		}
		msg, err := stream.GetLastMsgForSubject(t.Context(), topology.InFlight(job.ID))
		if err != nil {
			return err
		}
		call, err = wire.Decode[wire.Call](msg.Data)
		return err
	})
	var message struct {
		Firing int
		Alerts []notify.Alert
	}
	if err := json.Unmarshal([]byte(call.Target.Body), &message); err != nil || message.Firing != 2 || len(message.Alerts) != 2 {
		t.Fatalf("%v: %s", err, call.Target.Body)
	}
	if strings.Contains(call.Target.Body, "{{") || message.Alerts[0].Labels["team"] != "{{fire_time}}" || call.Target.Headers["Content-Type"] != "application/json" {
		t.Errorf("%+v", call.Target)
	}
}

func TestARouteIsStoredSealedAndNeverShown(t *testing.T) {
	t.Parallel()
	w, p := newTellingWorld(t), newPeople(t)
	const path = "/api/v1/alert-routes/default/on-call"
	shown := w.call(t, "PUT", path, object{"url": p.address()})
	into[notify.Route](t, shown, 200)
	for _, r := range []response{shown, w.call(t, "GET", path, nil), w.call(t, "GET", "/api/v1/alert-routes", nil)} {
		if strings.Contains(string(r.body), "s3cr3t") || !strings.Contains(string(r.body), `"channel":"ntfy"`) {
			t.Errorf("%s", r.body)
		}
	}
	if n := w.count(t, `SELECT (SELECT count(*) FROM alert_routes r WHERE r::text LIKE '%s3cr3t%' OR r.sealed::text LIKE '%s3cr3t%')
		+ (SELECT count(*) FROM audit_log a WHERE a::text LIKE '%s3cr3t%')`); n > 0 {
		t.Errorf("%d rows hold the address", n)
	}
	into[any](t, w.call(t, "POST", path+"/test", nil), 204)
	if titles := p.titles(t, 1); !strings.Contains(titles[0], "test") {
		t.Errorf("told %q", titles)
	}
	into[notify.Route](t, w.call(t, "PUT", path, object{"kinds": []string{"late"}}), 200) // the address stays
	into[any](t, w.call(t, "POST", path+"/test", nil), 204)
	p.Close()
	if r := w.call(t, "POST", path+"/test", nil); r.status != 502 || strings.Contains(string(r.body), "s3cr3t") {
		t.Errorf("%d: %s", r.status, r.body)
	}
	into[any](t, w.call(t, "DELETE", path, nil), 204)
	intoProblem(t, w.call(t, "GET", path, nil), 404)
	intoProblem(t, w.call(t, "DELETE", path, nil), 404)
	intoProblem(t, w.call(t, "POST", path+"/test", nil), 404)
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE object = 'alert-route/default/on-call'`); n != 3 {
		t.Errorf("%d lines in the audit log", n)
	}
}

func TestBadRoutesAreRefused(t *testing.T) {
	t.Parallel()
	w := newTellingWorld(t)
	for name, c := range map[string]struct {
		body object
		want []string
	}{
		"leads nowhere":         {object{}, []string{"body.url"}},
		"leads to two places":   {object{"url": "ntfy://ntfy.sh/t", "job": "x"}, []string{"body.url"}},
		"to no known channel":   {object{"url": "https://example.com/hook"}, []string{"body.url"}},
		"to no job":             {object{"job": "nobody"}, []string{"body.job"}},
		"many faults":           {object{"url": "ntfy://ntfy.sh/t", "group_by": []string{"mood"}, "group_interval": "1ms", "quiet_hours": object{"from": "22:00", "to": "22"}}, []string{"body.group_by", "body.group_interval", "body.quiet_hours.to"}},
		"a kind that is none":   {object{"url": "ntfy://ntfy.sh/t", "kinds": []string{"whim"}}, []string{"body.kinds[0]"}},
		"a field that is none":  {object{"url": "ntfy://ntfy.sh/t", "whom": "me"}, []string{"body.whom"}},
		"a span that is no one": {object{"url": "ntfy://ntfy.sh/t", "group_wait": "soon"}, []string{"body.group_wait"}},
	} {
		p := intoProblem(t, w.call(t, "PUT", "/api/v1/alert-routes/default/bad", c.body), 422)
		if got := p.locations(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if n := w.count(t, `SELECT count(*) FROM alert_routes`); n > 0 {
		t.Errorf("%d were stored", n)
	}
	wide := object{"url": "ntfy://ntfy.sh/t", "all_namespaces": true}
	keys := []string{w.keyFor(t, keyring.Editor, ""), w.keyFor(t, keyring.Admin, "default")}
	for _, key := range keys {
		intoProblem(t, w.callAs(t, key, "PUT", "/api/v1/alert-routes/default/wide", wide), 403)
	}
	into[notify.Route](t, w.call(t, "PUT", "/api/v1/alert-routes/default/wide", wide), 200)
	for _, key := range keys { // nor may they take it away from everybody
		intoProblem(t, w.callAs(t, key, "PUT", "/api/v1/alert-routes/default/wide", object{"url": "ntfy://ntfy.sh/t"}), 403)
		intoProblem(t, w.callAs(t, key, "DELETE", "/api/v1/alert-routes/default/wide", nil), 403)
	}
}

func TestOneGatewayTells(t *testing.T) {
	t.Parallel()
	w, p := newTellingWorld(t), newPeople(t)
	other := *w
	other.start(t)
	into[notify.Route](t, w.call(t, "PUT", "/api/v1/alert-routes/default/all", `{`+soon+`,"url":"`+p.address()+`"}`), 200)
	w.alert(t, "default", `{}`, 1)
	p.titles(t, 1)
	eventually.Succeeds(t, func() error { // else nobody knows that it was told
		if w.count(t, `SELECT count(*) FROM alert_notices`) == 0 {
			return errors.New("it is not noted yet")
		}
		return nil
	})
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	w.alert(t, "second", `{}`, 1) // of a namespace that the route is not for
	if _, err := w.pool.Exec(t.Context(), `UPDATE alert_routes SET document = document || '{"group_interval":"1s"}'`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.pool.Exec(t.Context(), `UPDATE alerts SET ended_at = now()`); err != nil {
		t.Fatal(err)
	}
	if got, want := p.titles(t, 2), []string{"Carillon: 1 firing (default failing)", "Carillon: 1 resolved (default failing)"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestALostChannelIsSaid(t *testing.T) {
	t.Parallel()
	w, p := newTellingWorld(t), newPeople(t)
	address := p.address()
	p.Close()
	into[notify.Route](t, w.call(t, "PUT", "/api/v1/alert-routes/default/all", `{`+soon+`,"url":"`+address+`"}`), 200)
	w.alert(t, "default", `{}`, 1)
	eventually.Succeeds(t, func() error {
		if w.count(t, `SELECT count(*) FROM alert_groups WHERE failures > 0 AND error <> '' AND retry_at > now() AND error NOT LIKE '%s3cr3t%'`) != 1 {
			return errors.New("no failure is stored")
		}
		return nil
	})
}

func TestAnAddressOutlivesItsMasterKey(t *testing.T) {
	t.Parallel()
	w, p := newTellingWorld(t), newPeople(t)
	const path = "/api/v1/alert-routes/default/on-call"
	into[notify.Route](t, w.call(t, "PUT", path, object{"url": p.address()}), 200)
	restart := func(keys string) {
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		w.config.MasterKeys.Keys = keys
		w.start(t)
		w.awaitReady(t)
	}
	var before []byte
	if err := w.pool.QueryRow(t.Context(), `SELECT sealed FROM alert_routes`).Scan(&before); err != nil {
		t.Fatal(err)
	}
	restart(masterKey(2) + "," + masterKey(1))
	eventually.Succeeds(t, func() error {
		var after []byte
		err := w.pool.QueryRow(t.Context(), `SELECT sealed FROM alert_routes`).Scan(&after)
		if err == nil && bytes.Equal(before, after) {
			err = errors.New("not sealed anew")
		}
		return err
	})
	restart(masterKey(2))
	into[any](t, w.call(t, "POST", path+"/test", nil), 204)
	p.titles(t, 1)
}
