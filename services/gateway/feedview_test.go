package gateway

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/fasthttp/websocket"
	"github.com/google/uuid"
)

func TestFeedIsFilteredByLabelsAndKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	billing := w.follow(t, "?label=team%3Dbilling,env%3Dprod")
	manual := w.follow(t, "?kind=manual&kind=backfill&label=team%3Dbilling")
	var outcomes []wire.Outcome
	for i := range 60 {
		o := outcome(carillon.NewJobID(), "default", carillon.StateSucceeded)
		o.Labels = map[string]string{"team": []string{"billing", "sales"}[i%2], "env": []string{"prod", "test", ""}[i%3]}
		o.Kind = []carillon.Kind{carillon.KindSchedule, carillon.KindManual, carillon.KindBackfill, carillon.KindSchedule}[i%4]
		outcomes = append(outcomes, o)
	}
	last := outcome(carillon.NewJobID(), "default", carillon.StateSucceeded)
	last.Kind, last.Labels = carillon.KindManual, map[string]string{"team": "billing", "env": "prod"}
	outcomes = append(outcomes, last)
	w.publish(t, outcomes...)
	expect(t, billing, outcomes, func(o wire.Outcome) bool { return o.Labels["team"] == "billing" && o.Labels["env"] == "prod" })
	expect(t, manual, outcomes, func(o wire.Outcome) bool {
		return o.Labels["team"] == "billing" && o.Kind != carillon.KindSchedule
	})
}

// coalesced is an event that stands for earlier ones.
type coalesced struct {
	Seq, Skipped int
	Run          wire.Outcome
}

// Whatever the pace, the events left out and those sent add up, and of each job the
// last one comes last.
func TestACoalescedFeedTellsTheLastOfEachJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.follow(t, "?coalesce=100ms")
	const n, jobs = 6000, 7
	var outcomes []wire.Outcome
	ids := make([]uuid.UUID, jobs)
	for i := range ids {
		ids[i] = carillon.NewJobID()
	}
	for i := range n {
		outcomes = append(outcomes, outcome(ids[i%jobs], "default", carillon.StateSucceeded))
	}
	for batch := range slices.Chunk(outcomes, 1000) {
		w.publish(t, batch...)
	}
	told, sent, before := 0, 0, 0
	for told < n {
		_, text, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		var e coalesced
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatal(err)
		}
		if e.Seq <= before || e.Run.JobID != ids[(e.Seq-1)%jobs] {
			t.Fatalf("after %d came %+v", before, e)
		}
		told, sent, before = told+1+e.Skipped, sent+1, e.Seq
	}
	if told != n || before != n || sent >= n/2 {
		t.Errorf("%d of %d events told of in %d, the last %d", told, n, sent, before)
	}
}

// stream opens the feed as server-sent events.
func (w *world) stream(t *testing.T, query string, header http.Header) *bufio.Reader {
	t.Helper()
	request, _ := http.NewRequestWithContext(t.Context(), "GET", w.url+"/api/v1/feed"+query, nil)
	request.Header = header.Clone()
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+w.key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(response.Status, response.Header)
	}
	return bufio.NewReader(response.Body)
}

// block reads the lines up to the next empty one.
func block(t *testing.T, from *bufio.Reader) (lines []string) {
	t.Helper()
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatal(lines, err)
		}
		if line == "\n" {
			return lines
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
}

func TestTheFeedAsServerSentEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := w.stream(t, "", http.Header{})
	if got := block(t, from); len(got) != 2 || got[0] != ": following" || got[1] != "id: 0" {
		t.Error(got)
	}
	o := outcome(carillon.NewJobID(), "default", carillon.StateSucceeded)
	w.publish(t, o, o, o)
	for seq := 1; seq <= 3; {
		for lines := block(t, from); len(lines) > 0; lines = lines[2:] {
			if lines[0] != "id: "+strconv.Itoa(seq) || !strings.HasPrefix(lines[1], `data: {"seq":`+strconv.Itoa(seq)+`,"event":"finished"`) {
				t.Fatal(lines)
			}
			seq++
		}
	}
	resumed := w.stream(t, "", http.Header{"Last-Event-Id": {"2"}})
	block(t, resumed)
	if got := block(t, resumed); got[0] != "id: 3" {
		t.Error(got)
	}
	lost := w.stream(t, "?since=77", http.Header{})
	block(t, lost)
	if got := block(t, lost); got[0] != "event: reset" || got[1] != "id: 3" || !strings.Contains(got[2], `"reset"`) {
		t.Error(got)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if got := block(t, from); got[0] != "event: end" || got[1] != "data: the gateway is going away" {
		t.Error(got)
	}
}

func TestWhoMayNotFollowIsToldWhy(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, func(c *Config) { c.Origins = []string{"https://status.example.com"} })
	own := strings.TrimPrefix(w.url, "http://")
	for name, c := range map[string]struct {
		query, origin string
		status        int
		want          string
	}{
		"no browser":         {"", "", 101, ""},
		"the API's own page": {"", "http://" + own, 101, ""},
		"one that may":       {"", "https://status.example.com", 101, ""},
		"another page":       {"", "https://evil.example", 403, "CARILLON_ORIGINS"},
		"no origin at all":   {"", "null", 403, "CARILLON_ORIGINS"},
		"bad labels":         {"?label=team", "", 422, "query.label"},
		"bad kind":           {"?kind=none", "", 422, "query.kind"},
		"too often":          {"?coalesce=99ms", "", 422, "query.coalesce"},
		"too seldom":         {"?coalesce=1h", "", 422, "100ms to 10s"},
		"no duration":        {"?coalesce=soon&label=x", "", 422, "query.coalesce"},
	} {
		header := http.Header{"Authorization": {"Bearer " + w.key}}
		if c.origin != "" {
			header.Set("Origin", c.origin)
		}
		conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+own+"/api/v1/feed"+c.query, header)
		if err == nil {
			_ = conn.Close()
		}
		text := make([]byte, 1000)
		size, _ := answer.Body.Read(text)
		if answer.StatusCode != c.status || !strings.Contains(string(text[:size]), c.want) {
			t.Errorf("%s: %s %s", name, answer.Status, text[:size])
		}
	}
}

func TestFaultyOriginsAreRefused(t *testing.T) {
	t.Parallel()
	err := checkOrigins([]string{"https://a.example", "http://b:8080", "*", "https://c/", "c.example", ""})
	if got := strings.Count(err.Error(), "CARILLON_ORIGINS"); got != 4 {
		t.Error(err)
	}
}
