package schedule

import (
	"fmt"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
)

const (
	maxRules = 16
	// Beyond this a bound on the number of runs is better said as an end.
	maxRuns = 10_000
)

// rule is one compiled rule of a schedule.
type rule interface {
	source
	// String returns the canonical text; rules with equal texts fire at equal instants.
	String() string
	// describe says in plain words when the rule fires.
	describe() string
	// warn notes what is unexpected within a stretch of time.
	warn(*notes)
}

// context is what the rules of a spec inherit from it.
type context struct {
	seed string
	zone *zone
	dst  DST
}

// Compile turns the spec into a schedule, or returns [fault.Faults] that name
// every faulty field relative to the spec. The seed, a job's id, decides what H
// in a cron expression and the spread stand for. Equal specs with equal seeds
// fire at equal instants, in every process and always.
func (s Spec) Compile(seed string) (*Schedule, error) {
	var faults fault.Faults
	in, err := s.context(seed)
	if len(s.AnyOf) > 0 {
		faults.Nest("", err) // a single rule has the same zone and policy and says so itself
	}
	out := &Schedule{zone: in.zone, rules: s.compileRules(in, &faults)}
	out.start, out.end = s.window(&faults)
	out.spread, err = parseSpread(s.Spread, seed)
	faults.Nest("spread", err)
	out.blackouts = s.compileBlackouts(in, &faults)
	s.checkRuns(&faults)
	if len(faults) > 0 {
		return nil, faults
	}
	out.source = union(out.rules)
	if s.MaxRuns > 0 {
		out.limit(s.MaxRuns)
	}
	return out, out.check()
}

func (s Spec) context(seed string) (context, error) {
	var faults fault.Faults
	zone, err := loadZone(s.Timezone)
	faults.Nest("timezone", err)
	dst, err := s.DST.resolve(defaultDST)
	faults.Nest("dst", err)
	return context{seed, zone, dst}, faults.Err()
}

func (s Spec) compileRules(in context, faults *fault.Faults) []rule {
	own := Rule{s.Cron, s.Every, s.At, s.RRule, s.Anchor, s.Timezone, s.DST}
	if len(s.AnyOf) == 0 {
		only, err := own.compile(in)
		faults.Nest("", err)
		return []rule{only}
	}
	for _, kind := range own.kinds() {
		faults.Add(kind, "cannot stand beside any_of; make it one of those rules")
	}
	if s.Anchor != nil {
		faults.Add("anchor", "belongs into the rule of any_of that counts from it")
	}
	if len(s.AnyOf) > maxRules {
		faults.Add("any_of", "has %d rules, but %d at most are allowed", len(s.AnyOf), maxRules)
		return nil
	}
	out := make([]rule, len(s.AnyOf))
	for i, r := range s.AnyOf {
		var err error
		out[i], err = r.compile(in)
		faults.Nest(fmt.Sprintf("any_of[%d]", i), err)
	}
	return out
}

// window returns the instants from start (inclusive) to end (exclusive).
func (s Spec) window(faults *fault.Faults) (start, end int64) {
	end = endInstant
	if s.Start != nil {
		start = max(ceil(*s.Start), 0)
	}
	if s.End != nil {
		end = min(ceil(*s.End), endInstant)
	}
	if start >= end {
		faults.Add("end", "must be after start and between the years %d and %d", firstYear, endYear-1)
	}
	return start, end
}

func (s Spec) checkRuns(faults *fault.Faults) {
	switch {
	case s.MaxRuns < 0 || s.MaxRuns > maxRuns:
		faults.Add("max_runs", "must be between 1 and %d", maxRuns)
	case s.MaxRuns > 0 && s.Start == nil:
		faults.Add("max_runs", "needs a start, so that it is clear which run is the first")
	}
}

// kinds names the fields that say when the rule fires.
func (r Rule) kinds() (given []string) {
	for _, one := range []struct {
		name  string
		given bool
	}{{"cron", r.Cron != ""}, {"every", r.Every != 0}, {"at", r.At != nil}, {"rrule", r.RRule != ""}} {
		if one.given {
			given = append(given, one.name)
		}
	}
	return given
}

func (r Rule) compile(in context) (rule, error) {
	var faults fault.Faults
	in = r.refine(in, &faults)
	kinds := r.kinds()
	if len(kinds) == 0 {
		faults.Add("", "needs one of cron, every, at and rrule; for example \"cron\": \"30 2 * * *\"")
		return nil, faults
	}
	for _, kind := range kinds[1:] {
		faults.Add(kind, "cannot stand beside %s; several rules go into any_of", kinds[0])
	}
	if r.Anchor != nil && (kinds[0] == "cron" || kinds[0] == "at") {
		faults.Add("anchor", "has no meaning for %s; only every and rrule count from it", kinds[0])
	}
	out, err := r.compileKind(kinds[0], in)
	faults.Nest(kinds[0], err)
	return out, faults.Err()
}

// refine replaces what the rule itself says differently from its spec.
func (r Rule) refine(in context, faults *fault.Faults) context {
	name, field := r.namedZone()
	switch {
	case name == "":
		name, field = r.Timezone, "timezone"
	case r.Timezone != "" && r.Timezone != name:
		faults.Add("timezone", "contradicts the zone that %s names, %s", field, quote(name))
	}
	var err error
	if name != "" {
		in.zone, err = loadZone(name)
		faults.Nest(field, err)
	}
	in.dst, err = r.DST.resolve(in.dst)
	faults.Nest("dst", err)
	return in
}

// namedZone returns the zone that the text of a rule names, and which field that is.
func (r Rule) namedZone() (name, field string) {
	if name, _ = cutZone(strings.TrimSpace(r.Cron)); name != "" {
		return name, "cron"
	}
	return zoneOfRRule(r.RRule), "rrule"
}

func (r Rule) compileKind(kind string, in context) (rule, error) {
	switch kind {
	case "cron":
		return compileCron(r.Cron, in)
	case "every":
		return compileEvery(r.Every, r.Anchor, in)
	case "at":
		return compileAt(*r.At, in)
	}
	return compileRRule(r.RRule, r.Anchor, in)
}

// check refuses a schedule without a single fire.
func (s *Schedule) check() error {
	if _, ok := s.next(s.start); ok {
		return nil
	}
	where := []string{"the clock changes that its dst policy skips"}
	if s.start > 0 || s.end < endInstant {
		where = append(where, "start and end")
	}
	if len(s.blackouts.entries) > 0 {
		where = append(where, "its blackouts")
	}
	return fault.Faults{{Message: "never fires: nothing is left of it by " + strings.Join(where, " and ")}}
}
