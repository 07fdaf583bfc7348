package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// connections ask at once, each its next question once it has its answer.
const connections = 16

// load asks a server a number of questions, which the function writes, and returns
// how long each took. A client of a few lines leaves the processors to the servers.
func load(ctx context.Context, address string, count, status int, question func(i int) string) ([]time.Duration, error) {
	var asked atomic.Int64
	var mu sync.Mutex
	var times []time.Duration
	group, ctx := errgroup.WithContext(ctx)
	for range connections {
		group.Go(func() error {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				return err
			}
			defer conn.Close()
			answers := bufio.NewReader(conn)
			var own []time.Duration
			for i := asked.Add(1) - 1; i < int64(count) && ctx.Err() == nil; i = asked.Add(1) - 1 {
				start := time.Now()
				if err := ask(conn, answers, question(int(i)), status); err != nil {
					return err
				}
				own = append(own, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, own...)
			return nil
		})
	}
	err := group.Wait()
	return times, err
}

func ask(conn net.Conn, answers *bufio.Reader, question string, status int) error {
	if _, err := io.WriteString(conn, question); err != nil {
		return err
	}
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == status {
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	text, _ := io.ReadAll(answer.Body)
	return fmt.Errorf("%s: %s", answer.Status, text)
}

// request is a question on the wire.
func request(method, path, key, body string) string {
	return fmt.Sprintf("%s /api/v1%s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, key, len(body), body)
}
