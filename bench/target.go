package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// serveTarget is the target's process: it answers at once, prints its address,
// and ends when its standard input does.
func serveTarget() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		listener.Close()
	}()
	var calls crowd
	server := &http.Server{ConnState: calls.observe, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(w, calls.most.Swap(0))
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/ok" {
			_, _ = io.WriteString(w, "ok")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})}
	_ = server.Serve(listener)
}

// crowd counts the connections with a call on them, and keeps the most there
// ever were at once.
type crowd struct{ now, most atomic.Int64 }

func (c *crowd) observe(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateActive:
		now := c.now.Add(1)
		for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
		}
	case http.StateIdle:
		c.now.Add(-1)
	}
}

// target is a running target process.
type target struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
}

func startTarget() (*target, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	t := &target{cmd: exec.Command(self, "target")}
	if t.stdin, err = t.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := t.cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	t.url = "http://" + strings.TrimSpace(address)
	return t, err
}

// most asks for the most calls that the target has had at once since it was
// asked last.
func (t *target) most() (n int, err error) {
	response, err := http.Get(t.url)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = fmt.Fscan(response.Body, &n)
	return n, err
}

func (t *target) stop() {
	t.stdin.Close()
	_ = t.cmd.Wait()
}

// rate is how fast something went, and what it cost.
type rate struct {
	count   int
	seconds float64
	cpu     float64 // seconds, of everything but the target
	own     float64 // seconds of cpu that were carillon's own; Postgres had the rest
}

func (r rate) perSecond() float64  { return float64(r.count) / r.seconds }
func (r rate) ownPer1000() float64 { return 1000 * r.own / float64(r.count) }
func (r rate) cpuPer1000() float64 { return 1000 * r.cpu / float64(r.count) }

// bareLoop calls the target with a plain client.
func bareLoop(ctx context.Context, t *target, calls int) (rate, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}
	defer client.CloseIdleConnections()
	before, start := cpuOfAlone(os.Getpid()), time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for range concurrency {
		group.Go(func() error {
			for range calls / concurrency {
				if err := callOnce(ctx, client, t.url); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return rate{
		count: calls / concurrency * concurrency, seconds: time.Since(start).Seconds(), cpu: cpuOfAlone(os.Getpid()) - before,
	}, err
}

func callOnce(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.Body.Close()
}
