package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	carillonclient "github.com/carillon-cron/carillon/shared/client"
)

// TestAHundredThousandJobs applies them twice, and asks for every kind of list of
// them. Without -full there are 2,000, and nothing is measured.
func TestAHundredThousandJobs(t *testing.T) {
	batches, times := 100, 20
	if !*full {
		t.Parallel()
		batches, times = 2, 2
	}
	w := newWorld(t)
	orders := make([][]byte, batches)
	for i := range orders {
		orders[i] = batchOf(t, i)
	}
	promised := func(what string, took, most time.Duration) {
		t.Helper()
		t.Logf("%-42s %v", what, took)
		if *full && took > most {
			t.Errorf("%s took %v, want at most %v", what, took, most)
		}
	}
	took, first := w.applyAll(t, orders)
	promised("the first apply", took, time.Minute)
	relaying := time.Now()
	w.relayed(t)
	t.Logf("%-42s %v later", "all published", time.Since(relaying))
	again, second := w.applyAll(t, orders)
	promised("the second apply", again, 10*time.Second)
	if first.Created != 1000*batches || second.Unchanged != 1000*batches {
		t.Errorf("%d created, then %d unchanged, want %d", first.Created, second.Unchanged, 1000*batches)
	}
	w.exec(t, `VACUUM ANALYZE jobs`)
	w.exec(t, `VACUUM ANALYZE audit_log`)
	two := w.keyFor(t, keyring.Viewer, "x")
	w.exec(t, `UPDATE keys SET namespaces = '{ns-3,ns-4}' WHERE name = 'tester'`)
	for _, list := range scaleLists {
		for name, key := range map[string]string{"": w.key, " (of two namespaces)": two} {
			promised(list+name, w.p95(t, key, list, times), 100*time.Millisecond)
		}
	}
}

var scaleLists = []string{
	"/jobs", "/jobs?limit=500", "/jobs?namespace=ns-7", "/jobs?paused=true", "/jobs?paused=false", "/jobs?namespace=ns-7&paused=true", "/jobs?set=even", "/jobs?set=none",
	"/jobs?label=team%3Dt-3", "/jobs?label=team%3Dnone", "/jobs?label=env%3Dprod", "/jobs?label=env!%3Dprod", "/jobs?label=host%3Dh-1234", "/jobs?namespace=ns-9&label=host%3Dh-1234",
	"/jobs?label=team+in+(t-1,t-2),env!%3Dprod", "/jobs?label=legacy", "/jobs?label=!legacy", "/jobs?label=none", "/jobs?label=!env", "/jobs?label=env+notin+(prod,dev,test)",
	"/jobs?q=task", "/jobs?q=task-1234", "/jobs?q=nothing", "/jobs?q=zz", "/jobs?q=1", "/jobs?q=svc-17.example", "/jobs?q=.example.com", "/jobs?q=x%25y", "/jobs?namespace=ns-7&q=nothing", "/jobs?q=task&label=legacy",
	"/namespaces", "/audit-log", "/audit-log?namespace=ns-7", "/audit-log?object=job/",
	"/audit-log?object=key/", "/audit-log?object=none/", "/audit-log?namespace=ns-7&object=key/", "/audit-log?action=rolled_back", "/audit-log?to=2026-01-01T00:00:00Z", "/audit-log?from=2100-01-01T00:00:00Z", "/suggestions", "/pauses", "/queues", "/secrets", "/checks", "/alerts", "/runs",
}

// batchOf is an order for a thousand jobs that differ as those of many teams do.
func batchOf(t *testing.T, batch int) []byte {
	t.Helper()
	jobs := []object{}
	for i := batch * 1000; i < (batch+1)*1000; i++ {
		labels := object{"team": fmt.Sprint("t-", i%20), "env": []string{"prod", "dev", "test"}[i%3], "host": fmt.Sprint("h-", i)}
		if i%1000 == 7 {
			labels["legacy"] = ""
		}
		jobs = append(jobs, object{
			"namespace": fmt.Sprint("ns-", i%50), "name": fmt.Sprint("svc-", i%100, "-task-", i), "labels": labels, "paused": i%50 == 7,
			"schedule": object{"cron": fmt.Sprintf("%d %d * * *", i%60, i%24), "timezone": "Europe/Berlin"},
			"target":   object{"url": fmt.Sprintf("https://svc-%d.example.com/tasks/%d?full=true", i%100, i), "headers": object{"X-Kind": "report"}, "body": `{"kind": "report", "since": "{{fire_time}}"}`},
		})
	}
	text, err := json.Marshal(object{"jobs": jobs, "set": []string{"even", "odd"}[batch%2]})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// applyAll sends orders, two at a time, as the command line does.
func (w *world) applyAll(t *testing.T, orders [][]byte) (took time.Duration, sum carillonclient.ApplyAnswer) {
	t.Helper()
	began := time.Now()
	answers := make(chan response)
	for half := range 2 {
		go func() {
			for i := half; i < len(orders); i += 2 {
				answers <- w.call(t, "POST", "/api/v1/jobs/apply", string(orders[i]))
			}
		}()
	}
	for range orders {
		answer := into[carillonclient.ApplyAnswer](t, <-answers, 200)
		sum.Created, sum.Unchanged = sum.Created+answer.Created, sum.Unchanged+answer.Unchanged
	}
	return time.Since(began), sum
}

// p95 asks for a list, and for the pages behind it, so many times in all.
func (w *world) p95(t *testing.T, key, list string, requests int) time.Duration {
	t.Helper()
	times, cursor := []time.Duration{}, ""
	for range requests {
		address := w.url + "/api/v1" + list
		if cursor != "" {
			address += map[bool]string{true: "&", false: "?"}[bytes.ContainsRune([]byte(list), '?')] + "cursor=" + cursor
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		began := time.Now()
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		times = append(times, time.Since(began))
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%s: %d %v %.200s", list, answer.StatusCode, err, body)
		}
		var page struct {
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatal(err)
		}
		cursor = page.Next
	}
	slices.Sort(times)
	return times[len(times)-2]
}
