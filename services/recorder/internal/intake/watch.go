package intake

import "github.com/nats-io/nats.go"

// watch reports on the connection until stop is called.
func (c Config) watch() (stop func()) {
	changes := c.Connection.StatusChanged(nats.CONNECTED, nats.RECONNECTING)
	c.report(c.Connection.Status())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for status := range changes {
			c.report(status)
		}
	}()
	return func() {
		c.Connection.RemoveStatusListener(changes)
		<-done
	}
}

func (c Config) report(status nats.Status) {
	if status == nats.CONNECTED {
		c.Health.Ready("nats")
	} else {
		c.Health.NotReady("nats", "no connection")
	}
}
