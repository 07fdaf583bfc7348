package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditor"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfill"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// fillRate is how many fires a second are filled: what was lost is not urgent.
	fillRate = 1
	// auditActor is who starts the backfills of an audit.
	auditActor = "audit"
)

// surroundings are what audits do something with. They are safe for concurrent use.
type surroundings struct {
	js        jetstream.JetStream
	jobs      *jobstore.Store
	backfills *backfillstore.Store
}

// Behind reports whether outcomes older than an age wait for the recorder.
func (s surroundings) Behind(ctx context.Context, age time.Duration) (bool, error) {
	stream, err := s.js.Stream(ctx, topology.OutcomesStream)
	if err != nil {
		return false, err
	}
	state := stream.CachedInfo().State
	return state.Msgs > 0 && time.Since(state.FirstTime) > age, nil
}

// Raise has the recorder alert people, or say that it is over.
func (s surroundings) Raise(ctx context.Context, alarm auditor.Alarm) error {
	alert := wire.Alert{
		JobID: alarm.Job, Kind: carillon.AlertUnexplained, Firing: alarm.Fires > 0,
		Reason: reasonOf(alarm), At: time.Now().UTC(),
	}
	if _, err := s.js.Publish(ctx, topology.AlertSignal(alarm.Job), wire.Encode(alert)); err != nil {
		return fmt.Errorf("raise an alert: %w", err)
	}
	return nil
}

func reasonOf(a auditor.Alarm) string {
	switch first := a.First.UTC().Format(time.RFC3339); a.Fires {
	case 0:
		return "no fire is unexplained any more"
	case 1:
		return "the fire of " + first + " has no run, and nothing says why"
	default:
		return fmt.Sprintf("%d fires from %s to %s have no run, and nothing says why", a.Fires, first, a.Newest.UTC().Format(time.RFC3339))
	}
}

// Fill starts a backfill of a job's unexplained fires, if the job is there and wants
// that. It returns the instant before which they are being run; zero for none.
func (s surroundings) Fill(ctx context.Context, id uuid.UUID, from, to time.Time) (until time.Time, err error) {
	job, err := s.jobs.Get(ctx, id)
	if errors.Is(err, jobstore.ErrNotFound) || err == nil && !job.FillGaps {
		return until, nil
	}
	if err != nil {
		return until, err
	}
	gaps := backfill.Range{From: from.UTC(), To: to.UTC(), Mode: backfill.Unexplained, Schedule: backfill.Original}
	_, _, err = s.backfills.Start(ctx, auditActor, job, gaps, fillRate)
	if tooMany, ok := errors.AsType[*backfill.TooManyError](err); ok {
		gaps.To = tooMany.Cut
		_, _, err = s.backfills.Start(ctx, auditActor, job, gaps, fillRate)
	}
	if err != nil {
		return until, fmt.Errorf("fill the gaps of a job: %w", err)
	}
	return gaps.To, nil
}
