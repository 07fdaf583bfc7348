package intake

import (
	"net/http"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// pinHeader, in a message, is the pin of the intake that is served.
const pinHeader = "Nats-Pin-Id"

// SetPace changes how fast messages may be taken; nil is without limit. A new pace
// begins without tokens.
func (in *Intake) SetPace(terms *Pace) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case terms == nil && in.pace == nil, terms != nil && in.pace != nil && *terms == in.pace.Pace:
		return
	case terms == nil:
		in.pace = nil
	case in.pace == nil:
		in.pace = newPace(*terms, time.Now())
	default:
		in.pace.change(*terms, time.Now())
	}
	in.late.Stop()
	in.armed = false
	in.askIfWorth()
}

// askAtPace asks for what the pace allows, now or when there is more. The lock is
// held.
func (in *Intake) askAtPace() {
	in.late.Stop()
	if in.closing {
		return
	}
	n, wait := in.pace.next(in.credit.asked(), in.credit.free(), time.Now())
	if n > 0 {
		in.ask(n)
		_, wait = in.pace.next(in.credit.asked(), in.credit.free(), time.Now())
	}
	if wait > 0 {
		in.late.Reset(wait)
	}
}

// terms is what a request says of the pace, as JSON after its other fields.
func (p *pace) terms() string {
	if p == nil {
		return ""
	}
	terms := `,"group":` + strconv.Quote(p.Group)
	if p.pin != "" {
		terms += `,"id":` + strconv.Quote(p.pin)
	}
	return terms
}

// admit spends a token for a message, and returns how long it has to wait for it.
// The lock is held.
func (in *Intake) admit(msg *nats.Msg) (wait time.Duration) {
	if in.pace == nil {
		return 0
	}
	return in.pace.spend(msg.Header.Get(pinHeader), time.Now())
}

// hold handles a message when its token is there, or hands it back at the end.
// Meanwhile it holds one of its consumer's places, which no other message could
// use: they all wait for later tokens.
func (in *Intake) hold(msg *nats.Msg, wait time.Duration) {
	select {
	case <-time.After(wait):
		in.labour(msg)
	case <-in.ended:
		_ = msg.Nak()
		in.done(msg, false)
	}
}

// keepPin has the server go on serving this intake while there is nothing to ask
// for: by a request that no message fits.
func (in *Intake) keepPin(now time.Time) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.pace == nil || !in.pace.keeps(in.credit.free(), now) {
		return
	}
	nobody := in.inbox + ".pin"
	_ = in.config.Conn.PublishRequest(in.request, nobody, []byte(`{"batch":1,"max_bytes":1,"expires":`+strconv.Itoa(int(tick))+in.pace.terms()+`}`))
}

// unpinned reads whether a server's word is that another intake is served. If so
// it drops what was asked for: nothing will come of it. The lock is held.
func (in *Intake) unpinned(msg *nats.Msg) bool {
	if msg.Header.Get("Status") != strconv.Itoa(http.StatusLocked) {
		return false
	}
	if in.pace != nil {
		in.pace.pin = ""
	}
	in.credit.reset()
	in.askIfWorth()
	return true
}

// letGo has the server serve another intake, at the end of this one.
func (in *Intake) letGo() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.pace == nil || in.pace.pin == "" {
		return
	}
	_ = in.config.Conn.PublishRequest("$JS.API.CONSUMER.UNPIN."+in.config.Stream+"."+in.config.Consumer, in.inbox, []byte("{"+in.pace.terms()[1:]+"}"))
}
