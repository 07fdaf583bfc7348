package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Of the recorder's metrics.
const (
	daysRemoved  = "carillon_recorder_retention_day_seconds_count"
	secondsTaken = "carillon_recorder_retention_day_seconds_sum"
)

// forget has a recorder drop the oldest day, and then remove the successes of the
// one after it.
func (b *bench) forget(ctx context.Context) error {
	for _, step := range []struct {
		what     string
		settings string
		took     *time.Duration
	}{
		{"a day is dropped", `keep = %d, states = '{}'`, &b.report.dropped},
		{"a day is rewritten", `keep = 3650, states = '{"succeeded": %d}'`, &b.report.rewritten},
	} {
		var age int
		err := b.database.QueryRow(ctx, `SELECT current_date - min(to_date(right(relname, 8), 'YYYYMMDD')) - 1
			FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'runs'::regclass`).Scan(&age)
		if err == nil {
			_, err = b.database.Exec(ctx, `UPDATE retention SET `+fmt.Sprintf(step.settings, age))
		}
		if err != nil {
			return err
		}
		b.say("ledger: %s", step.what)
		if *step.took, err = b.sweep(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sweep runs a recorder until it has removed a day, and tells how long that took.
func (b *bench) sweep(ctx context.Context) (time.Duration, error) {
	recorder, err := b.start(ctx, "recorder")
	if err != nil {
		return 0, err
	}
	defer recorder.stop()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for recorder.Metric(daysRemoved) < 1 {
		select {
		case <-ctx.Done():
			return 0, errors.Join(errors.New("the recorder removed no day"), ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return time.Duration(recorder.Metric(secondsTaken) * float64(time.Second)), nil
}
