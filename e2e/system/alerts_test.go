package system

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// pager is where people are told, through ntfy.
type pager struct {
	*httptest.Server
	mu   sync.Mutex
	told []string
}

func newPager(t *testing.T) *pager {
	t.Helper()
	p := &pager{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, r.Header.Get("Title"))
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *pager) titles() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.told, "\n")
}

// says waits until exactly these messages have come.
func (p *pager) says(t *testing.T, titles ...string) {
	t.Helper()
	want := strings.Join(titles, "\n")
	until(t, time.Minute, func() error {
		if got := p.titles(); got != want {
			return fmt.Errorf("told\n%s\nwant\n%s", got, want)
		}
		return nil
	})
}

// startTelling runs one of each service, two recorders, with a master key.
func startTelling(t *testing.T) *system {
	t.Helper()
	nats, listen := freeAddress(t), freeAddress(t)
	host, port, _ := net.SplitHostPort(nats)
	start(t, nil, natsBinary, "-js", "-sd", t.TempDir(), "-a", host, "-p", port)
	env := []string{
		"NATS_URL=nats://" + nats, "DATABASE_URL=" + pgtest.Database(t), "CARILLON_ADMIN_LISTEN=127.0.0.1:0",
		"CARILLON_LISTEN=" + listen, "CARILLON_ADMIN_KEY=" + adminKey, "CARILLON_ALLOW_TARGETS=127.0.0.0/8", "CARILLON_LOG_LEVEL=error",
		"CARILLON_MASTER_KEY=" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)),
	}
	for _, name := range []string{"planner", "runner", "recorder", "recorder", "gateway"} {
		start(t, env, carillonBinary, name)
	}
	return ready(t, listen)
}

func (s *system) put(t *testing.T, path string, body any) {
	t.Helper()
	if err := s.Do(t.Context(), "PUT", path, body, nil); err != nil {
		t.Fatal(err)
	}
}

type object = map[string]any

// TestFiveHundredFailuresAreOneMessage has 500 jobs fail at the same instant, two
// recorders record that, and people, and a job, told of it once.
func TestFiveHundredFailuresAreOneMessage(t *testing.T) {
	t.Parallel()
	s, p := startTelling(t), newPager(t)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/good") {
			return
		}
		w.WriteHeader(http.StatusTeapot) // which is not tried again
	}))
	t.Cleanup(target.Close)
	s.put(t, "/alert-routes/default/people", object{
		"url": "ntfy://" + p.Listener.Addr().String() + "/topic?scheme=http", "group_wait": "10s", "group_interval": "2s",
	})
	teller := s.create(t, carillon.Document{
		Name: "teller", Schedule: schedule.Spec{Cron: "0 0 1 1 *"}, Target: carillon.Target{URL: target.URL + "/good"},
	})
	s.put(t, "/alert-routes/default/machine", object{"job": "teller", "group_wait": "10s", "group_interval": "2s"})
	s.createHerd(t, 500, time.Now().Add(30*time.Second).Truncate(time.Second), target.URL)
	p.says(t, "Carillon: 500 firing (default failing)")
	until(t, time.Minute, func() error { return s.oneSuccess(t, teller) })
	if told := p.titles(); strings.Count(told, "\n") > 0 {
		t.Errorf("told %s", told)
	}
}

func (s *system) oneSuccess(t *testing.T, job carillon.Job) error {
	t.Helper()
	runs := s.runs(t, "job_id="+job.ID.String())
	if len(runs) != 1 || runs[0].State != carillon.StateSucceeded || runs[0].Kind != carillon.KindManual {
		return fmt.Errorf("runs %+v", runs)
	}
	return nil
}

// TestAFlappingJobIsToldOncePerWindow has a job fail and succeed in turn, each second,
// for several windows.
func TestAFlappingJobIsToldOncePerWindow(t *testing.T) {
	t.Parallel()
	s, p := startTelling(t), newPager(t)
	var turn sync.Mutex
	calls := 0
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		turn.Lock()
		defer turn.Unlock()
		if calls++; calls%2 == 1 {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	t.Cleanup(target.Close)
	const window, windows = 8 * time.Second, 3
	s.put(t, "/alert-routes/default/people", object{
		"url": "ntfy://" + p.Listener.Addr().String() + "/topic?scheme=http", "group_wait": "0s", "group_interval": "8s",
	})
	s.create(t, carillon.Document{Name: "flapping", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Target: carillon.Target{URL: target.URL}})
	until(t, time.Minute, func() error {
		if p.titles() == "" {
			return fmt.Errorf("nothing was told")
		}
		return nil
	})
	pause(t, windows*window)
	if n := strings.Count(p.titles(), "\n") + 1; n < windows-1 || n > windows+1 {
		t.Errorf("told %d times in %d windows:\n%s", n, windows, p.titles())
	}
	var alerts struct {
		Items []struct {
			Name  string
			Times int
		}
	}
	if err := s.Do(t.Context(), "GET", "/alerts", nil, &alerts); err != nil {
		t.Fatal(err)
	}
	if len(alerts.Items) != 1 || alerts.Items[0].Times < 3 {
		t.Errorf("%+v", alerts)
	}
}

// TestAJobElsewhereIsMissed pings a check, and then does not.
func TestAJobElsewhereIsMissed(t *testing.T) {
	t.Parallel()
	s, p := startTelling(t), newPager(t)
	s.put(t, "/alert-routes/default/people", object{
		"url": "ntfy://" + p.Listener.Addr().String() + "/topic?scheme=http", "group_wait": "0s", "group_interval": "1s",
	})
	var check carillon.Check
	document := carillon.CheckDocument{Name: "backup", Period: carillon.Duration(2 * time.Second), Grace: carillon.Duration(time.Second)}
	if err := s.Do(t.Context(), "POST", "/checks", document, &check); err != nil {
		t.Fatal(err)
	}
	ping := func() {
		answer, err := http.Get(s.base + carillon.PingPath + check.Token.String())
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status)
		}
	}
	ping()
	p.says(t, "Carillon: 1 firing (default overdue)")
	ping()
	document.Period = carillon.Duration(time.Hour) // so that it is not missed again meanwhile
	s.put(t, "/checks/"+check.ID.String(), document)
	p.says(t, "Carillon: 1 firing (default overdue)", "Carillon: 1 resolved (default overdue)")
}
