package call

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/credential"
	"github.com/carillon-cron/carillon/services/runner/internal/dial"
	"github.com/carillon-cron/carillon/services/runner/internal/mask"
	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// Target is what the runs of a job's revision call. It is safe for concurrent use.
type Target struct {
	route *route
	form  *form
	check *answer.Check
	err   error // why it can never be called

	// callbackURL is as in Config.
	callbackURL func(wire.Run, *wire.Call) string

	timeout  *dial.Timeout
	timeouts carillon.Timeouts
}

// Prepare makes the target of a call ready. What is wrong with it, which validation
// should have refused, becomes the result of its attempts.
func (c *Client) Prepare(call *wire.Call) *Target {
	t := &Target{route: c.of(call.Namespace), callbackURL: c.callbackURL, timeout: &dial.Timeout{Awaited: "complete answer", Limit: time.Duration(call.Target.Timeout)}}
	if call.Target.Timeouts != nil {
		t.timeouts = *call.Target.Timeouts
	}
	var formErr, checkErr error
	t.form, formErr = newForm(call)
	t.check, checkErr = call.Target.Success.Compile()
	t.err = errors.Join(formErr, checkErr)
	return t
}

// Call makes the request of run.Attempt and waits for what comes of it. If ctx
// ends first, the attempt's class is interrupted, and its error the cause.
func (t *Target) Call(ctx context.Context, run wire.Run, traceparent string) wire.Attempt {
	attempt := wire.Attempt{Number: run.Attempt, StartedAt: time.Now().UTC()}
	hidden, err := t.form.mask(), t.err
	if err == nil {
		err = t.attempt(ctx, run, traceparent, &attempt, hidden)
	}
	attempt.FinishedAt = time.Now().UTC()
	switch {
	case attempt.Status != 0 && !t.good(attempt.Status):
		attempt.Class, attempt.Error = wire.ClassStatus, "the target answered "+statusText(attempt.Status)
	case err != nil && ctx.Err() != nil:
		attempt.Class, attempt.Error = wire.ClassInterrupted, context.Cause(ctx).Error()
	case err != nil:
		attempt.Class, attempt.Error = classify(err)
	}
	attempt.Error, attempt.Response = hidden.Clean(attempt.Error), hidden.Clean(attempt.Response)
	return attempt
}

// Clean takes out of a text what the target was sent to be proven to or filled with,
// as far as that is known now: it may say so long after the call.
func (t *Target) Clean(text string) string {
	hidden := t.form.mask()
	if hidden == nil || text == "" {
		return text
	}
	t.route.prover.Hide(t.form.call, t.form.secrets, hidden)
	return hidden.Clean(text)
}

// attempt fills in the status and the response as far as they come, in time. What
// must not be kept of them, nor of the error, is added to the mask.
func (t *Target) attempt(ctx context.Context, run wire.Run, traceparent string, attempt *wire.Attempt, hidden *mask.Mask) error {
	ctx, cancel := context.WithTimeoutCause(ctx, t.timeout.Limit, t.timeout)
	defer cancel()
	ctx, release := limited(ctx, t.timeouts)
	defer release()
	err := t.do(ctx, run, traceparent, attempt, hidden)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = context.Cause(ctx)
	}
	return err
}

func (t *Target) do(ctx context.Context, run wire.Run, traceparent string, attempt *wire.Attempt, hidden *mask.Mask) error {
	secrets, err := t.route.prover.Reveal(t.form.call.Namespace, t.form.secrets, hidden)
	if err != nil {
		return err
	}
	request, err := t.form.request(ctx, run, secrets, traceparent)
	if err != nil {
		return err
	}
	if err := t.offerCallback(request, run, hidden); err != nil {
		return err
	}
	host := request.URL.Host
	response, err := t.send(request, run, hidden)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	attempt.Status = response.StatusCode
	if !t.good(response.StatusCode) {
		heedRetryAfter(response, host, attempt)
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return nil // what follows is no body, and its reads have no limit of time
	}
	attempt.Response, err = t.read(response.Body, t.check.ReadsBody() && !t.takenOn(response.StatusCode))
	return err
}

// send makes the request, with the proof that the call asks for, if any.
func (t *Target) send(request *http.Request, run wire.Run, hidden *mask.Mask) (*http.Response, error) {
	if credential.Needed(t.form.call) {
		return t.route.prover.Do(&t.route.Client, request, run.ID, t.form.call, hidden)
	}
	return t.route.Do(request)
}

// good reports whether an answer's status is no failure.
func (t *Target) good(status int) bool { return t.takenOn(status) || t.check.Status(status) }

// read returns the start of a body, and what is wrong with it, if it is to be judged.
func (t *Target) read(body io.Reader, judged bool) (string, error) {
	if !judged {
		start, _, err := capture(body, captured)
		return clean(start), err
	}
	start, whole, err := capture(body, answer.Limit)
	kept := clean(start[:min(len(start), captured)])
	if err != nil {
		return kept, err
	}
	return kept, t.judge(start, whole)
}

// judge returns an unmet for a body that is not good.
func (t *Target) judge(start []byte, whole bool) error {
	if err := t.check.Body(start, whole); err != nil {
		return &unmet{err}
	}
	return nil
}

// unmet is the error of a body that is not what the job asks for.
type unmet struct{ error }

func (u *unmet) Unwrap() error { return u.error }
