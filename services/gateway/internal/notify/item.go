package notify

// Item is an alert that a route is for.
type Item struct {
	Alert
	// Told says that the route was told of it: that it was open or not, and how often
	// it had begun.
	Told, ToldOpen bool
	ToldTimes      int
}

// begun reports whether it has begun since the route was told of it.
func (i Item) begun() bool { return !i.Told || i.ToldTimes < i.Times }

// brief reports whether it has begun and ended since then.
func (i Item) brief() bool { return i.begun() && !i.Open() }

// news reports whether there is something to tell of an alert. That it has begun is
// news to everybody, even if it is over by now.
func (i Item) news(route Route) bool {
	return i.begun() || i.ToldOpen && !i.Open() && !route.NoRecovery
}

// told returns the item after a route was told of it. Where messages open incidents,
// a brief one stands for open now: its end is news of its own, and comes when people
// have been called.
func (i Item) told(route Route) Item {
	i.Told, i.ToldOpen, i.ToldTimes = true, i.Open() || i.brief() && route.opensIncidents(), i.Times
	return i
}
