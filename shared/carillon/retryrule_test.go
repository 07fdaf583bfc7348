package carillon

import (
	"errors"
	"slices"
	"testing"

	"github.com/carillon-cron/carillon/shared/fault"
)

func TestWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	type failure struct {
		class  string
		status int
	}
	for name, test := range map[string]struct {
		on      []string
		yes, no []failure
	}{
		"by default": {
			yes: []failure{{"connect", 0}, {"dns", 0}, {"tls", 0}, {"timeout", 0}, {"timeout", 200}, {"protocol", 0},
				{"status", 500}, {"status", 503}, {"status", 599}, {"status", 408}, {"status", 425}, {"status", 429}},
			no: []failure{{"status", 301}, {"status", 304}, {"status", 400}, {"status", 401}, {"status", 404}, {"status", 499}},
		},
		"words": {
			on:  []string{"timeout", "404", "5xx", "420-429"},
			yes: []failure{{"timeout", 0}, {"status", 404}, {"status", 500}, {"status", 599}, {"status", 420}, {"status", 429}},
			no:  []failure{{"connect", 0}, {"tls", 503}, {"status", 403}, {"status", 419}, {"status", 430}, {"status", 600}},
		},
		"classes only": {on: []string{"connect"}, yes: []failure{{"connect", 0}}, no: []failure{{"status", 500}, {"timeout", 0}}},
	} {
		r := Retry{On: test.on}
		for _, f := range test.yes {
			if !r.Again(f.class, f.status) {
				t.Errorf("%s: %v is not tried again", name, f)
			}
		}
		for _, f := range test.no {
			if r.Again(f.class, f.status) {
				t.Errorf("%s: %v is tried again", name, f)
			}
		}
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	rules := []string{"timeout", "503", "5xx", "400-499", "100", "599", "500-500"}
	if err := validateRules(rules); err != nil {
		t.Errorf("good rules: %v", err)
	}
	for _, hostile := range []string{"", "status", "blocked", "TIMEOUT", "6xx", "0xx", "99", "600", "0503", "+503", "503-", "-503", "504-500", "500-xxx", "xx", "5xxx", "5XX", "500–504", " 503"} {
		err := validateRules(append(slices.Clone(rules), hostile))
		if faults, ok := errors.AsType[fault.Faults](err); !ok || len(faults) != 1 || faults[0].Field != "[7]" {
			t.Errorf("%q: %v", hostile, err)
		}
	}
	if validateRules(make([]string, maxRules+1)) == nil {
		t.Error("too many rules are accepted")
	}
}
