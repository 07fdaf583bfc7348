package system

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/google/go-cmp/cmp"
)

// original is a system under load of which a backup was made, and what is known of
// it.
type original struct {
	*journal
	target string // checks a secret, then passes on to the journal
	keys   seal.Config
	from   time.Time
	made   time.Time // the backup was
	ended  time.Time // the system was
	files  map[bool]string
	known  map[string]string // lists of the API
	jobs   map[string]carillon.Job
}

// TestARestoreGoesOnWithoutCallingAgain makes backups under load, with the ledger and
// without, goes on for some seconds, and ends the system. Each backup is restored on
// empty servers after it has been away for longer than a moment. No fire is called by
// both; every fire is accounted for, as was chosen.
func TestARestoreGoesOnWithoutCallingAgain(t *testing.T) {
	t.Parallel()
	o := backUp(t)
	pause(t, time.Until(o.ended.Add(7*time.Second))) // so that fires are missed
	t.Run("by the policies of the jobs", func(t *testing.T) {
		s, begun, calls := o.goOn(t, true, "--ran-until", o.ended.Format(time.RFC3339Nano))
		o.checkNoneBefore(t, calls, o.ended)
		missed := func(fire time.Time) bool { return fire.After(o.ended) && fire.Before(begun.Add(-6*time.Second)) }
		for name, want := range map[string]carillon.State{"all": carillon.StateSucceeded, "latest": carillon.StateMissed, "skip": carillon.StateMissed} {
			n := 0
			for _, r := range s.runs(t, "job_id="+o.jobs[name].ID.String()) {
				if missed(r.FireTime) {
					n++
					if r.State != want {
						t.Errorf("%s: the missed fire of %s is %s (%s)", name, r.FireTime, r.State, r.Reason)
					}
				}
			}
			if n == 0 {
				t.Errorf("%s: no fires were missed", name)
			}
		}
		report := s.audit(t, o.from, time.Now().Add(-2*time.Second))
		if report.From.After(o.from) || report.States[carillon.StateLost] == 0 || report.States[carillon.StateSkipped] == 0 {
			t.Errorf("too little was restored, or nothing was in flight: %+v", report)
		}
		if diff := cmp.Diff(o.known, s.lists(t)); diff != "" {
			t.Errorf("what is known is not what was: %s", diff)
		}
	})
	t.Run("without a fire until now", func(t *testing.T) {
		before := time.Now()
		s, _, calls := o.goOn(t, false, "--catch-up", "skip")
		o.checkNoneBefore(t, calls, before)
		if report := s.audit(t, o.from, time.Now().Add(-2*time.Second)); !report.From.After(o.from) || report.States[carillon.StateSkipped] == 0 {
			t.Errorf("without the ledger, the audit begins at %s: %+v", report.From, report)
		}
	})
}

// backUp runs a system for some seconds and makes backups in the middle of them.
func backUp(t *testing.T) *original {
	t.Helper()
	o := &original{
		journal: newJournal(t, 0), keys: seal.Config{Keys: "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="},
		from: time.Now().UTC(), files: map[bool]string{}, jobs: map[string]carillon.Job{},
	}
	proven := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cr3t" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/slow") {
			pause(t, 2500*time.Millisecond)
		}
		o.ServeHTTP(w, r)
	}))
	t.Cleanup(proven.Close)
	o.target = proven.URL
	nats, database := natstest.Start(t).Config(), pgtest.Database(t)
	s, stop := runInProcess(t, nats, database, o.keys)
	o.load(t, s)
	s.awaitRuns(t, o.jobs["all"], 3)
	s.change(t, "PATCH", o.jobs["edited"], "", map[string]any{"schedule": map[string]any{"every": "2s"}})
	s.change(t, "POST", o.jobs["paused"], "/pause", nil)
	s.change(t, "DELETE", o.jobs["deleted"], "", nil)
	s.toggle(t, "/pause", "apart")
	o.known = s.lists(t)
	for _, withRuns := range []bool{false, true} {
		o.files[withRuns] = filepath.Join(t.TempDir(), "backup.tar.gz")
		out := carillonOn(t, nats, database, 0, "backup", o.files[withRuns], fmt.Sprint("--with-runs=", withRuns), "-o", "json")
		var summary struct {
			At       time.Time
			Planning bool
			Rows     map[string]int
		}
		if err := json.Unmarshal([]byte(out), &summary); err != nil || !summary.Planning || summary.Rows["jobs"] < 8 || (summary.Rows["runs"] > 0) != withRuns {
			t.Fatalf("%+v %v", summary, err)
		}
		o.made = summary.At
	}
	pause(t, 2*time.Second) // it goes on
	stop()
	o.ended = time.Now().UTC()
	return o
}

