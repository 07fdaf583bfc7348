package system

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// up is a `carillon up` process.
type up struct {
	*system
	cmd *exec.Cmd
	out *log
}

// log collects what a process prints; it is safe for concurrent use.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// dataDir is a fresh data folder that the user of the private Postgres can reach.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "carillon-up-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startUp runs `carillon up` on a data folder, with loopback targets allowed, and
// waits until it has greeted.
func startUp(t *testing.T, dir, listen string, args ...string) *up {
	t.Helper()
	return startGuarded(t, dir, listen, append([]string{"--allow-targets", "127.0.0.0/8"}, args...)...)
}

// startGuarded is startUp as a person starts it: no target is allowed but what args
// say.
func startGuarded(t *testing.T, dir, listen string, args ...string) *up {
	t.Helper()
	u := &up{out: &log{}}
	args = append([]string{"up", "--data-dir", dir, "--listen", listen}, args...)
	u.cmd = exec.Command(carillonBinary, args...)
	u.cmd.Stdout, u.cmd.Stderr = u.out, u.out
	if err := u.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = u.cmd.Process.Signal(os.Interrupt) // it may have ended already
		_ = u.cmd.Wait()
		if t.Failed() {
			t.Logf("carillon up:\n%s", u.out)
		}
	})
	until(t, time.Minute, func() error {
		if !strings.Contains(u.out.String(), "Carillon is up.") {
			return fmt.Errorf("carillon up has not greeted yet:\n%s", u.out)
		}
		return nil
	})
	key, err := os.ReadFile(filepath.Join(dir, "admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	u.system = &system{base: "http://" + listen, Client: client.New("http://"+listen, strings.TrimSpace(string(key)))}
	return u
}

// interrupt sends what Ctrl-C sends and returns how long the end took.
func (u *up) interrupt(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	if err := u.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := u.cmd.Wait(); err != nil {
		t.Errorf("carillon up ended with %v:\n%s", err, u.out)
	}
	return time.Since(start)
}

// TestKilledInTheMiddleOfAHerd kills `carillon up` with kill -9 while 1,000 runs
// are under way, and starts it again.
func TestKilledInTheMiddleOfAHerd(t *testing.T) {
	t.Parallel()
	dir, listen, tg := dataDir(t), freeAddress(t), newTarget(t, 50*time.Millisecond)
	u := startUp(t, dir, listen)
	u.createHerd(t, herdSize, time.Now().Add(30*time.Second).Truncate(time.Second), tg.url)
	until(t, time.Minute, func() error {
		if calls, _ := tg.counts(); len(calls) < herdSize/3 {
			return fmt.Errorf("%d runs called", len(calls))
		}
		return nil
	})
	if err := u.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = u.cmd.Wait()
	before, _ := tg.counts()

	u = startUp(t, dir, listen)
	until(t, 2*time.Minute, func() error {
		if n := len(u.runs(t, "state=succeeded")); n < herdSize {
			return fmt.Errorf("%d of %d runs succeeded", n, herdSize)
		}
		return nil
	})
	if rows := u.runs(t, ""); len(rows) != herdSize {
		t.Errorf("%d rows for %d fires", len(rows), herdSize)
	}
	calls, peak := tg.counts()
	repeated := 0
	for key, n := range calls {
		switch {
		case n > 2 || n > 1 && before[key] == 0:
			t.Errorf("run %s called %d times, %d of them before the kill", key, n, before[key])
		case n == 2:
			repeated++
		}
	}
	if len(calls) != herdSize || repeated > herdLimit || peak > herdLimit {
		t.Errorf("%d runs called, %d of them twice, %d at once; want %d, at most %d, at most %d", len(calls), repeated, peak, herdSize, herdLimit, herdLimit)
	}
	t.Logf("%d runs called before the kill, %d calls repeated with their key", len(before), repeated)
}

// wholeSeconds says what is wrong unless there is a row for each second from the oldest
// to the newest. A run that is still in its call has none yet.
func wholeSeconds(rows []run) error {
	seen := map[time.Time]bool{}
	for _, r := range rows {
		seen[r.FireTime] = true
	}
	newest, oldest := rows[0].FireTime, rows[len(rows)-1].FireTime
	if want := int(newest.Sub(oldest)/time.Second) + 1; len(seen) != want || len(rows) != want {
		return fmt.Errorf("%d rows for the %d seconds over both starts", len(rows), want)
	}
	return nil
}

func TestCtrlCAndASecondStart(t *testing.T) {
	t.Parallel()
	dir, listen, tg := dataDir(t), freeAddress(t), newTarget(t, 300*time.Millisecond)
	u := startUp(t, dir, listen)
	job := u.create(t, carillon.Document{
		Name: "tick", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Target: carillon.Target{URL: tg.url}, Overlap: carillon.OverlapAllow,
	})
	query := "job_id=" + job.ID.String()
	atLeast := func(n int) func() error {
		return func() error {
			if found := len(u.runs(t, query)); found < n {
				return fmt.Errorf("%d runs in the ledger, want %d", found, n)
			}
			return nil
		}
	}
	until(t, time.Minute, atLeast(3))
	if took := u.interrupt(t); took > 5*time.Second {
		t.Errorf("Ctrl-C took %s", took)
	}
	if strings.Contains(u.out.String(), "panic") {
		t.Errorf("ended with a panic:\n%s", u.out)
	}

	u = startUp(t, dir, listen)
	if strings.Contains(u.out.String(), "Key ") {
		t.Error("the key is shown at a second start")
	}
	known := len(u.runs(t, query))
	until(t, time.Minute, atLeast(known+4))
	until(t, time.Minute, func() error { return wholeSeconds(u.runs(t, query)) })
	calls, _ := tg.counts()
	for key, n := range calls {
		if n > 1 {
			t.Logf("run %s was cut off and called %d times", key, n)
		}
	}
}

func TestRefusalsAreOneSentence(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	otherVersion := dataDir(t)
	if err := os.WriteFile(filepath.Join(otherVersion, "version"), []byte("99\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	inUse := dataDir(t)
	startUp(t, inUse, freeAddress(t))
	for name, c := range map[string]struct{ dir, listen, says string }{
		"port in use":    {dataDir(t), taken.Addr().String(), "--listen"},
		"other version":  {otherVersion, freeAddress(t), "layout"},
		"unwritable":     {"/proc/carillon", freeAddress(t), "--data-dir"},
		"folder in use":  {inUse, freeAddress(t), "another carillon"},
		"address absurd": {dataDir(t), "nowhere:http:1", "host:port"},
		"no folder":      {"", freeAddress(t), "--data-dir"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			out, err := exec.CommandContext(ctx, carillonBinary, "up", "--data-dir", c.dir, "--listen", c.listen).CombinedOutput()
			if err == nil || ctx.Err() != nil {
				t.Fatal("it started")
			}
			text := strings.TrimSpace(string(out))
			if strings.Count(text, "\n") != 0 || !strings.HasPrefix(text, "carillon: ") || !strings.Contains(text, c.says) {
				t.Errorf("it says %q, want one sentence with %q", text, c.says)
			}
		})
	}
}

// TestUpAllowsItsOwnTargetOnly calls the demo's target, which is on loopback, and
// another one there, which is not the demo's.
func TestUpAllowsItsOwnTargetOnly(t *testing.T) {
	t.Parallel()
	dir, tg := dataDir(t), newTarget(t, 0)
	u := startGuarded(t, dir, freeAddress(t), "--demo")
	own, err := os.ReadFile(filepath.Join(dir, "demo-target"))
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]carillon.State{"http://" + strings.TrimSpace(string(own)): carillon.StateSucceeded, tg.url: carillon.StateFailed} {
		got := u.runNow(t, carillon.Document{Name: "call-" + string(want), Target: carillon.Target{URL: url}})
		if got.State != want || want == carillon.StateFailed && !strings.Contains(got.Reason, "CARILLON_ALLOW_TARGETS") {
			t.Errorf("%s: %+v", url, got)
		}
	}
	if calls, _ := tg.counts(); len(calls) != 0 {
		t.Errorf("a private target was called: %v", calls)
	}
}

// TestTheDemo runs what `make up` runs, until the first herd has ended.
func TestTheDemo(t *testing.T) {
	t.Parallel()
	u := startUp(t, dataDir(t), freeAddress(t), "--demo")
	until(t, 90*time.Second, func() error {
		for line := range strings.Lines(u.out.String()) {
			if fields := strings.Fields(line); len(fields) > 5 && fields[1] == "200" && fields[4] == "200" {
				if fields[3] != "(50)" {
					t.Errorf("the demo's peak of calls in flight is %s, want (50)", fields[3])
				}
				return nil
			}
		}
		return fmt.Errorf("no herd has ended:\n%s", u.out)
	})
	if err := u.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}
