package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"
)

const (
	backfillPoll = 500 * time.Millisecond
	// backfillPatience is how many answers in a row may fail to come.
	backfillPatience = 60
)

// backfillWait watches a backfill, and shows a bar if there is somebody to see it.
type backfillWait struct {
	server *client.Client
	screen io.Writer
}

// until returns the backfill as it is when nothing more comes of it.
func (w backfillWait) until(ctx context.Context, id uuid.UUID) (client.Backfill, error) {
	var bar *progressbar.ProgressBar
	var held string
	for misses := 0; ; {
		now, err := w.server.ReadBackfill(ctx, id)
		switch {
		case ctx.Err() != nil:
			return now, fmt.Errorf("no longer waiting; backfill %s goes on", id)
		case err == nil:
			misses = 0
			if bar == nil {
				bar = w.bar(now.Count)
			}
			_ = bar.Set(now.Done()) // a screen that cannot be written to must not end the wait
			held = w.tell(held, now.WaitsFor)
			if !now.Live() {
				w.leave()
				return now, nil
			}
		case !passing(err) || misses == backfillPatience:
			return now, fmt.Errorf("no longer waiting for backfill %s: %w", id, err)
		default:
			misses++
		}
		select {
		case <-ctx.Done():
		case <-time.After(backfillPoll):
		}
	}
}

// tell says what the backfill waits for, if that is not what was told before.
func (w backfillWait) tell(before string, holds []string) string {
	held := strings.Join(holds, ", ")
	if held != before && held != "" {
		w.leave()
		fmt.Fprintf(w.screen, "Waiting: %s.\n", held)
	}
	return held
}

// passing reports whether a failure may be over soon: no answer, or 5xx.
func passing(err error) bool {
	var problem *client.Problem
	return !errors.As(err, &problem) || problem.Status >= 500
}

// leave goes on below the bar.
func (w backfillWait) leave() {
	if seen(w.screen) {
		fmt.Fprint(w.screen, "\n\n")
	}
}

func (w backfillWait) bar(count int) *progressbar.ProgressBar {
	return progressbar.NewOptions(count, progressbar.OptionSetWriter(w.screen), progressbar.OptionSetDescription("runs"),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(40), progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetVisibility(seen(w.screen)))
}
