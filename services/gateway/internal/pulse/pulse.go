// Package pulse is the dead-man switch: a heartbeat to somebody outside, which stops
// when any part of Carillon is dead.
//
// Who is dead does not say so. So a beat is sent only after proof that everything
// lives: a run of a job of Carillon's own, not long ago, that a planner planned, a
// runner called, at the public address of the API, and a recorder wrote into
// Postgres, where it is found here. All of that went through NATS. A run by hand is
// no proof: no planner had a part in it. And it is sent by the gateway that tells
// people of alerts, if that has just looked for some. Whoever expects the beats, and
// does not get them, raises the alarm.
//
//	planner ─▶ RUNS ─▶ runner ─▶ GET /healthz
//	                     └─▶ OUTCOMES ─▶ recorder ─▶ runs ─▶ pulse ─▶ the address outside
//
// Not in the circle are the recorder's watch for alerts and its ear for signals, the
// audits, the relay, the channels, and the queues other than critical.
//
// The job is an ordinary one, with the name heartbeat in the namespace carillon; it
// is made at the start where it is missing. To pause it, or all jobs, stops the beats.
package pulse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var beats = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "carillon_gateway_heartbeats_total", Help: "Heartbeats due, by what became of them: sent, failed or withheld.",
}, []string{"result"})

// Config says what a pulse needs.
type Config struct {
	// URL is where beats go, Every how often.
	URL   string
	Every time.Duration
	// PublicURL is the address of the API, as the runners reach it.
	PublicURL string
}

// The name of the job that is the proof.
const (
	Namespace = "carillon"
	Name      = "heartbeat"
)

// slack is how much older than two periods a proof may be: a run takes its time from
// the fire to the ledger. It may lie as much ahead, for clocks differ; further on it
// would be one for ever.
const slack = 5 * time.Second

const (
	timeout = 5 * time.Second
	// deaf is for how long nobody may have looked for alerts to tell: longer than the
	// database takes to fail over.
	deaf = time.Minute
)

// Jobs is where the job is kept. Ensure makes it, or makes it what it should be.
type Jobs interface {
	Ensure(ctx context.Context, document carillon.Document) error
}

// Proofs knows the newest fire time of the schedule of the job with a name whose run
// succeeded; zero if there is none.
type Proofs interface {
	LastSuccess(ctx context.Context, namespace, name string) (time.Time, error)
}

// Pulse beats, if its config has a URL.
type Pulse struct {
	config Config
	jobs   Jobs
	proofs Proofs
	client *http.Client

	made   bool   // the job
	reason string // why there was no beat
}

// New returns a pulse that sends through a client.
func New(config Config, jobs Jobs, proofs Proofs, client *http.Client) *Pulse {
	return &Pulse{config: config, jobs: jobs, proofs: proofs, client: client}
}

// Run beats until ctx ends. Told says when alerts were last told, or looked at.
func (p *Pulse) Run(ctx context.Context, told func() time.Time) {
	if p.config.URL == "" {
		return
	}
	tick := time.NewTicker(p.config.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			p.beat(ctx, now, told())
		}
	}
}

// beat sends a beat if all is alive.
func (p *Pulse) beat(ctx context.Context, now, told time.Time) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := p.prove(ctx, now, told); err != nil {
		beats.WithLabelValues("withheld").Inc()
		p.tell("heartbeat withheld", err)
		return
	}
	if err := p.send(ctx); err != nil {
		beats.WithLabelValues("failed").Inc()
		p.tell("heartbeat not sent", err)
		return
	}
	beats.WithLabelValues("sent").Inc()
	p.reason = ""
}

// tell logs why there was no beat, once.
func (p *Pulse) tell(what string, err error) {
	if reason := err.Error(); reason != p.reason {
		p.reason = reason
		slog.Warn(what, "error", err)
	}
}

// prove fails unless a run has gone the whole way not long ago.
func (p *Pulse) prove(ctx context.Context, now, told time.Time) error {
	if now.Sub(told) > deaf {
		return errors.New("nobody has looked for alerts to tell for " + deaf.String())
	}
	if !p.made {
		if err := p.jobs.Ensure(ctx, p.document()); err != nil {
			return fmt.Errorf("make the job %s/%s: %w", Namespace, Name, err)
		}
		p.made = true
	}
	at, err := p.proofs.LastSuccess(ctx, Namespace, Name)
	if err != nil {
		return err
	}
	p.made = !at.IsZero() // it may have been deleted
	switch age := now.Sub(at); {
	case age < -slack:
		return errors.New("the job " + Namespace + "/" + Name + " has succeeded for " + at.UTC().Format(time.RFC3339) + ", which is yet to come: a clock is wrong")
	case age > 2*p.config.Every+slack:
		return errors.New("the job " + Namespace + "/" + Name + " has not succeeded since " + at.UTC().Format(time.RFC3339))
	}
	return nil
}

func (p *Pulse) document() carillon.Document {
	return carillon.Document{
		Namespace: Namespace, Name: Name, Queue: "critical",
		Schedule: schedule.Spec{Every: schedule.Duration(p.config.Every)},
		Target:   carillon.Target{Method: http.MethodGet, URL: p.config.PublicURL + "/healthz", Timeout: schedule.Duration(timeout)},
		Retry:    carillon.Retry{MaxAttempts: 1},
		CatchUp:  carillon.CatchUp{Policy: carillon.CatchUpSkip},
		Overlap:  carillon.OverlapAllow,
	}.WithDefaults()
}

func (p *Pulse) send(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.config.URL, nil)
	if err != nil {
		return errors.New("CARILLON_HEARTBEAT_URL is no address")
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return errors.Unwrap(err) // without the address, which may be secret
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 4<<10))
	if answer.StatusCode/100 != 2 {
		return errors.New("answered with " + answer.Status)
	}
	return nil
}
