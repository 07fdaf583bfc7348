// Package preview shows what a schedule does around an instant: the fires
// after it and before it, the instants that its rules gave for them, what it
// means in words, and what may surprise.
//
// The gateway answers with a [Preview], and the command line prints one, so
// they cannot differ. The package adds no knowledge of its own to that of
// shared/schedule; it only asks. It is pure: the caller says what time it is.
//
// A preview is about a schedule alone. It does not know what ran, whether the
// job was paused, or what its schedule was earlier: the ledger does.
package preview

import (
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// Seed is what to compile a job's schedule with, by the job's id; a schedule
// without a job has a seed too. Ids are UUIDs, whose case does not matter.
func Seed(jobID string) string {
	if jobID == "" {
		return "preview"
	}
	return strings.ToLower(jobID)
}

// Preview is what a schedule does around an instant. All instants are in UTC,
// and in order.
type Preview struct {
	Fires       []time.Time `json:"fires" doc:"The next fire times, in UTC. Fewer than asked for if the schedule ends."`
	Previous    []time.Time `json:"previous,omitempty" doc:"The fire times up to the instant asked about, itself included, the last of them at the end."`
	Moved       []Move      `json:"moved,omitempty" doc:"Those of all these fires that spread or a deferring blackout moved."`
	Timezone    string      `json:"timezone" doc:"The zone whose clock the schedule reads." example:"Europe/Berlin"`
	Description string      `json:"description" doc:"The schedule in words."`
	Warnings    []string    `json:"warnings" doc:"What may surprise, such as fires that a change of the clocks moves."`
}

// Move is a fire at another instant than the rule says. Where several became
// one, Nominal is the first of theirs.
type Move struct {
	Nominal time.Time `json:"nominal" doc:"When the rule says."`
	Fire    time.Time `json:"fire" doc:"When it fires."`
}

// Of returns up to next fires after an instant, and up to previous fires that
// are not after it. Its warnings are about the year from that instant on.
func Of(s *schedule.Schedule, from time.Time, next, previous int) Preview {
	p := Preview{
		Fires: after(s, from, next), Previous: upTo(s, from, previous), Timezone: s.Zone().String(),
		Description: s.Describe(), Warnings: append([]string{}, s.Warnings(from)...),
	}
	for _, fire := range slices.Concat(p.Previous, p.Fires) {
		if nominal, ok := s.Nominal(fire); ok && !nominal.Equal(fire) {
			p.Moved = append(p.Moved, Move{nominal, fire})
		}
	}
	return p
}

func after(s *schedule.Schedule, from time.Time, most int) []time.Time {
	fires := make([]time.Time, 0, most)
	for at, ok := s.Next(from); ok && len(fires) < most; at, ok = s.Next(at) {
		fires = append(fires, at)
	}
	return fires
}

func upTo(s *schedule.Schedule, from time.Time, most int) []time.Time {
	fires := make([]time.Time, 0, most)
	for at, ok := s.Prev(from.Add(1)); ok && len(fires) < most; at, ok = s.Prev(at) {
		fires = append(fires, at)
	}
	slices.Reverse(fires)
	return fires
}
