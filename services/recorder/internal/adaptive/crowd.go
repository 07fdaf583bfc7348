package adaptive

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

const (
	// secondsOfHour are what fires are counted by.
	secondsOfHour = 3600
	// maxFires is how many fires of a job are counted; one with more is in all seconds.
	maxFires = 100
	// crowded is how many fires make a second worth leaving: a batch of the planner
	// holds ten times as many.
	crowded = 100
	// offsets is how many places within a spread are compared.
	offsets = 60
)

// Crowd counts the fires of an hour by their second. It is not safe for concurrent
// use.
type Crowd struct {
	from   time.Time
	counts [secondsOfHour]int
}

// NewCrowd returns an empty count of the first whole hour after an instant.
func NewCrowd(now time.Time) *Crowd {
	return &Crowd{from: now.UTC().Truncate(time.Hour).Add(time.Hour)}
}

// Add counts the fires of a job.
func (c *Crowd) Add(s *schedule.Schedule) {
	for _, second := range c.fires(s) {
		c.counts[second]++
	}
}

// fires returns in which seconds a schedule fires; none for one that fires in all.
func (c *Crowd) fires(s *schedule.Schedule) []int {
	var seconds []int
	for at := range s.Between(c.from, c.from.Add(time.Hour)) {
		if len(seconds) == maxFires {
			return nil
		}
		seconds = append(seconds, int(at.Sub(c.from)/time.Second))
	}
	return seconds
}

// Move says whether a job that is counted is to be moved off a crowded second
// within its spread, and counts it where it is then.
func (c *Crowd) Move(id uuid.UUID, job Job, s *schedule.Schedule) (Change, bool) {
	span, ok := job.Schedule.SpreadSpan()
	fires := c.fires(s)
	if !ok || len(fires) == 0 || len(job.History) >= maxChanges || slices.Contains(job.History, carillon.Moved) {
		return Change{}, false
	}
	present := c.most(fires, 0)
	delay := c.delay(s)
	best, least := 0, present
	for _, offset := range places(id, int(time.Duration(span)/time.Second)) {
		if most := c.most(fires, offset-delay) + 1; most < least {
			best, least = offset, most
		}
	}
	if present < crowded || 2*least > present {
		return Change{}, false
	}
	c.shift(fires, best-delay)
	offset := schedule.Duration(time.Duration(best) * time.Second)
	return Change{
		Action: carillon.Moved, Adapted: job.adapted(job.interval(), &offset),
		Reason: fmt.Sprintf("In a second of its own %d jobs fire, and %d in the new one: it is delayed by %s instead of %s within its spread of %s.",
			present, least, offset, text(time.Duration(delay)*time.Second), span),
	}, true
}

// delay returns by how many seconds a schedule's fires are delayed.
func (c *Crowd) delay(s *schedule.Schedule) int {
	at, _ := s.Next(c.from.Add(-1))
	nominal, _ := s.Nominal(at)
	return int(at.Sub(nominal) / time.Second)
}

// most returns the largest count of the seconds that fires would move to.
func (c *Crowd) most(fires []int, by int) (most int) {
	for _, second := range fires {
		most = max(most, c.counts[wrapped(second+by)])
	}
	return most
}

func (c *Crowd) shift(fires []int, by int) {
	for _, second := range fires {
		c.counts[second]--
		c.counts[wrapped(second+by)]++
	}
}

func wrapped(second int) int { return ((second % secondsOfHour) + secondsOfHour) % secondsOfHour }

// places returns offsets below a span, evenly, from one on that is the job's own.
func places(id uuid.UUID, span int) []int {
	hash := fnv.New32a()
	_, _ = hash.Write(id[:]) // never fails
	first, n := int(hash.Sum32())%span, min(span, offsets)
	found := make([]int, n)
	for i := range found {
		found[i] = (first + i*span/n) % span
	}
	return found
}
