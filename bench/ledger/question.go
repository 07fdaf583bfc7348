package ledger

import (
	"context"
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
)

const (
	// times is how often each question is asked; its parameters differ.
	times = 40
	// nextPages is how many pages are turned after the first one.
	nextPages = 3
	key       = "car_bench-ledger-bench-ledger-bench-ledger"
)

// question is a list that somebody wants to see.
type question struct {
	what  string
	query func() url.Values
}

// questions are what people ask, and the hard cases.
var questions = []question{
	{"all", values()},
	{"all, of a day", func() url.Values { return ofADay(values()()) }},
	{"namespace of half the runs", values("namespace", "default")},
	{"namespace of two runs a day", values("namespace", "tiny")},
	{"namespace without runs", values("namespace", "void")},
	{"two namespaces", values("namespace", "team-1", "namespace", "tiny")},
	{"four namespaces, failed or lost", values("namespace", "team-1", "namespace", "team-2", "namespace", "void", "namespace", "tiny", "state", "failed", "state", "lost")},
	{"job", func() url.Values { return values("job_id", job(2+rand.IntN(jobs-2)))() }},
	{"job, of a day", func() url.Values { return ofADay(values("job_id", job(2+rand.IntN(jobs-2)))()) }},
	{"job that fires every second", values("job_id", job(0))},
	{"job that never fails, failed", values("job_id", job(0), "state", "failed")},
	{"job, failed or missed", func() url.Values {
		return values("job_id", job(2+rand.IntN(jobs-2)), "state", "failed", "state", "missed")()
	}},
	{"failed", values("state", "failed")},
	{"lost, ten of a million", values("state", "lost")},
	{"lost, in a small namespace", values("state", "lost", "namespace", "tiny")},
	{"all but succeeded, in a namespace", values("namespace", "team-3", "state", "failed", "state", "skipped", "state", "missed", "state", "lost", "state", "expired", "state", "cancelled")},
	{"by hand", values("kind", "manual")},
	{"by hand, in a small namespace", values("kind", "manual", "namespace", "tiny")},
	{"by hand, failed, of a day", func() url.Values { return ofADay(values("kind", "manual", "state", "failed")()) }},
}

func values(pairs ...string) func() url.Values {
	return func() url.Values {
		v := url.Values{}
		for pair := range slices.Chunk(pairs, 2) {
			v.Add(pair[0], pair[1])
		}
		return v
	}
}

// ofADay asks for one of the days, whichever.
func ofADay(v url.Values) url.Values {
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1-rand.IntN(days-1))
	v.Set("from", day.Format(time.RFC3339))
	v.Set("to", day.AddDate(0, 0, 1).Format(time.RFC3339))
	return v
}

// job is the id of a job, as Postgres made it.
func job(n int) string { return uuid.UUID(md5.Sum(fmt.Appendf(nil, "job %d", n))).String() }

// ask asks the API all questions.
func (b *bench) ask(ctx context.Context) error {
	listen := process.FreeAddress()
	gateway, err := b.start(ctx, "gateway", "CARILLON_LISTEN="+listen, "CARILLON_ADMIN_KEY="+key)
	if err != nil {
		return err
	}
	defer gateway.stop()
	api := client.New("http://"+listen, key)
	for _, q := range questions {
		b.say("ledger: %s", q.what)
		a := answers{question: q}
		for range times {
			if err := a.turnPages(ctx, api); err != nil {
				return fmt.Errorf("%s: %w", q.what, err)
			}
		}
		b.report.answers = append(b.report.answers, a)
	}
	return b.askStats(ctx, api)
}

// answers are how long the pages of a question took.
type answers struct {
	question
	first, later []time.Duration
	found        int // on a first page
}

func (a *answers) turnPages(ctx context.Context, api *client.Client) error {
	query := a.query()
	for n := range 1 + nextPages {
		began := time.Now()
		var page struct {
			Items      []struct{} `json:"items"`
			NextCursor string     `json:"next_cursor"`
		}
		if err := api.Do(ctx, "GET", "/runs?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		if took := time.Since(began); n == 0 {
			a.first, a.found = append(a.first, took), len(page.Items)
		} else {
			a.later = append(a.later, took)
		}
		if page.NextCursor == "" {
			return nil
		}
		query.Set("cursor", page.NextCursor)
	}
	return nil
}
