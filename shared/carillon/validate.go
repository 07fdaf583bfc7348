package carillon

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/template"
)

// Limits on what a document may hold. The last one keeps the messages that
// carry it well below the 1 MiB that NATS takes by default: as JSON, a body of
// quotes or brackets is several times its own size.
const (
	maxLabels     = 32
	maxLabelBytes = 63
	maxURLBytes   = 2048
	maxBodyBytes  = 256 << 10
	maxTimeout    = time.Hour
	maxAttempts   = 50
	maxQueued     = 100
	maxCatchUp    = 10_000
	maxBackoff    = 24 * time.Hour
	maxDeadline   = 30 * 24 * time.Hour
	maxCallback   = 24 * time.Hour
	maxBytes      = 768 << 10
)

var (
	slugPattern   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	namePattern   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$`)
	methodPattern = regexp.MustCompile(`^[A-Z]{1,16}$`)
)

// Validate returns a fault.Faults that names every faulty field of a document
// with its defaults filled in, or nil. It needs nothing but the document: that
// the queue exists, or that the name is free, is for the store to say.
func (d Document) Validate() error {
	var faults fault.Faults
	checkSlug(&faults, "namespace", d.Namespace)
	checkSlug(&faults, "queue", d.Queue)
	checkName(&faults, "name", d.Name)
	_, err := d.Schedule.Compile(d.Name)
	faults.Nest("schedule", err)
	faults.Nest("target", d.Target.validate())
	faults.Nest("retry", d.Retry.validate())
	faults.Nest("catch_up", d.CatchUp.validate())
	faults.Nest("labels", CheckLabels(d.Labels))
	faults.Nest("alerts", d.Alerts.validate())
	faults.Nest("adaptive", d.validateAdaptive())
	if !d.Overlap.Valid() {
		faults.Add("overlap", "must be skip, allow, queue or replace, not %.40q", d.Overlap)
	}
	if d.MaxQueued < 0 || d.MaxQueued > maxQueued {
		faults.Add("max_queued", "must be from 1 to %d, not %d", maxQueued, d.MaxQueued)
	}
	if d.Deadline < 0 || time.Duration(d.Deadline) > maxDeadline {
		faults.Add("deadline", "must be above 0 and at most 30d, or left out, not %s", d.Deadline)
	}
	faults.Nest("", d.checkSize())
	return faults.Err()
}

func (d Document) checkSize() error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if len(text) > maxBytes {
		return fmt.Errorf("must be at most %d KiB as JSON, not %d; escaped characters count in full", maxBytes>>10, len(text)>>10)
	}
	return nil
}

func checkSlug(faults *fault.Faults, field, value string) {
	if !slugPattern.MatchString(value) {
		faults.Add(field, "must be 1 to 63 lower-case letters, digits or '-', and start and end with a letter or digit")
	}
}

func checkName(faults *fault.Faults, field, value string) {
	if !namePattern.MatchString(value) {
		faults.Add(field, "must be 1 to 100 letters, digits, '.', '_' or '-', and start and end with a letter or digit, like nightly-report")
	}
}

// CheckLabels returns a fault.Faults that says what is wrong with labels of a job, or
// nil.
func CheckLabels(labels map[string]string) error {
	var faults fault.Faults
	if len(labels) > maxLabels {
		faults.Add("", "must be at most %d labels, not %d", maxLabels, len(labels))
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		value := labels[key]
		if !namePattern.MatchString(key) || len(key) > maxLabelBytes || len(value) > maxLabelBytes || !printable(value) {
			faults.Add("", "label %.70q must have a key of letters, digits, '.', '_' or '-', and key and value of at most %d printable characters", key, maxLabelBytes)
		}
	}
	return faults.Err()
}

func (t Target) validate() error {
	var faults fault.Faults
	if !methodPattern.MatchString(t.Method) || t.Method == "CONNECT" || t.Method == "TRACE" {
		faults.Add("method", "must be an HTTP method in capitals, like POST or GET")
	}
	if problem := urlProblem(t.URL); problem != "" {
		faults.Add("url", "%s", problem)
	}
	faults.Nest("headers", validateHeaders(t.Headers))
	faults.Nest("auth", t.Auth.validate(&t))
	faults.Nest("signing", t.Signing.validate(&t))
	if len(t.Body) > maxBodyBytes {
		faults.Add("body", "must be at most 256 KiB, not %d bytes", len(t.Body))
	} else {
		faults.Nest("body", templateProblem(t.Body))
	}
	if t.Timeout <= 0 || time.Duration(t.Timeout) > maxTimeout {
		faults.Add("timeout", "must be above 0 and at most 1h, not %s", t.Timeout)
	}
	faults.Nest("timeouts", t.Timeouts.validate())
	_, err := t.Success.Compile()
	faults.Nest("success", err)
	if c := t.Callback; c != nil && (c.TTL <= 0 || time.Duration(c.TTL) > maxCallback) {
		faults.Add("callback.ttl", "must be above 0 and at most 24h, not %s", c.TTL)
	}
	return faults.Err()
}

func (t *Timeouts) validate() error {
	if t == nil {
		return nil
	}
	var faults fault.Faults
	for _, limit := range []struct {
		field string
		value Duration
		most  time.Duration
	}{{"connect", t.Connect, time.Minute}, {"tls", t.TLS, time.Minute}, {"first_byte", t.FirstByte, maxTimeout}} {
		if limit.value < 0 || time.Duration(limit.value) > limit.most {
			faults.Add(limit.field, "must be above 0 and at most %s, not %s", Duration(limit.most), limit.value)
		}
	}
	return faults.Err()
}

func templateProblem(text string) error {
	_, err := template.Read(text)
	return err
}

func (r Retry) validate() error {
	var faults fault.Faults
	if r.MaxAttempts < 1 || r.MaxAttempts > maxAttempts {
		faults.Add("max_attempts", "must be from 1 to %d, not %d", maxAttempts, r.MaxAttempts)
	}
	if r.MinBackoff <= 0 || time.Duration(r.MinBackoff) > maxBackoff {
		faults.Add("min_backoff", "must be above 0 and at most 24h, not %s", r.MinBackoff)
	}
	if r.MaxBackoff < r.MinBackoff || time.Duration(r.MaxBackoff) > maxBackoff {
		faults.Add("max_backoff", "must be from min_backoff (%s) to 24h, not %s", r.MinBackoff, r.MaxBackoff)
	}
	faults.Nest("on", validateRules(r.On))
	return faults.Err()
}

func (c CatchUp) validate() error {
	var faults fault.Faults
	if !c.Policy.Valid() {
		faults.Add("policy", "must be latest, skip or all, not %.40q", c.Policy)
	}
	if c.Window < 0 {
		faults.Add("window", "must not be negative, is %s", c.Window)
	}
	if c.Max < 0 || c.Max > maxCatchUp {
		faults.Add("max", "must be from 1 to %d, not %d", maxCatchUp, c.Max)
	}
	return faults.Err()
}
