package process

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Admin is the admin address of a service, as host and port.
type Admin string

// FreeAddress is a port of this machine that nobody listens on, as host and port.
func FreeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer listener.Close()
	return listener.Addr().String()
}

// AwaitReady waits up to a minute until the service says that it is ready.
func (a Admin) AwaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !a.ready() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the service at %s is not ready: %w", a, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func (a Admin) ready() bool {
	response, err := http.Get("http://" + string(a) + "/readyz")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// plain asks for answers as they are: to compress them would cost the service more
// than to make them.
var plain = http.Client{Transport: &http.Transport{DisableCompression: true}}

// Metric reads one of the service's metrics, the sum over its labels; 0 if it
// cannot be read.
func (a Admin) Metric(name string) float64 {
	response, err := plain.Get("http://" + string(a) + "/metrics")
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	total := 0.0
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, name); ok && rest != "" && strings.Contains("{ ", rest[:1]) {
			n, _ := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			total += n
		}
	}
	return total
}

// CollectGarbage has the service collect its garbage, so that its heap holds
// next to nothing but what is in use.
func (a Admin) CollectGarbage() error {
	response, err := http.Get("http://" + string(a) + "/debug/pprof/heap?gc=1")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
