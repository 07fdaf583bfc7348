package schedule

import (
	"cmp"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Gap says what becomes of fires whose local time the clocks jump over.
type Gap string

// Repeat says in which copy of a repeated local time a schedule fires.
type Repeat string

// The policies; the first of each kind is the default.
const (
	GapRunAfter Gap = "run_after"
	GapSkip     Gap = "skip"

	RepeatFirst  Repeat = "first"
	RepeatSecond Repeat = "second"
	RepeatBoth   Repeat = "both"
)

// DST is what a schedule that means wall-clock time does when the clocks
// change. The package comment has the contract.
type DST struct {
	Gap    Gap    `json:"gap,omitempty" doc:"What becomes of fires whose local time the clocks jump over; run_after by default." enum:"run_after,skip"`
	Repeat Repeat `json:"repeat,omitempty" doc:"In which copy of a repeated local time the job fires; first by default." enum:"first,second,both"`
}

var defaultDST = DST{GapRunAfter, RepeatFirst}

// elapsed is the policy of schedules that mean elapsed time.
var elapsed = DST{GapSkip, RepeatBoth}

// windowed is the policy of cron expressions that open windows: the job's would
// let a window vanish in a gap or leave one copy of its hour open.
var windowed = DST{GapRunAfter, RepeatBoth}

// resolve fills in what is not given, or says what is wrong.
func (d DST) resolve(base DST) (DST, error) {
	var faults fault.Faults
	d = DST{cmp.Or(d.Gap, base.Gap), cmp.Or(d.Repeat, base.Repeat)}
	switch d.Gap {
	case GapRunAfter, GapSkip:
	default:
		faults.Add("gap", "%s is neither \"run_after\" nor \"skip\"", quote(string(d.Gap)))
	}
	switch d.Repeat {
	case RepeatFirst, RepeatSecond, RepeatBoth:
	default:
		faults.Add("repeat", "%s is none of \"first\", \"second\" and \"both\"", quote(string(d.Repeat)))
	}
	if len(faults) > 0 {
		return base, faults
	}
	return d, nil
}

// dstText writes a policy where it is not the default.
func dstText(d DST) (text string) {
	if d.Gap != defaultDST.Gap {
		text += " gap=" + string(d.Gap)
	}
	if d.Repeat != defaultDST.Repeat {
		text += " repeat=" + string(d.Repeat)
	}
	return text
}
