package main

import (
	"context"
	"errors"
	"time"

	"github.com/carillon-cron/carillon/shared/client"
)

const (
	// pollEvery lies between two looks at something that is waited for.
	pollEvery = 500 * time.Millisecond
	// patience is how many answers in a row may fail to come.
	patience = 60
)

// await looks again and again, until it is done, or has failed for good or too
// often in a row, or ctx ends.
func await(ctx context.Context, look func() (done bool, err error)) error {
	for misses := 0; ; {
		done, err := look()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && done:
			return nil
		case err == nil:
			misses = 0
		case !passing(err) || misses == patience:
			return err
		default:
			misses++
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollEvery):
		}
	}
}

// passing reports whether a failure may be over soon: no answer, or 5xx.
func passing(err error) bool {
	var problem *client.Problem
	return !errors.As(err, &problem) || problem.Status >= 500
}
