package schedule_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// row is one line of testdata/fires.txt.
type row struct {
	spec   schedule.Spec
	after  string
	fires  []string
	err    string
	source string
}

func readTable(t testing.TB) (rows []row) {
	text, err := os.ReadFile("testdata/fires.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line, "\n"), " | ")
		if len(cells) != 6 {
			t.Fatalf("not a row: %s", line)
		}
		r := row{spec: schedule.Spec{Cron: cells[0], Timezone: cells[1]}, after: cells[3], source: cells[5]}
		for policy := range strings.FieldsSeq(cells[2]) {
			name, value, _ := strings.Cut(policy, "=")
			if name == "gap" {
				r.spec.DST.Gap = schedule.Gap(value)
			} else {
				r.spec.DST.Repeat = schedule.Repeat(value)
			}
		}
		if message, ok := strings.CutPrefix(cells[4], "error: "); ok {
			r.err = message
		} else {
			r.fires = strings.Fields(cells[4])
		}
		rows = append(rows, r)
	}
	return rows
}

func TestTable(t *testing.T) {
	t.Parallel()
	rows := readTable(t)
	if len(rows) < 300 {
		t.Errorf("only %d rows", len(rows))
	}
	for _, r := range rows {
		if r.err != "" {
			checkRefused(t, r)
		} else {
			checkFires(t, r)
		}
	}
}

func checkRefused(t *testing.T, r row) {
	t.Helper()
	_, err := r.spec.Compile("job-1")
	if err == nil || !strings.Contains(err.Error(), r.err) {
		t.Errorf("%q (%s): got %v, want an error with %q", r.spec.Cron, r.source, err, r.err)
	}
}

func checkFires(t *testing.T, r row) {
	t.Helper()
	compiled, err := r.spec.Compile("job-1")
	if err != nil {
		t.Errorf("%q (%s): %v", r.spec.Cron, r.source, err)
		return
	}
	at := instant(t, r.after)
	for _, text := range r.fires {
		want := instant(t, text)
		got, ok := compiled.Next(at)
		if !ok || !got.Equal(want) {
			t.Errorf("%q in %s after %s (%s): got %v, want %s", r.spec.Cron, r.spec.Timezone, at, r.source, got, text)
			return
		}
		if back, ok := compiled.Prev(got.Add(1)); !ok || !back.Equal(got) {
			t.Errorf("%q in %s: the last fire up to %s is %v", r.spec.Cron, r.spec.Timezone, got, back)
		}
		at = got
	}
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
