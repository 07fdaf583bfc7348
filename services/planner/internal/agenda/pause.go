package agenda

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
)

// pauses is the pauses of each namespace, by revision; those of everything are
// under "".
type pauses map[string]scope

// scope is the line of pauses of a namespace, or of everything.
type scope []pause

// pause says whether its scope is paused from an instant on, until the next one
// begins.
type pause struct {
	wire.Pause
	sequence uint64 // in JOBS
}

// newsTo is as for a [Revision].
func (p *pause) newsTo(seen uint64) bool { return p.sequence > seen && !p.Republished }

// of lists the scopes that a namespace is in.
func (p pauses) of(namespace string) []scope { return []scope{p[namespace], p[""]} }

// add takes in a pause, and reports whether it was newer than what is known.
func (p pauses) add(news pause) bool {
	s := p[news.Namespace]
	if len(s) > 0 && news.Revision <= s[len(s)-1].Revision {
		return false
	}
	p[news.Namespace] = append(s.since(news.EffectiveFrom.Add(-memory)), news)
	return true
}

// since drops pauses that had ended by an instant.
func (s scope) since(ended time.Time) scope {
	for len(s) > 1 && s[1].EffectiveFrom.Before(ended) {
		s = s[1:]
	}
	return s
}

// held reports whether a namespace was paused at an instant, by what stood up to a
// sequence in JOBS. Where JOBS had dropped or lost that, it counts as not paused.
func (p pauses) held(namespace string, at time.Time, seen uint64) bool {
	return slices.ContainsFunc(p.of(namespace), func(s scope) bool {
		i := s.last(func(p *pause) bool { return !p.newsTo(seen) && !p.EffectiveFrom.After(at) })
		return i >= 0 && s[i].Paused && s[i].sequence <= seen && (i == len(s)-1 || s[i+1].Revision == s[i].Revision+1)
	})
}

// last is the index of the last pause for which something holds, or -1.
func (s scope) last(holds func(*pause) bool) int {
	for i := range slices.Backward(s) {
		if holds(&s[i]) {
			return i
		}
	}
	return -1
}

// end returns when the pause ends that is on at an instant: the zero time if no
// end is known. Another one may be on then.
func (p pauses) end(namespace string, at time.Time) (end time.Time, on bool) {
	for _, s := range p.of(namespace) {
		i := s.last(func(p *pause) bool { return !p.EffectiveFrom.After(at) })
		if i >= 0 && s[i].Paused {
			return s.resumes(i), true
		}
	}
	return time.Time{}, false
}

// resumes returns when the scope is not paused any more after the pause at i; zero
// if that is not known.
func (s scope) resumes(i int) time.Time {
	for _, p := range s[i+1:] {
		if !p.Paused {
			return p.EffectiveFrom
		}
	}
	return time.Time{}
}

// since notes when those begin that came in after a sequence.
func (p pauses) since(namespace string, seen uint64, news *earliest) {
	for _, s := range p.of(namespace) {
		for i := range s {
			if s[i].newsTo(seen) {
				news.note(s[i].EffectiveFrom)
			}
		}
	}
}
