package recorder

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/reschedule"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const (
	// passTimeout bounds a pass. What it did until then stays done, so the next one
	// gets further.
	passTimeout = 30 * time.Minute
	// askTimeout is longer than a gateway tries to write.
	askTimeout = 20 * time.Second
)

var (
	passSeconds = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "carillon_recorder_adaptive_pass_seconds", Help: "Duration of passes of adaptive rescheduling, failed ones included.",
		Buckets: prometheus.ExponentialBuckets(0.01, 3, 11),
	})
	passFailures = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_recorder_adaptive_failures_total", Help: "Passes of adaptive rescheduling that failed.",
	})
	passStatements = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_recorder_adaptive_statements_total", Help: "SQL statements of passes of adaptive rescheduling, those of the gateway included.",
	})
	adaptations = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_recorder_adaptations_total", Help: "Changes of adaptive rescheduling, by what came of them: applied, suggested or left.",
	}, []string{"result"})
)

// rescheduler makes passes of adaptive rescheduling, one at a time.
type rescheduler struct {
	pool  *pgxpool.Pool
	nc    *nats.Conn
	every time.Duration
	asked chan struct{}
}

func newRescheduler(pool *pgxpool.Pool, nc *nats.Conn, every time.Duration) *rescheduler {
	return &rescheduler{pool, nc, every, make(chan struct{}, 1)}
}

// run makes a pass whenever one is due or asked for, until ctx ends. Recorders side
// by side come at the same times, and one of them finds the lock free.
func (r *rescheduler) run(ctx context.Context) {
	subscription, err := r.nc.QueueSubscribe(topology.AdaptivePass, topology.AdaptivePass, r.answer)
	if err != nil {
		slog.Error("adaptive rescheduling cannot be asked for", "error", err)
	} else {
		defer func() { _ = subscription.Unsubscribe() }()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.asked:
		case <-r.due():
		}
		r.pass(ctx)
	}
}

// due comes at the next multiple of the interval; never if there is none.
func (r *rescheduler) due() <-chan time.Time {
	if r.every == 0 {
		return nil
	}
	return time.After(time.Until(time.Now().Truncate(r.every).Add(r.every)))
}

// answer says whether the request is the one that has a pass begun.
func (r *rescheduler) answer(msg *nats.Msg) {
	begun := false
	select {
	case r.asked <- struct{}{}:
		begun = true
	default:
	}
	if err := msg.Respond(wire.Encode(wire.PassAnswer{Begun: begun})); err != nil {
		slog.Warn("no answer to who asked for a pass", "error", err)
	}
}

func (r *rescheduler) pass(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	begun := time.Now()
	report, err := reschedule.Run(ctx, r.pool, r.ask)
	if errors.Is(err, reschedule.ErrUnderWay) || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	took := time.Since(begun)
	passSeconds.Observe(took.Seconds())
	passStatements.Add(float64(report.Statements))
	for result, n := range map[string]int{"applied": report.Applied, "suggested": report.Suggested, "left": report.Left} {
		adaptations.WithLabelValues(result).Add(float64(n))
	}
	if err != nil {
		passFailures.Inc()
		slog.Warn("adaptive rescheduling did not get through, the next pass goes on", "error", err)
	}
	slog.Info("adaptive rescheduling", "jobs", report.Jobs, "applied", report.Applied, "suggested", report.Suggested,
		"left", report.Left, "statements", report.Statements, "seconds", took.Seconds())
}

func (r *rescheduler) ask(ctx context.Context, changes wire.Adaptations) (wire.Adapted, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	msg, err := r.nc.RequestWithContext(ctx, topology.Adaptations, wire.Encode(changes))
	if err != nil {
		return wire.Adapted{}, err
	}
	return wire.Decode[wire.Adapted](msg.Data)
}
