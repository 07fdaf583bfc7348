package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/carillon-cron/carillon/shared/fault"
)

func TestNoFaultsAreNoError(t *testing.T) {
	t.Parallel()
	var faults fault.Faults
	faults.Nest("schedule", nil)
	faults.Nest("schedule", fault.Faults(nil).Err())
	if err := faults.Err(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	t.Parallel()
	var faults fault.Faults
	faults.Add("name", "must not be empty")
	faults.Add("", "%d problems", 2)
	want := "name: must not be empty; 2 problems"
	if got := faults.Err().Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNestPrefixesFields(t *testing.T) {
	t.Parallel()
	table := []struct {
		prefix string
		err    error
		want   string
	}{
		{"schedule", fault.Faults{{Field: "cron", Message: "bad"}}, "schedule.cron: bad"},
		{"blackouts", fault.Faults{{Field: "[1].cron", Message: "bad"}}, "blackouts[1].cron: bad"},
		{"schedule", fault.Faults{{Message: "bad"}}, "schedule: bad"},
		{"", fault.Faults{{Field: "cron", Message: "bad"}}, "cron: bad"},
		{"", fault.Faults{{Message: "bad"}}, "bad"},
		{"target.url", errors.New("bad"), "target.url: bad"},
		{"schedule", fmt.Errorf("read: %w", fault.Faults{{Field: "at", Message: "bad"}}), "schedule.at: bad"},
	}
	for _, c := range table {
		var faults fault.Faults
		faults.Nest(c.prefix, c.err)
		if got := faults.Error(); got != c.want {
			t.Errorf("Nest(%q, %v): got %q, want %q", c.prefix, c.err, got, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(fault.Faults{{Field: "cron", Message: "bad"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := `[{"field":"cron","message":"bad"}]`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
}
