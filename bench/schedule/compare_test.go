package schedule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/adhocore/gronx"
	gocron "github.com/netresearch/go-cron"
	robfig "github.com/robfig/cron/v3"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// expressions are common ones first, then rare and demanding ones.
var expressions = []string{
	"* * * * *",
	"*/5 * * * *",
	"0 * * * *",
	"30 2 * * *",
	"0 9 * * 1-5",
	"*/15 9-17 * * 1-5",
	"0 0 1 * *",
	"0 0 1,15 * 5",
	"0 0 L * *",
	"0 0 15W * *",
	"0 0 * * 5#3",
	"0 0 29 2 *",
}

// search finds the first fire after an instant.
type search func(after time.Time) time.Time

// library turns an expression into a search, or says that it does not know it.
type library struct {
	name  string
	parse func(expression string, zone *time.Location) (search, error)
}

var libraries = []library{
	{"carillon", parseCarillon},
	{"robfig", parseRobfig},
	{"go-cron", parseGoCron},
	{"gronx", parseGronx},
}

func parseCarillon(expression string, zone *time.Location) (search, error) {
	compiled, err := schedule.Spec{Cron: expression, Timezone: zone.String()}.Compile("")
	if err != nil {
		return nil, err
	}
	return func(after time.Time) time.Time {
		next, _ := compiled.Next(after)
		return next
	}, nil
}

func parseRobfig(expression string, _ *time.Location) (search, error) {
	parsed, err := robfig.ParseStandard(expression)
	if err != nil {
		return nil, err
	}
	return parsed.Next, nil
}

var goCron = gocron.MustNewParser(gocron.Minute | gocron.Hour | gocron.Dom | gocron.Month | gocron.Dow | gocron.Extended | gocron.DowOrDom)

func parseGoCron(expression string, _ *time.Location) (search, error) {
	parsed, err := goCron.Parse(expression)
	if err != nil {
		return nil, err
	}
	return parsed.Next, nil
}

func parseGronx(expression string, _ *time.Location) (search, error) {
	if !gronx.IsValid(expression) {
		return nil, errors.New("not valid")
	}
	return func(after time.Time) time.Time {
		next, _ := gronx.NextTickAfter(expression, after, false)
		return next
	}, nil
}

// starts are instants on the clocks of Berlin.
func starts(t testing.TB) (*time.Location, []time.Time) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone, []time.Time{
		time.Date(2026, 1, 5, 12, 34, 56, 0, zone), time.Date(2026, 6, 30, 23, 59, 0, 0, zone),
		time.Date(2026, 12, 31, 23, 59, 59, 0, zone), time.Date(2028, 3, 1, 0, 0, 0, 0, zone),
	}
}

// What is compared must be the same: all libraries give the same fires.
func TestLibrariesAgree(t *testing.T) {
	t.Parallel()
	zone, froms := starts(t)
	for _, expression := range expressions {
		ours, err := parseCarillon(expression, zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range libraries {
			theirs, err := l.parse(expression, zone)
			if err != nil {
				continue
			}
			for _, from := range froms {
				if got, want := theirs(from), ours(from); !got.Equal(want) {
					t.Errorf("%s: %q after %s: got %s, want %s", l.name, expression, from, got, want)
				}
			}
		}
	}
}

func BenchmarkNext(b *testing.B) {
	zone, froms := starts(b)
	for _, expression := range expressions {
		for _, l := range libraries {
			next, err := l.parse(expression, zone)
			if err != nil {
				continue
			}
			b.Run(label(expression, l), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					next(froms[i%len(froms)])
				}
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	zone, _ := starts(b)
	for _, expression := range expressions {
		for _, l := range libraries {
			if _, err := l.parse(expression, zone); err != nil {
				continue
			}
			b.Run(label(expression, l), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := l.parse(expression, zone); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func label(expression string, l library) string {
	return strings.ReplaceAll(expression, " ", "_") + "/" + l.name
}