// load makes jobs of all policies.
func (o *original) load(t *testing.T, s *system) {
	t.Helper()
	s.put(t, "/secrets/default/token", map[string]string{"value": "s3cr3t"})
	s.put(t, "/secrets/apart/token", map[string]string{"value": "s3cr3t"})
	for name, change := range map[string]func(*carillon.Document){
		"all":     func(d *carillon.Document) { d.CatchUp.Policy = carillon.CatchUpAll },
		"latest":  func(d *carillon.Document) { d.CatchUp.Policy = carillon.CatchUpLatest },
		"skip":    func(d *carillon.Document) { d.CatchUp.Policy = carillon.CatchUpSkip },
		"edited":  func(*carillon.Document) {},
		"paused":  func(*carillon.Document) {},
		"deleted": func(*carillon.Document) {},
		"apart":   func(d *carillon.Document) { d.Namespace = "apart" },
		"slow":    func(d *carillon.Document) { d.Overlap, d.MaxQueued = carillon.OverlapQueue, 3 },
		"slower": func(d *carillon.Document) {
			d.Target.URL = o.target + "/slow/and-skipped"
			d.Overlap = carillon.OverlapSkip
		},
	} {
		doc := carillon.Document{
			Name: name, Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Overlap: carillon.OverlapAllow,
			Target: carillon.Target{URL: o.target + "/" + name, Auth: &carillon.Auth{Bearer: &carillon.Bearer{Secret: "token"}}},
		}
		change(&doc)
		o.jobs[name] = s.create(t, doc)
	}
}

// goOn restores a backup on empty servers, runs the system for some seconds, and
// holds that no fire was called twice and that each is accounted for.
func (o *original) goOn(t *testing.T, withRuns bool, choice ...string) (s *system, begun time.Time, calls []call) {
	t.Helper()
	nats, database := natstest.Start(t).Config(), pgtest.Database(t)
	if out := carillonOn(t, nats, database, 1, "restore", o.files[withRuns]); !strings.Contains(out, "--ran-until") {
		t.Errorf("without a word on the time since, it says: %s", out)
	}
	before := o.all("")
	carillonOn(t, nats, database, 0, append([]string{"restore", o.files[withRuns]}, choice...)...)
	if out := carillonOn(t, nats, database, 1, append([]string{"restore", o.files[withRuns]}, choice...)...); !strings.Contains(out, "not empty") {
		t.Errorf("a second restore says: %s", out)
	}
	begun = time.Now().UTC()
	s, stop := runInProcess(t, nats, database, o.keys)
	until(t, time.Minute, func() error {
		if rows := s.runs(t, "state=succeeded&job_id="+o.jobs["skip"].ID.String()); len(rows) == 0 || rows[0].FireTime.Before(begun.Add(2*time.Second)) {
			return fmt.Errorf("nothing has fired for two seconds: %d rows", len(rows))
		}
		return nil
	})
	until(t, time.Minute, func() error {
		if report := s.audit(t, o.from, time.Now().Add(-2*time.Second)); !report.Clean() {
			return fmt.Errorf("%+v", report)
		}
		return nil
	})
	calls = o.all("")[len(before):]
	seen := map[string]bool{}
	for _, c := range slices.Concat(before, calls) {
		if seen[c.key] && slices.ContainsFunc(calls, func(again call) bool { return again.key == c.key }) {
			t.Errorf("%s: the fire of %s was called twice", c.job, c.fire)
		}
		seen[c.key] = true
	}
	t.Cleanup(stop)
	t.Logf("%d calls before the restore and %d after: %+v", len(before), len(calls), s.audit(t, o.from, time.Now().Add(-2*time.Second)))
	return s, begun, calls
}

