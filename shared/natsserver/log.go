package natsserver

import (
	"fmt"
	"log/slog"
)

// log passes on what the server warns of. What the server calls fatal ends its
// start; its own loggers would end the process.
type log struct{ fatal chan error }

func (log) Noticef(string, ...any) {}
func (log) Debugf(string, ...any)  {}
func (log) Tracef(string, ...any)  {}

// Warnf tells at a lower level: after a kill -9 the server warns of every file
// that it then puts right.
func (log) Warnf(format string, args ...any) {
	slog.Info("nats server", "warning", fmt.Sprintf(format, args...))
}

func (log) Errorf(format string, args ...any) {
	slog.Error("nats server", "error", fmt.Sprintf(format, args...))
}

func (l log) Fatalf(format string, args ...any) {
	select {
	case l.fatal <- fmt.Errorf(format, args...):
	default: // the first one says why
	}
}
