package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"
)

// backfillWait watches a backfill, and shows a bar if there is somebody to see it.
type backfillWait struct {
	server *client.Client
	screen io.Writer
}

// until returns the backfill as it is when nothing more comes of it.
func (w backfillWait) until(ctx context.Context, id uuid.UUID) (now client.Backfill, err error) {
	var bar *progressbar.ProgressBar
	var held string
	err = await(ctx, func() (done bool, err error) {
		if now, err = w.server.ReadBackfill(ctx, id); err != nil {
			return false, err
		}
		if bar == nil {
			bar = w.bar(now.Count)
		}
		_ = bar.Set(now.Done()) // a screen that cannot be written to must not end the wait
		held = w.tell(held, now.WaitsFor)
		return !now.Live(), nil
	})
	switch {
	case ctx.Err() != nil:
		return now, fmt.Errorf("no longer waiting; backfill %s goes on", id)
	case err != nil:
		return now, fmt.Errorf("no longer waiting for backfill %s: %w", id, err)
	}
	w.leave()
	return now, nil
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
