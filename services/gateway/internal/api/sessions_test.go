package api

import (
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/throttle"
	"github.com/google/uuid"
)

func TestNoKeyTakesAllPlacesOfTheFeed(t *testing.T) {
	t.Parallel()
	all := &sessions{shares: throttle.NewTurns[uuid.UUID](shareOfViewers)}
	all.open(t.Context())
	greedy, modest := uuid.New(), uuid.New()
	var leave func()
	for range shareOfViewers {
		_, gives, ok := all.admit(greedy)
		if !ok {
			t.Fatal("refused within its share")
		}
		leave = gives
	}
	if _, _, ok := all.admit(greedy); ok || !all.full(greedy) {
		t.Error("one key takes more than its share")
	}
	if _, _, ok := all.admit(modest); !ok || all.full(modest) {
		t.Error("another key is refused")
	}
	leave()
	if _, _, ok := all.admit(greedy); !ok {
		t.Error("a place that was left is not given again")
	}
}
