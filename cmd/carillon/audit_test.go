package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
)

// auditor is a server that has one answer, and what it was asked.
type auditor struct {
	url   string
	key   string
	query url.Values
}

func newAuditor(t *testing.T, status int, answer any) *auditor {
	t.Helper()
	a := &auditor{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.key, a.query = r.Header.Get("Authorization"), r.URL.Query()
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// auditOf runs `carillon audit` with some arguments.
func auditOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := rootCommand()
	cmd.SetOut(&out)
	cmd.SetArgs(append([]string{"audit"}, args...))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func cleanAudit() client.Audit {
	to := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	return client.Audit{From: to.AddDate(0, 0, -1), To: to, Jobs: 1, Expected: 5, Pending: 1, Filled: 2, States: map[carillon.State]int{carillon.StateSucceeded: 2}}
}

func TestACleanAudit(t *testing.T) {
	t.Parallel()
	server := newAuditor(t, 200, cleanAudit())
	const someJob = "01939a7e-0000-7000-8000-000000000000"
	out, err := auditOf(t, "--server", server.url, "--key", "car_x", "--since", "7d", "--namespace", "billing", "--job", someJob, "--late", "500ms")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, out, "Fri 2026-11-20 00:00:00 UTC to Sat 2026-11-21", "fires", "5", "of 1 job\n", "succeeded", "2", "pending", "1", "filled", "2", "\nEvery fire is accounted for.\n")
	if server.key != "Bearer car_x" || server.query.Get("namespace") != "billing" || server.query.Get("job_id") != someJob || server.query.Get("late") != "500ms" {
		t.Errorf("asked with %q for %v", server.key, server.query)
	}
	from, err1 := time.Parse(time.RFC3339, server.query.Get("from"))
	to, err2 := time.Parse(time.RFC3339, server.query.Get("to"))
	if err1 != nil || err2 != nil || to.Sub(from) != 7*24*time.Hour {
		t.Errorf("asked for %v", server.query)
	}
}

func TestAnAuditOfNothingSaysSo(t *testing.T) {
	t.Parallel()
	answer := cleanAudit()
	answer.Jobs, answer.Expected, answer.Pending, answer.Filled, answer.States = 0, 0, 0, 0, nil
	out, err := auditOf(t, "--server", newAuditor(t, 200, answer).url, "--key", "k", "--namespace", "typo")
	if err != nil || strings.Contains(out, "accounted for") {
		t.Errorf("%v", err)
	}
	holds(t, out, "\nThere were no fires in this window.\n")
}

func TestAnAuditThatFindsSomething(t *testing.T) {
	t.Parallel()
	answer := cleanAudit()
	begin := answer.From
	answer.LedgerFrom, answer.Unexplained, answer.Unexpected = &begin, 25, 1
	for range 25 {
		answer.UnexplainedFires = append(answer.UnexplainedFires, client.UnexplainedFire{JobID: uuid.New(), Namespace: "default", Job: "tick", FireTime: begin, Revision: 4})
	}
	answer.UnexpectedRows = []client.UnexpectedRow{{RunID: uuid.New(), FireTime: begin, State: carillon.StateLost, Reason: "the job was paused"}}
	answer.Stale = 2
	answer.StaleRows = []client.UnexpectedRow{{RunID: uuid.New(), FireTime: begin, State: carillon.StateFailed, Reason: "planned 2m after its namespace was paused"}}
	server := newAuditor(t, 200, answer)
	args := []string{"--server", server.url, "--key", "k", "--from", "2026-11-01T00:00:00Z", "--to", "2026-11-21T00:00:00Z"}
	out, err := auditOf(t, args...)
	if !errors.Is(err, errUnaccounted) {
		t.Errorf("ended with %v", err)
	}
	holds(t, out, "The ledger has all runs from 2026-11-20 on", "unexplained", "25", "unexpected", "1",
		"2026-11-20T00:00:00Z   default/tick   4", "… and 5 more; -o json lists them\n", "lost", "the job was paused\n",
		"STALE", "failed", "planned 2m after its namespace was paused\n",
		"\n25 fires are unexplained, 1 row is unexpected, 2 rows are stale. What to do: docs/operations.md\n")
	for _, format := range []string{"json", "yaml"} {
		out, err := auditOf(t, append(args, "-o", format)...)
		if !errors.Is(err, errUnaccounted) || !strings.Contains(out, "unexplained_fires") || strings.Contains(out, "UNEXPLAINED") {
			t.Errorf("%s: %v\n%s", format, err, out)
		}
	}
	var same client.Audit
	out, _ = auditOf(t, append(args, "-o", "json")...)
	if err := json.Unmarshal([]byte(out), &same); err != nil || len(same.UnexplainedFires) != 25 {
		t.Errorf("%v in %s", err, out)
	}
}

func TestAWindowThatIsForgottenIsNotCalledClean(t *testing.T) {
	t.Parallel()
	answer := cleanAudit()
	begin := answer.To
	answer.From, answer.LedgerFrom, answer.Expected = answer.To, &begin, 0
	server := newAuditor(t, 200, answer)
	out, err := auditOf(t, "--server", server.url, "--key", "k", "--from", "2026-11-01T00:00:00Z", "--to", "2026-11-02T00:00:00Z")
	if err == nil || errors.Is(err, errUnaccounted) || !strings.Contains(err.Error(), "nothing of this window can be audited") || out != "" {
		t.Errorf("ended with %v: %s", err, out)
	}
}

func TestBadAuditFlagsAreAllNamed(t *testing.T) {
	t.Parallel()
	_, err := auditOf(t, "--since", "soon", "--from", "now", "--to", "later", "--late", "x", "-o", "xml")
	if err == nil {
		t.Fatal("it audits")
	}
	for _, want := range []string{"--since: ", "--from: cannot stand", "--from: ", "--to: ", "--late: ", "--output: "} {
		if !strings.Contains(err.Error(), "\n  "+want) {
			t.Errorf("%q is not named in %v", want, err)
		}
	}
}

func TestTheServersRefusalIsShown(t *testing.T) {
	t.Parallel()
	server := newAuditor(t, 422, map[string]any{"detail": "validation failed", "errors": []map[string]string{{"location": "query.from", "message": "must be at most 31 days before to"}}})
	_, err := auditOf(t, "--server", server.url, "--key", "k", "--since", "40d")
	if err == nil || errors.Is(err, errUnaccounted) || !strings.Contains(err.Error(), "query.from: must be at most 31 days") {
		t.Error(err)
	}
}

// TestWhereAClientFindsItsServerAndKey changes the environment, so it is alone.
func TestWhereAClientFindsItsServerAndKey(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "admin.key"), []byte("car_folder\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := newAuditor(t, 200, cleanAudit())
	t.Setenv("CARILLON_SERVER", server.url)
	check := func(want string, args ...string) {
		t.Helper()
		if _, err := auditOf(t, args...); err != nil || server.key != "Bearer "+want {
			t.Errorf("%v: came with %q, %v", args, server.key, err)
		}
	}
	check("car_folder", "--data-dir", folder)
	t.Setenv("CARILLON_KEY", "car_environment")
	check("car_environment", "--data-dir", folder)
	check("car_flag", "--data-dir", folder, "--key", "car_flag")
	t.Setenv("CARILLON_KEY", "")
	for _, args := range [][]string{{"--data-dir", t.TempDir()}, {"--server", "localhost:8470", "--key", "k"}, {"--server", "http://127.0.0.1:1", "--key", "k"}} {
		if _, err := auditOf(t, args...); err == nil || errors.Is(err, errUnaccounted) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
