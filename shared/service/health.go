package service

import (
	"maps"
	"slices"
	"sync"
)

// Health is what a service says of itself: for each of its parts, ready or the
// reason why not. It is safe for concurrent use; a nil Health ignores what it is told.
type Health struct {
	mu    sync.Mutex
	parts map[string]string
}

// NewHealth returns a Health that is not ready until some part says it is.
func NewHealth() *Health { return &Health{parts: map[string]string{}} }

// Ready says that a part works.
func (h *Health) Ready(part string) { h.set(part, "") }

// NotReady says that a part does not work, and why.
func (h *Health) NotReady(part, reason string) { h.set(part, reason) }

func (h *Health) set(part, reason string) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parts[part] = reason
}

// Problems lists every part that is not ready as "part: reason", in order; an
// empty list means ready.
func (h *Health) Problems() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.parts) == 0 {
		return []string{"starting"}
	}
	problems := []string{}
	for _, part := range slices.Sorted(maps.Keys(h.parts)) {
		if reason := h.parts[part]; reason != "" {
			problems = append(problems, part+": "+reason)
		}
	}
	return problems
}
