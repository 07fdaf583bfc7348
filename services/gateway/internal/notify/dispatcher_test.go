package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// pad is a book in memory, with the alerts themselves.
type pad struct {
	mu     sync.Mutex
	route  Route
	alerts map[int64]*Alert
	told   map[int64]Item
	groups map[GroupID]Group
}

func newPad(document Document) *pad {
	return &pad{
		route:  Route{ID: uuid.New(), Namespace: "default", Name: "on-call", Document: document},
		alerts: map[int64]*Alert{}, told: map[int64]Item{}, groups: map[GroupID]Group{},
	}
}

// set opens or ends the alert of a job.
func (p *pad) set(job int, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := int64(job + 1)
	a := p.alerts[id]
	if a == nil {
		a = &Alert{ID: id, Namespace: "default", Name: fmt.Sprint("job-", job), Kind: carillon.AlertFailing, EndedAt: &time.Time{}}
		p.alerts[id] = a
	}
	if open == a.Open() {
		return
	}
	a.EndedAt, a.State = nil, "firing"
	if open {
		a.Times++
	} else {
		now := time.Now()
		a.EndedAt, a.State = &now, "resolved"
	}
}

func (p *pad) Load(context.Context) (State, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := State{Routes: map[uuid.UUID]Route{p.route.ID: p.route}, Items: map[uuid.UUID][]Item{}, Groups: map[GroupID]Group{}}
	for id, a := range p.alerts {
		item := p.told[id]
		item.Alert = *a
		if a.Open() || item.news(p.route) || item.ToldOpen {
			state.Items[p.route.ID] = append(state.Items[p.route.ID], item)
		}
	}
	for id, group := range p.groups {
		state.Groups[id] = group
	}
	return state, nil
}

func (p *pad) Save(_ context.Context, id GroupID, group Group, told []Item, _ string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.groups[id] = group
	for _, item := range told {
		p.told[item.ID] = Item{Told: true, ToldOpen: item.Open(), ToldTimes: item.Times}
	}
	return nil
}

func (p *pad) Tidy(context.Context) error { return nil }

// mailbox takes messages, and notes when they came.
type mailbox struct {
	mu     sync.Mutex
	titles []string
	at     []time.Time
	broken bool
}

func (m *mailbox) send(_ context.Context, _ Route, message Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return errors.New("refused")
	}
	m.titles, m.at = append(m.titles, message.Title), append(m.at, time.Now())
	return nil
}

func (m *mailbox) expect(t *testing.T, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if got := strings.Join(m.titles, "\n"); got != strings.Join(want, "\n") {
		t.Fatalf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// play runs a dispatcher in a bubble while scene plays.
func play(t *testing.T, document Document, scene func(*pad, *mailbox)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p, box := newPad(document), &mailbox{}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { NewDispatcher(p, box.send).Run(ctx, func() {}) })
		scene(p, box)
		cancel()
		running.Wait()
	})
}

func pass(d time.Duration) { <-time.After(d) }

func TestFiveHundredAtOnceAreOneMessage(t *testing.T) {
	t.Parallel()
	play(t, Document{}, func(p *pad, box *mailbox) {
		for job := range 500 {
			p.set(job, true)
			pass(20 * time.Millisecond)
		}
		pass(10 * time.Minute)
		box.expect(t, "Carillon: 500 firing (default failing)")
		for job := range 500 {
			p.set(job, false)
		}
		pass(10 * time.Minute)
		box.expect(t, "Carillon: 500 firing (default failing)", "Carillon: 500 resolved (default failing)")
		pass(10 * time.Minute)
		box.expect(t, "Carillon: 500 firing (default failing)", "Carillon: 500 resolved (default failing)")
	})
}

func TestAFlappingJobIsToldOncePerWindow(t *testing.T) {
	t.Parallel()
	play(t, Document{}, func(p *pad, box *mailbox) {
		for n := range 600 { // for an hour, each 6 s
			p.set(1, n%2 == 0)
			pass(6 * time.Second)
		}
		for i, at := range box.at {
			if i > 0 && at.Sub(box.at[i-1]) < defaultInterval {
				t.Errorf("told at %v and %v", box.at[i-1], at)
			}
		}
		if n := len(box.at); n < 10 || n > 13 {
			t.Errorf("told %d times in an hour", n)
		}
	})
}

func TestWhatIsOverBeforeItIsToldIsTold(t *testing.T) {
	t.Parallel()
	play(t, Document{}, func(p *pad, box *mailbox) {
		p.set(1, true)
		p.set(1, false)
		pass(time.Hour)
		box.expect(t, "Carillon: 1 resolved (default failing)")
	})
}

func TestReminders(t *testing.T) {
	t.Parallel()
	play(t, Document{}, func(p *pad, box *mailbox) {
		p.set(1, true)
		pass(9 * time.Hour)
		firing := "Carillon: 1 firing (default failing)"
		box.expect(t, firing, firing, firing)
	})
}

func TestNoRecoveryIsTold(t *testing.T) {
	t.Parallel()
	play(t, Document{NoRecovery: true}, func(p *pad, box *mailbox) {
		p.set(1, true)
		pass(time.Hour)
		p.set(1, false)
		pass(time.Hour)
		p.set(1, true)
		pass(time.Hour)
		p.set(2, true)
		p.set(2, false)
		pass(time.Hour)
		box.expect(t, "Carillon: 1 firing (default failing)", "Carillon: 1 firing (default failing)")
	})
}

