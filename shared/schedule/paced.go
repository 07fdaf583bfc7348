package schedule

// paced is an interval that fires on chosen days only; the time of day in the
// pattern plays no part.
type paced struct {
	interval
	days *pattern
	zone *zone
}

func (p *paced) next(instant int64) (int64, bool) {
	for {
		found, ok := p.interval.next(instant)
		if !ok {
			return never, false
		}
		today, _ := split(p.zone.civil(found))
		chosen, ok := p.days.next(midnight(today))
		if !ok || chosen < midnight(today+1) {
			return found, ok
		}
		instant = p.zone.instant(chosen)
	}
}

func (p *paced) prev(instant int64) (int64, bool) {
	for {
		found, ok := p.interval.prev(instant)
		if !ok {
			return never, false
		}
		today, _ := split(p.zone.civil(found))
		chosen, ok := p.days.prev(midnight(today))
		if !ok || chosen == midnight(today) {
			return found, ok
		}
		instant = p.zone.instant(chosen+secondsPerDay) - 1
	}
}
