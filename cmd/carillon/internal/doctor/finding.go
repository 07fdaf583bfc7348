package doctor

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"
)

// State is how bad a finding is.
type State string

// The states: fine, something to look at, and something to mend.
const (
	OK   State = "ok"
	Warn State = "warn"
	Fail State = "fail"
)

// Finding is what there is to say of a part.
type Finding struct {
	Part  string `json:"part"`
	State State  `json:"state"`
	Says  string `json:"says"`
	// Do is what to do about it; "" if nothing.
	Do string `json:"do,omitempty"`
}

// Failed reports whether something has to be mended.
func Failed(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.State == Fail })
}

// report collects findings.
type report []Finding

func (r *report) ok(part, says string, values ...any) {
	*r = append(*r, Finding{part, OK, fmt.Sprintf(says, values...), ""})
}

func (r *report) warn(part, do, says string, values ...any) {
	*r = append(*r, Finding{part, Warn, fmt.Sprintf(says, values...), do})
}

func (r *report) fail(part, do, says string, values ...any) {
	*r = append(*r, Finding{part, Fail, fmt.Sprintf(says, values...), do})
}

// add says how a part is, by the worst of what holds of it.
func (r *report) add(part string, state State, do, says string, values ...any) {
	if state == OK {
		do = ""
	}
	*r = append(*r, Finding{part, state, fmt.Sprintf(says, values...), do})
}

// worse returns Fail beyond one bound, Warn beyond another.
func worse[T int | int64 | float64 | time.Duration](value, warn, fail T) State {
	switch {
	case value > fail:
		return Fail
	case value > warn:
		return Warn
	}
	return OK
}

// patience bounds the looks at one server.
const patience = 8 * time.Second

// cause leaves out of an error what would name an address a second time.
func cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return err
}

const setClocks = "let chrony or systemd-timesyncd set the clocks of all machines"

// compareClocks says by how much this machine's clock is ahead of another's, which
// was read between two readings of this one's. uncertain is by how much the other's
// may be off beside that.
func (r *report) compareClocks(part string, sent, received, other time.Time, uncertain time.Duration) {
	uncertain += received.Sub(sent) / 2
	skew := sent.Add(received.Sub(sent) / 2).Sub(other)
	state := worse(skew.Abs()-uncertain, 250*time.Millisecond, 2*time.Second)
	side := "ahead of"
	if skew < 0 {
		side = "behind"
	}
	r.add(part, state, setClocks, "this machine's is %s %s it, give or take %s", skew.Abs().Round(time.Millisecond), side, uncertain.Round(time.Millisecond))
}
