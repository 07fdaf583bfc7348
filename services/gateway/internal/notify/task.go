package notify

import (
	"slices"
	"time"
)

// task is what has to be done about a group of a route: to send a message if it is
// due, and else to store what is known of the group.
type task struct {
	route Route
	id    GroupID
	group Group
	items []Item
	due   bool
}

// todo returns what has to be done about the groups of a route: what is only stored
// first, and last of the messages those that have failed most often.
func todo(route Route, state State, now time.Time) (tasks []task) {
	for key, items := range grouped(route, state.Items[route.ID]) {
		t := task{route: route, id: GroupID{route.ID, key}, items: items}
		known := state.Groups[t.id]
		t.group = known.heard(t.news(), now)
		due, ever := route.timing().Due(t.group, t.open())
		t.due = ever && !due.After(now) && len(t.worth()) > 0
		if t.due || t.group != known {
			tasks = append(tasks, t)
		}
	}
	slices.SortFunc(tasks, func(a, b task) int { return a.order() - b.order() })
	return tasks
}

func (t task) order() int {
	if !t.due {
		return -1
	}
	return t.group.Failures
}

func grouped(route Route, items []Item) map[string][]Item {
	groups := map[string][]Item{}
	for _, item := range items {
		key := route.key(item.Alert)
		groups[key] = append(groups[key], item)
	}
	return groups
}

// open reports whether something is still wrong.
func (t task) open() bool {
	return slices.ContainsFunc(t.items, func(i Item) bool { return i.Open() })
}

// news reports whether there is something to tell.
func (t task) news() bool {
	return slices.ContainsFunc(t.items, func(i Item) bool { return i.news(t.route) })
}

// worth is what a message is about: what is wrong, and what is new.
func (t task) worth() (alerts []Alert) {
	for _, item := range t.items {
		if item.Open() || item.news(t.route) {
			alerts = append(alerts, item.Alert)
		}
	}
	return alerts
}
