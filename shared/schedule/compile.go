package schedule

import (
	"fmt"

	"github.com/teambition/rrule-go"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/weakmap"
)

const (
	maxRules = 16
	// Beyond this a bound on the number of runs is better said as an end.
	maxRuns = 10_000
)

// compiled are the schedules in use in this process.
var compiled weakmap.Map[key, Schedule]

// Compile turns the spec into a schedule, or returns [fault.Faults] that name
// every faulty field relative to the spec. The seed, a job's id, decides what H
// in a cron expression and the spread stand for. Equal specs with equal seeds
// fire at equal instants, in every process and always. While a schedule is in use,
// compiling the like of it again is quick, and takes no memory but for a spread.
func (s Spec) Compile(seed string) (*Schedule, error) {
	if s.Adapted != nil {
		if err := s.checkAdapted(); err != nil {
			return nil, err
		}
	}
	k := s.keyOf(seed)
	if known := compiled.Get(k); known != nil {
		return known.spreadBy(s.shareOf(seed, known.spread))
	}
	out, err := s.compile(seed)
	if err == nil {
		compiled.Put(k, out)
	}
	return out, err
}

// spreadBy returns the schedule with another share of its spread.
func (s *Schedule) spreadBy(share uint64) (*Schedule, error) {
	if s.spread == (spread{}) || s.spread.share == share {
		return s, nil
	}
	out := *s
	out.spread.share = share
	if _, ok := out.next(out.start); !ok {
		return nil, out.neverFires()
	}
	return &out, nil
}

func (s Spec) compile(seed string) (*Schedule, error) {
	var faults fault.Faults
	in, err := s.scope(seed)
	if len(s.AnyOf) > 0 {
		faults.Nest("", err) // a single rule has the same zone and policy and says so itself
	}
	out := &Schedule{zone: in.zone, rules: s.compileRules(in, &faults)}
	out.start, out.end = s.window(&faults)
	out.until = out.end
	out.spread, err = parseSpread(s.Spread, seed)
	faults.Nest("spread", err)
	if s.Adapted != nil {
		out.spread.share = s.shareOf(seed, out.spread)
	}
	if s.At != nil && out.spread.percent > 0 {
		faults.Add("spread", "has no interval to take a percentage of, because at is one instant; write a duration, for example \"10m\"")
	}
	out.blackouts = s.compileBlackouts(in, &faults)
	out.idleDST = s.idleDST(out.rules)
	s.checkRuns(&faults)
	if len(faults) > 0 {
		return nil, faults
	}
	out.source, out.cost = union(out.rules), out.costOfSearch()
	if err := out.survey(); err != nil {
		return nil, err
	}
	if s.MaxRuns > 0 {
		faults.Nest("max_runs", out.limit(s.MaxRuns))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

// costOfSearch is in steps; a step is two looks at a rule.
func (s *Schedule) costOfSearch() int {
	looks := len(s.rules)
	if s.spread.percent > 0 {
		looks *= 3 // at the fires on either side too
	}
	return (looks + 1) / 2
}

func (s Spec) scope(seed string) (scope, error) {
	var faults fault.Faults
	zone, err := loadZone(s.zoneName())
	if s.Timezone != "" { // otherwise a rule names it, and says what is wrong with it
		faults.Nest("timezone", err)
	}
	dst, err := s.DST.resolve(defaultDST)
	faults.Nest("dst", err)
	return scope{seed: seed, zone: zone, dst: dst, effort: &effort{}}, faults.Err()
}

// own returns the rule that the spec itself holds where it has no any_of.
func (s Spec) own() Rule {
	return Rule{s.Cron, s.interval(), s.At, s.RRule, s.Anchor, s.Timezone, s.DST}
}

// zoneName returns the zone of the schedule: timezone or, where that is not
// given, the one that all rules name, so that blackouts and words follow
// "CRON_TZ=" too.
func (s Spec) zoneName() string {
	if s.Timezone != "" || len(s.AnyOf) == 0 {
		return s.own().zoneName()
	}
	name := s.AnyOf[0].zoneName()
	for _, r := range s.AnyOf[1:] {
		if r.zoneName() != name {
			return ""
		}
	}
	return name
}

func (s Spec) compileRules(in scope, faults *fault.Faults) []rule {
	own := s.own()
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

// idleDST reports whether a policy is given for rules that follow none.
func (s Spec) idleDST(rules []rule) bool {
	followed := false
	for i, r := range rules {
		follows := followsClocks(r)
		if followed = followed || follows; !follows && i < len(s.AnyOf) && s.AnyOf[i].DST != (DST{}) {
			return true
		}
	}
	return !followed && s.DST != (DST{})
}

// followsClocks tells rules that mean wall-clock time from the others.
func followsClocks(r rule) bool {
	switch r := r.(type) {
	case *cronRule:
		return !r.expr.elapsed
	case *recurrence:
		return r.option.Freq < rrule.HOURLY
	}
	return false
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
