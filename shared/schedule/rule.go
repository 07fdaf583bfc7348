package schedule

import (
	"cmp"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
)

// rule is one compiled rule of a schedule.
type rule interface {
	source
	// String returns the canonical text; rules with equal texts fire at equal instants.
	String() string
	// describe says in plain words when the rule fires.
	describe() string
	// rowsPerDay bounds how many rows of fires begin in a day.
	rowsPerDay(reach) int
	// steady returns from when on the rule repeats itself every 28 years, if it does.
	steady() (since int64, ok bool)
	// warn notes what is unexpected within a stretch of time.
	warn(*notes)
}

// scope is what the rules of a spec inherit from it.
type scope struct {
	seed   string
	zone   *zone
	dst    DST
	effort *effort
	opens  bool // the rule opens windows
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

func (r Rule) compile(in scope) (rule, error) {
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
func (r Rule) refine(in scope, faults *fault.Faults) scope {
	name, field := r.namedZone()
	switch {
	case name == "":
		name, field = r.Timezone, "timezone"
	case r.Timezone != "" && r.Timezone != name:
		faults.Add("timezone", "%s contradicts %s, which names the zone %s; give one of them", quote(r.Timezone), field, quote(name))
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

// zoneName returns the zone that the rule names in either way.
func (r Rule) zoneName() string {
	name, _ := r.namedZone()
	return cmp.Or(name, r.Timezone)
}

func (r Rule) compileKind(kind string, in scope) (rule, error) {
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
