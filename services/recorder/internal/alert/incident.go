package alert

import "time"

// FlapWindow is how soon after its end an incident that begins again is still the
// same one.
const FlapWindow = 10 * time.Minute

// renewEvery is how often it is noted that an incident goes on.
const renewEvery = time.Minute

// Incident is an alert of one kind, of one job or check, from its beginning to its
// end. The zero Incident is none yet.
type Incident struct {
	ID        int64 // 0 for a new one
	StartedAt time.Time
	RenewedAt time.Time // when it was last known to go on
	EndedAt   time.Time // zero while it is open
	// FireTime is the newest that it has seen.
	FireTime time.Time
	// Times is how often it has begun.
	Times  int
	Reason string
}

// Open reports whether an incident has begun and has not ended.
func (i Incident) Open() bool { return !i.StartedAt.IsZero() && i.EndedAt.IsZero() }

// Step returns what becomes of the last incident of a kind when something is found,
// and whether that is anything else. The result may be a new incident.
func (i Incident) Step(found Finding, now time.Time) (Incident, bool) {
	news := found.FireTime.IsZero() || found.FireTime.After(i.FireTime)
	switch {
	case i.knows(found):
		return i, false
	case i.Open() && (found.Level == Firing || found.Level == Held):
		return i.renewed(found, now)
	case found.Level == Firing && news:
		return i.begun(found, now), true
	case found.Level != Firing && i.Open():
		return i.ended(found, now), true
	case found.Level == Brief && news:
		return i.begun(found, now).ended(found, now), true
	}
	return i, false
}

// knows reports whether what was found is older than what the incident has heard
// since: it was overtaken, or is told again.
func (i Incident) knows(found Finding) bool {
	return !found.At.IsZero() && found.At.Before(later(i.RenewedAt, i.EndedAt))
}

// renewed is the incident that goes on, for the reason that holds by now.
func (i Incident) renewed(found Finding, now time.Time) (Incident, bool) {
	if now.Sub(i.RenewedAt) < renewEvery {
		return i, false
	}
	i.RenewedAt = now
	if found.Reason != "" {
		i.Reason = found.Reason
	}
	return i, true
}

// begun is the incident once more, or a new one.
func (i Incident) begun(found Finding, now time.Time) Incident {
	if i.ID == 0 || now.Sub(i.EndedAt) > FlapWindow {
		i = Incident{StartedAt: now}
	}
	i.EndedAt, i.RenewedAt = time.Time{}, now
	i.FireTime, i.Reason = found.FireTime, found.Reason
	i.Times++
	return i
}

func (i Incident) ended(found Finding, now time.Time) Incident {
	i.EndedAt, i.FireTime = now, later(found.Newest, later(found.FireTime, i.FireTime))
	return i
}
