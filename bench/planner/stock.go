package planner

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// bodySize is how long the bodies of the calls are, in bytes.
const bodySize = 400

var (
	zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "Australia/Sydney", "Asia/Kolkata", "Europe/London"}
	teams = []string{"billing", "reports", "search", "mail", "fraud", "sync", "backup", "export"}
	often = []string{"* * * * *", "*/5 * * * *", "*/15 * * * *", "0 * * * *", "*/10 9-17 * * 1-5", "0 0 1 * *", "0 9 * * MON-FRI", "@daily"}
	steps = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 36 * time.Hour}
)

// stock makes definitions, the same ones in every run.
type stock struct{ random *rand.Rand }

func newStock() *stock { return &stock{rand.New(rand.NewPCG(1, 2))} }

// mixed is a job as people write them: of twenty, eight at some minute of the
// day, three at one of the usual times, three in intervals, three with H, two
// with a spread and one with a blackout, on the clocks of eight zones.
func (s *stock) mixed(i int) schedule.Spec {
	spec := schedule.Spec{Timezone: zones[s.random.IntN(len(zones))]}
	switch i % 20 {
	default:
		spec.Cron = fmt.Sprintf("%d %d * * *", s.random.IntN(60), s.random.IntN(24))
	case 8, 9, 10:
		spec.Cron = often[s.random.IntN(len(often))]
	case 11, 12, 13:
		spec.Every = schedule.Duration(steps[s.random.IntN(len(steps))])
	case 14, 15, 16:
		spec.Cron = [...]string{"H * * * *", "H H * * *", "H H(0-5) * * 1-5"}[s.random.IntN(3)]
	case 17, 18:
		spec.Cron, spec.Spread = often[3+s.random.IntN(5)], "10m"
	case 19:
		spec.Cron = often[s.random.IntN(4)]
		spec.Blackouts = []schedule.Blackout{{Cron: "0 22 * * *", Duration: schedule.Duration(8 * time.Hour)}}
	}
	return spec
}

// yearly is a job of one minute of the year, at least a week away.
func (s *stock) yearly(int) schedule.Spec {
	day := time.Now().AddDate(0, 0, 7+s.random.IntN(350))
	return schedule.Spec{
		Cron:     fmt.Sprintf("%d %d %d %d *", s.random.IntN(60), s.random.IntN(24), day.Day(), day.Month()),
		Timezone: zones[s.random.IntN(len(zones))],
	}
}

// definition makes a job that has a schedule from an instant on.
func (s *stock) definition(i int, spec schedule.Spec, from time.Time) *wire.Definition {
	team := teams[s.random.IntN(len(teams))]
	doc := carillon.Document{
		Name: fmt.Sprintf("%s-%07d", team, i), Labels: map[string]string{"team": team}, Schedule: spec,
		Target: carillon.Target{
			URL:     fmt.Sprintf("https://%s-%d.example.com/v1/tasks/%d/run", team, i%40, i),
			Headers: map[string]string{"Content-Type": "application/json"}, Body: s.body(i),
		},
	}
	return &wire.Definition{Job: carillon.Job{ID: s.id(), Revision: 1, EffectiveFrom: from.UTC(), Document: doc.WithDefaults()}}
}

func (s *stock) id() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(s.random.Uint32())
	}
	return id
}

// body is JSON with a text that does not compress well.
func (s *stock) body(i int) string {
	text := make([]byte, bodySize)
	for b := range text {
		text[b] = byte('a' + s.random.IntN(26))
	}
	n := copy(text, fmt.Sprintf(`{"task":%d,"text":"`, i))
	copy(text[max(n, bodySize-2):], `"}`)
	return string(text)
}
