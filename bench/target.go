package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/carillon-cron/carillon/bench/process"
	"golang.org/x/sync/errgroup"
)

const targetRole = "target"

// serveTarget is the target's process: it prints its address, and ends when its
// standard input does.
func serveTarget() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var calls crowd
	server := &http.Server{ConnState: calls.observe, Handler: http.HandlerFunc(calls.answer)}
	go func() {
		process.Serve(listener.Addr().String())
		server.Close()
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// crowd counts the connections with a call on them, and keeps the most there
// ever were at once.
type crowd struct{ now, most atomic.Int64 }

// after is the path of calls that are answered after a while, which follows it.
const after = "/after/"

// answer answers a call as its path says, or says how many there were.
func (c *crowd) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		fmt.Fprint(w, c.most.Swap(0))
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	if r.URL.Path == "/ok" {
		_, _ = io.WriteString(w, "ok")
		return
	}
	if while, err := time.ParseDuration(strings.TrimPrefix(r.URL.Path, after)); err == nil {
		time.Sleep(while)
	}
	w.WriteHeader(http.StatusNoContent)
}

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
	*process.Child
	url string
}

func startTarget() (*target, error) {
	child, err := process.StartSelf(targetRole)
	if err != nil {
		return nil, err
	}
	return &target{child, "http://" + child.Address}, nil
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

// bareLoop calls a target with a plain client.
func bareLoop(ctx context.Context, url string, calls int) (rate, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}
	defer client.CloseIdleConnections()
	before, start := process.CPU(os.Getpid()), time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for range concurrency {
		group.Go(func() error {
			for range calls / concurrency {
				if err := callOnce(ctx, client, url); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return rate{
		count: calls / concurrency * concurrency, seconds: time.Since(start).Seconds(), cpu: process.CPU(os.Getpid()) - before,
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
