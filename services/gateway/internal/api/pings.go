package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/google/uuid"
)

// maxPing is how much of what a job has to say is kept.
const maxPing = 4 << 10

const pingDescription = "For jobs that run elsewhere, which have no key: the token of the check says what they may. " +
	"Without more, the job has succeeded; `/start` says that it begins, `/fail` that it has failed, and a number is its exit code, as in " +
	"`curl -m 10 --retry 5 …/ping/$TOKEN/$?`. What is posted is kept with the check, up to 4 KiB. After 503, or no answer, ping again."

// routePings serves jobs that run elsewhere.
func (a *API) routePings() {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, tail := range []struct{ path, id, summary string }{
			{"", "", "Say that a job has succeeded"}, {"/{event}", "-event", "Say how a job is"},
		} {
			op := operation(method, carillon.PingPath+"{token}"+tail.path, strings.ToLower(method)+"-ping"+tail.id, checksTag, tail.summary,
				http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable)
			op.Description = pingDescription
			if tail.path == "" {
				huma.Register(a.huma, op, a.ping)
			} else {
				huma.Register(a.huma, op, a.pingEvent)
			}
		}
	}
}

// PingPath is where a ping goes.
type PingPath struct {
	Token uuid.UUID `path:"token" format:"uuid" doc:"That of the check."`
}

type pingInput struct {
	PingPath
	said
}

// PingEventPath is where a ping goes that says more.
type PingEventPath struct {
	PingPath
	Event string `path:"event" maxLength:"10" doc:"start, success, fail or an exit code." example:"fail"`
}

type pingEventInput struct {
	PingEventPath
	said
}

// said is the start of what a job posts, whatever it is, and where it came from.
type said struct {
	bearer
	text string
}

// Resolve lets huma fill it.
func (s *said) Resolve(ctx huma.Context) []error {
	body := humafiber.Unwrap(ctx).BodyRaw()
	s.text = strings.ToValidUTF8(strings.ReplaceAll(string(body[:min(len(body), maxPing)]), "\x00", ""), string(utf8.RuneError))
	return s.bearer.Resolve(ctx)
}

func (a *API) ping(ctx context.Context, in *pingInput) (*answer[pinged], error) {
	return a.takePing(ctx, in.bearer, in.Token, wire.Ping{Event: wire.PingSuccess, Message: in.text})
}

func (a *API) pingEvent(ctx context.Context, in *pingEventInput) (*answer[pinged], error) {
	said := wire.Ping{Event: wire.PingEvent(in.Event), Message: in.text}
	switch said.Event {
	case wire.PingStart, wire.PingSuccess, wire.PingFail:
	default:
		code, err := strconv.ParseUint(in.Event, 10, 16)
		if err != nil {
			return nil, invalid([]*huma.ErrorDetail{{Location: "path.event", Message: "must be start, success, fail or an exit code"}})
		}
		exit := int(code)
		said.ExitCode, said.Event = &exit, wire.PingSuccess
		if code != 0 {
			said.Event = wire.PingFail
		}
	}
	return a.takePing(ctx, in.bearer, in.Token, said)
}

// pinged is the answer to a ping.
type pinged struct {
	Event wire.PingEvent `json:"event" doc:"What was understood." enum:"start,success,fail"`
}

func (a *API) takePing(ctx context.Context, from bearer, token uuid.UUID, said wire.Ping) (*answer[pinged], error) {
	err := a.byToken(from, !a.Pings.Knows(token), func() error { return a.Pings.Take(ctx, token, said) })
	if err == nil && !a.Pings.Knows(token) {
		a.intruders.Take(from.address, tokenGuesses) // it was taken at its word, and may be made up
	}
	out, err := answerWith(pinged{said.Event}, err)
	return out, asProblem(err)
}