func TestAChannelThatRefusesIsTriedAgain(t *testing.T) {
	t.Parallel()
	play(t, Document{}, func(p *pad, box *mailbox) {
		box.broken = true
		p.set(1, true)
		pass(time.Hour)
		box.mu.Lock()
		box.broken = false
		box.mu.Unlock()
		pass(2 * lastRetry)
		box.expect(t, "Carillon: 1 firing (default failing)")
	})
}

// manyRoutes is a pad with other routes for the same alerts, whose channels hang. Its
// own route is there once theirs are being told.
type manyRoutes struct {
	*pad
	others []Route
	since  time.Time
}

func (b manyRoutes) Load(ctx context.Context) (State, error) {
	state, err := b.pad.Load(ctx)
	if time.Since(b.since) < time.Minute {
		delete(state.Routes, b.route.ID)
	}
	for _, route := range b.others {
		state.Routes[route.ID], state.Items[route.ID] = route, state.Items[b.route.ID]
	}
	return state, err
}

// hanging makes routes with a group for each job.
func hanging(n int) (routes []Route) {
	for range n {
		routes = append(routes, Route{ID: uuid.New(), Name: "hangs", Document: Document{GroupBy: []string{"name"}}})
	}
	return routes
}

func TestChannelsThatHangHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	for name, scene := range map[string]struct {
		routes, jobs int
		told         time.Duration
	}{
		"one route":                        {1, 20, time.Minute + defaultWait + 2*lookEvery},
		"more routes than places for them": {atOnce + 8, 20, 4 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				book, box := manyRoutes{newPad(Document{}), hanging(scene.routes), time.Now()}, &mailbox{}
				for job := range scene.jobs {
					book.set(job, true)
				}
				ctx, cancel := context.WithCancel(t.Context())
				var running sync.WaitGroup
				running.Go(func() { NewDispatcher(book, box.sendUnlessHanging).Run(ctx, punctual(t)) })
				pass(scene.told)
				box.expect(t, "Carillon: 20 firing (default failing)")
				cancel()
				running.Wait()
			})
		})
	}
}

func (m *mailbox) sendUnlessHanging(ctx context.Context, route Route, message Message) error {
	if route.Name == "hangs" {
		<-ctx.Done()
		return ctx.Err()
	}
	return m.send(ctx, route, message)
}

// punctual is called after each look, and fails if there was none for long.
func punctual(t *testing.T) func() {
	last := time.Now()
	return func() {
		if gap := time.Since(last); gap > 2*lookEvery {
			t.Errorf("nobody looked for %s", gap)
		}
		last = time.Now()
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	a := Alert{Namespace: "n", Name: "j", Kind: carillon.AlertLate, Labels: map[string]string{"team": "x"}}
	for want, by := range map[string][]string{"n late": nil, "n": {"namespace"}, "j x": {"name", "labels.team"}, "late ": {"kind", "labels.none"}} {
		if got := (Document{GroupBy: by}).key(a); got != want {
			t.Errorf("grouped by %v: %q, want %q", by, got, want)
		}
	}
	seen := map[string]bool{}
	for _, labels := range []map[string]string{{"a": "x y"}, {"a": "x", "b": "y"}, {"a": `"x`, "b": `y"`}, {"b": "x y"}, {"a": "x y", "b": " "}} {
		seen[Document{GroupBy: []string{"labels.a", "labels.b"}}.key(Alert{Labels: labels})] = true
	}
	if len(seen) != 5 {
		t.Errorf("different groups have one key: %q", slices.Collect(maps.Keys(seen)))
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	var alerts []Alert
	for n := range 150 {
		alerts = append(alerts, Alert{ID: int64(n), Namespace: "default", Name: fmt.Sprintf("job-%03d", n), Kind: carillon.AlertFailing, State: "firing", Reason: "a run has failed", Times: n%2 + 1})
	}
	now := noon
	alerts[149].State, alerts[149].EndedAt = "resolved", &now
	m := Compose(Route{Namespace: "default", Name: "on-call"}, "default failing", alerts)
	for _, want := range []string{"FIRING default/job-000 failing: a run has failed\n", "(2 times)", "and 130 more\n"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("%q is not in\n%s", want, m.Text)
		}
	}
	if m.Title != "Carillon: 149 firing, 1 resolved (default failing)" || m.Resolved || strings.Count(m.JSON, `"kind"`) != mostItems {
		t.Errorf("%s, resolved %t", m.Title, m.Resolved)
	}
	if test := Test(Route{Name: "on-call"}, now); !test.Resolved || !strings.Contains(test.Text, "on-call") {
		t.Errorf("%+v", test)
	}
}

func TestEachFaultOfARouteIsNamed(t *testing.T) {
	t.Parallel()
	minus := carillon.Duration(-1)
	d := Document{
		Kinds: []carillon.AlertKind{"whim"}, GroupBy: []string{"mood"}, GroupWait: &minus, GroupInterval: 1, Repeat: &minus,
		QuietHours: &QuietHours{From: "x", To: "07:00"}, Job: "tell-us",
	}
	err := d.Validate(true)
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"url", "kinds", "group_by", "group_wait", "group_interval", "repeat_interval", "quiet_hours.from"} {
		if !strings.Contains(err.Error(), field+":") {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	if err := (Document{}).Validate(true); err != nil {
		t.Error(err)
	}
}