// checkNoneBefore holds that calls were made, and none for a fire up to an instant.
func (o *original) checkNoneBefore(t *testing.T, calls []call, at time.Time) {
	t.Helper()
	if len(calls) == 0 {
		t.Error("nothing was called")
	}
	for _, c := range calls {
		if !c.fire.After(at) {
			t.Errorf("%s was called for %s, which is not after %s", c.job, c.fire, at)
		}
	}
}

// lists is what the API lists, but for what changes with every use.
func (s *system) lists(t *testing.T) map[string]string {
	t.Helper()
	lists := map[string]string{}
	for _, path := range []string{"/jobs", "/queues", "/secrets", "/pauses", "/retention", "/namespaces", "/checks", "/alert-routes"} {
		var page struct{ Items any }
		if err := s.Do(t.Context(), "GET", path, nil, &page); err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(page.Items)
		lists[path] = string(text)
	}
	return lists
}

// TestAFolderIsRestoredIntoAnother takes a backup of a `carillon up` that is stopped,
// lets it go on for some calls, restores it, and starts another on what is restored of
// a backup of that.
func TestAFolderIsRestoredIntoAnother(t *testing.T) {
	t.Parallel()
	before, between, after, j := dataDir(t), dataDir(t), dataDir(t), newJournal(t, 0)
	file, second := filepath.Join(t.TempDir(), "backup.tar.gz"), filepath.Join(t.TempDir(), "second.tar.gz")
	u := startUp(t, before, freeAddress(t))
	job := u.create(t, carillon.Document{
		Name: "tick", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Target: carillon.Target{URL: j.url},
		Overlap: carillon.OverlapAllow, CatchUp: carillon.CatchUp{Policy: carillon.CatchUpAll},
	})
	u.awaitRuns(t, job, 2)
	u.interrupt(t)
	carillonOn(t, bus.Config{}, "", 0, "backup", file, "--with-runs", "--data-dir", before)
	u = startUp(t, before, freeAddress(t))
	u.awaitRuns(t, job, len(u.runs(t, "job_id="+job.ID.String()))+3)
	u.interrupt(t)
	ended := time.Now().UTC().Format(time.RFC3339Nano)
	if out := carillonOn(t, bus.Config{}, "", 1, "restore", file, "--data-dir", between); !strings.Contains(out, "--ran-until") {
		t.Errorf("without a word on the time since, it says: %s", out)
	}
	carillonOn(t, bus.Config{}, "", 0, "restore", file, "--data-dir", between, "--ran-until", ended)
	copyKey(t, before, between)
	carillonOn(t, bus.Config{}, "", 0, "backup", second, "--with-runs", "--data-dir", between)
	carillonOn(t, bus.Config{}, "", 0, "restore", second, "--data-dir", after, "--ran-until", "backup")
	copyKey(t, before, after)
	u = startUp(t, after, freeAddress(t))
	known := len(u.runs(t, "job_id="+job.ID.String()))
	u.awaitRuns(t, job, known+3)
	until(t, time.Minute, func() error { return wholeSeconds(u.runs(t, "job_id="+job.ID.String())) })
	seen := map[string]bool{}
	for _, c := range j.all("") {
		if seen[c.key] {
			t.Errorf("the fire of %s was called twice", c.fire)
		}
		seen[c.key] = true
	}
}

// copyKey gives a folder the admin key of another.
func copyKey(t *testing.T, from, to string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(from, "admin.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "admin.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// carillonOn runs a command on servers and returns what it says.
func carillonOn(t *testing.T, nats bus.Config, database string, code int, args ...string) string {
	t.Helper()
	cmd := exec.Command(carillonBinary, args...)
	cmd.Env = append(cmd.Environ(), "NATS_URL="+nats.URL, "DATABASE_URL="+database)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("carillon %s ended with %d, want %d:\n%s", strings.Join(args, " "), got, code, out)
	}
	return string(out)
}
