package writer

import (
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var poison = promauto.NewCounter(prometheus.CounterOpts{
	Name: "carillon_recorder_poison_events_total", Help: "Events set aside because they can never be recorded.",
})

// maxLoggedBody bounds what the log keeps of a poison event.
const maxLoggedBody = 8 << 10

// setAside removes an event that can never be recorded. The log is where it
// remains to be seen.
func setAside(msg jetstream.Msg, reason error) {
	poison.Inc()
	body := msg.Data()
	slog.Error("event set aside", "error", reason, "subject", msg.Subject(), "body", string(body[:min(len(body), maxLoggedBody)]))
	if err := msg.TermWithReason("cannot be recorded"); err != nil {
		slog.Warn("event not terminated", "error", err) // it comes again, and ends here again
	}
}
