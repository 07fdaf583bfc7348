package topology

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// The streams of what the recorder is told beside outcomes, until it has acted on it.
const (
	// SignalsStream holds each wire.Ping.
	SignalsStream = "SIGNALS"
	// AlertsStream holds each wire.Alert. It is apart, so that no flood of pings keeps
	// alerts out or waiting.
	AlertsStream = "ALERTS"
)

const (
	// mostSignals bounds what waits while Postgres is away. Beyond it, or beyond
	// what one subject may hold, the server refuses more, and who pings is told to
	// come again: one noisy job does not crowd out the others.
	mostSignals        = 64 << 20
	mostAlerts         = 16 << 20
	mostSignalsOfOne   = 100
	signalAckWait      = 30 * time.Second
	mostSignalsInHands = 1000
)

// AlertSignal is the subject of the news that something is wrong with a job, or is
// not any more.
func AlertSignal(job uuid.UUID) string { return alertPrefix + job.String() }

// PingSignal is the subject of the pings that come in under a token.
func PingSignal(token uuid.UUID) string { return pingPrefix + token.String() }

// PingToken is the token in the subject of a ping; false for any other subject.
func PingToken(subject string) (uuid.UUID, bool) {
	text, ok := strings.CutPrefix(subject, pingPrefix)
	token, err := uuid.Parse(text)
	return token, ok && err == nil
}

const (
	alertPrefix = "alert."
	pingPrefix  = "ping."
)

// SignalConsumer is the consumer of all that SIGNALS holds, or ALERTS.
func SignalConsumer() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: "signals", AckPolicy: jetstream.AckExplicitPolicy, AckWait: signalAckWait, MaxAckPending: mostSignalsInHands,
	}
}

func signals() jetstream.StreamConfig { return waiting(SignalsStream, pingPrefix, mostSignals) }
func alerts() jetstream.StreamConfig  { return waiting(AlertsStream, alertPrefix, mostAlerts) }

func waiting(name, prefix string, most int64) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: name, Subjects: []string{prefix + "*"},
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
		MaxBytes: most, MaxMsgsPerSubject: mostSignalsOfOne,
	}
}
