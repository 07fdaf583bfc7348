package runner_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver"
)

// BenchmarkRunner compares the runner, from messages prepared to outcomes
// published and messages acknowledged, with a bare HTTP client loop: the same
// requests to the same target, 64 at once, in the same run. Target and NATS are
// processes of their own, so that allocations and CPU time are the runner's alone.
func BenchmarkRunner(b *testing.B) {
	const atOnce = 64
	target := subprocess(b, "target", "")
	b.Run("bare", func(b *testing.B) { bareLoop(b, target, atOnce) })
	b.Run("runner", func(b *testing.B) {
		before := time.Now()
		bare := loop(b.N, target, atOnce)
		rate := float64(b.N) / time.Since(before).Seconds()
		if bare != nil {
			b.Fatal(bare)
		}
		benchRunner(b, target, atOnce, rate)
	})
}

func bareLoop(b *testing.B, target string, atOnce int) {
	b.ReportAllocs()
	used := cpuTime()
	if err := loop(b.N, target, atOnce); err != nil {
		b.Fatal(err)
	}
	report(b, used, "calls/s")
}

func benchRunner(b *testing.B, target string, atOnce int, bare float64) {
	s := open(b, subprocess(b, "nats", b.TempDir()))
	s.define(carillon.Queue{Name: "default", Concurrency: atOnce, Weight: 1})
	call := s.call(target)
	for range b.N {
		s.plan(call)
	}
	ended := s.countOutcomes(b.N)
	b.ReportAllocs()
	used := cpuTime()
	b.ResetTimer()
	s.start(func(c *config) { c.Slots = atOnce })
	<-ended
	b.StopTimer()
	report(b, used, "runs/s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/bare, "of-bare")
}

func report(b *testing.B, usedBefore time.Duration, unit string) {
	b.ReportMetric(float64((cpuTime()-usedBefore).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), unit)
}

// loop makes n calls, some at once, as plainly as net/http can.
func loop(n int, target string, atOnce int) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	defer client.CloseIdleConnections()
	var left atomic.Int64
	left.Store(int64(n))
	var failed atomic.Pointer[error]
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if err := bareCall(client, target); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

func bareCall(client *http.Client, target string) error {
	response, err := client.Post(target, "application/json", strings.NewReader("{}"))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// roleVariable makes this test binary play a part in a process of its own.
const roleVariable, folderVariable = "RUNNER_TEST_ROLE", "RUNNER_TEST_FOLDER"

// subprocess starts this binary in a role, and returns the address it prints.
func subprocess(tb testing.TB, role, folder string) string {
	tb.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"="+role, folderVariable+"="+folder)
	output, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := command.StdinPipe(); err != nil { // closed when this process ends, however it does
		tb.Fatal(err)
	}
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(address)
}

// play is the life of a process in a role: it prints its address and serves
// until its parent is gone.
func play(role, folder string) {
	switch role {
	case "target":
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "ok")
		}))
		fmt.Println(server.URL)
	case "nats":
		server, err := natsserver.Start(natsserver.Config{Dir: folder, Port: -1})
		if err != nil {
			panic(err)
		}
		fmt.Println(server.URL())
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
