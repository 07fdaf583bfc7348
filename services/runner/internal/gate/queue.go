package gate

import "time"

// recently is how long a host counts among those of a queue.
const recently = time.Minute

// queue is what this runner sees of one: its runs, and the last two hosts that
// they go to.
type queue struct {
	inHand       int // runs at the gate or behind it
	last, before sighting
}

type sighting struct {
	host string
	at   time.Time
}

// enter notes a run to a host.
func (q *queue) enter(host string, now time.Time) {
	q.inHand++
	if q.last.host != host {
		q.before = q.last
	}
	q.last = sighting{host, now}
}

// shared reports whether other hosts than this one have a use for the queue's
// slots. Nobody knows what waits at the server; so it goes by what has come of late.
func (q *queue) shared(host string, now time.Time) bool {
	other := q.last
	if other.host == host {
		other = q.before
	}
	return now.Sub(other.at) < recently
}
