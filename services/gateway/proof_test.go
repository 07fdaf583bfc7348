package gateway

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

func TestOnlyARunOfTheScheduleIsAProof(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	for _, c := range []struct {
		kind carillon.Kind
		hour int
		want time.Time
	}{
		{carillon.KindManual, 8, time.Time{}},
		{carillon.KindSchedule, 7, h.at(7)},
		{carillon.KindManual, 9, h.at(7)},
	} {
		h.record(t, h.ID, h.Namespace, c.kind, h.at(c.hour), carillon.StateSucceeded)
		h.exec(t, `UPDATE runs SET finished_at = fire_time WHERE job_id = $1`, h.ID)
		got, err := proofs{h.pool}.LastSuccess(t.Context(), h.Namespace, h.Name)
		if err != nil || !got.Equal(c.want) {
			t.Errorf("after a run of kind %s: %v, %v", c.kind, got, err)
		}
	}
}
