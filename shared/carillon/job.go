package carillon

import (
	"time"

	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

// Duration is a span of time written as "30s", "5m" or "1h30m".
type Duration = schedule.Duration

// Document is a job as a person writes it, in the API and in files.
// Only Name, Schedule and Target.URL are required; [Document.WithDefaults]
// fills in the rest.
type Document struct {
	Namespace string            `json:"namespace,omitempty" doc:"Tenant that the job belongs to." default:"default" maxLength:"63" example:"default"`
	Name      string            `json:"name" doc:"Unique in its namespace: letters, digits, '.', '_' and '-'." maxLength:"100" example:"nightly-report"`
	Labels    map[string]string `json:"labels,omitempty" doc:"Free marks to find jobs by." example:"{\"team\":\"billing\"}"`
	Schedule  schedule.Spec     `json:"schedule" doc:"When the job fires: exactly one of its forms, and a time zone."`
	Target    Target            `json:"target" doc:"The HTTP call that a fire makes."`
	Retry     Retry             `json:"retry,omitzero" doc:"What a failed call is worth."`
	Overlap   Overlap           `json:"overlap,omitempty" doc:"What a fire does while the job's last run is still in flight." enum:"skip,allow,queue,replace" default:"skip"`
	MaxQueued int               `json:"max_queued,omitempty" doc:"With overlap queue: how many fires wait at most; 1 by default. Further ones are skipped." minimum:"1" maximum:"100"`
	CatchUp   CatchUp           `json:"catch_up,omitzero" doc:"What becomes of fires that were missed while nobody planned."`
	Queue     string            `json:"queue,omitempty" doc:"The queue whose limits hold for the job. One of the queue default that calls a host of another queue's rules runs in that queue." default:"default" maxLength:"63" example:"default"`
	Deadline  Duration          `json:"deadline,omitempty" doc:"Longest wait in the queue for the first call; a run that waited longer expires without a call. No limit by default." example:"10m"`
	Alerts    *Alerts           `json:"alerts,omitempty" doc:"What raises an alert: by default each failed run, each missed and each unexplained fire."`
	Paused    bool              `json:"paused,omitempty" doc:"A paused job does not fire; paused time is not missed time."`
}

// Target is the HTTP call that a run makes.
type Target struct {
	Method   string            `json:"method,omitempty" doc:"HTTP method." default:"POST" maxLength:"16" example:"POST"`
	URL      string            `json:"url" doc:"Absolute http or https address; behind its host it may have placeholders such as {{run_id}}." maxLength:"2048" example:"https://api.example.com/report"`
	Headers  map[string]string `json:"headers,omitempty" doc:"Request headers; their values may have placeholders." example:"{\"X-Kind\":\"full\"}"`
	Body     string            `json:"body,omitempty" doc:"Request body, up to 256 KiB; it may have placeholders." maxLength:"262144"`
	Timeout  Duration          `json:"timeout,omitempty" doc:"Limit for one whole attempt, from dialling to the last byte; 30s by default." example:"30s"`
	Auth     *Auth             `json:"auth,omitempty" doc:"How the call proves who makes it; by default not at all."`
	Signing  *Signing          `json:"signing,omitempty" doc:"Signs the call as Standard Webhooks says; by default not at all."`
	Timeouts *Timeouts         `json:"timeouts,omitempty" doc:"Limits for the parts of an attempt, within its timeout."`
	Success  *answer.Success   `json:"success,omitempty" doc:"Which answers are good; by default those with a status of 200 to 299."`
	Callback *Callback         `json:"callback,omitempty" doc:"For a target that works on after its answer: one that answers 202 calls back with how it went. Without it, 202 is a success like any other."`
}

// Timeouts are limits for the parts of an attempt.
type Timeouts struct {
	Connect   Duration `json:"connect,omitempty" doc:"From looking up the host to the connection, a proxy's part included; 10s by default." example:"5s"`
	TLS       Duration `json:"tls,omitempty" doc:"The TLS handshake; 10s by default." example:"5s"`
	FirstByte Duration `json:"first_byte,omitempty" doc:"From the connection to the answer's first byte, the sending of the request included; without it, only the timeout holds." example:"10s"`
}

// Callback says how long a target that has answered 202 may take to call back.
// Until then its run is in flight, and holds no slot.
type Callback struct {
	TTL Duration `json:"ttl,omitempty" doc:"From the 202 on; 1h by default, at most 24h. Without a callback by then the attempt has failed with class timeout." example:"1h"`
}

// Retry says how often a failed call is tried and how long to wait between.
// Attempt n+1 waits a random time up to MinBackoff·2ⁿ⁻¹, at most MaxBackoff
// (exponential backoff with full jitter).
type Retry struct {
	MaxAttempts int      `json:"max_attempts,omitempty" doc:"Calls in all, the first included." default:"3" minimum:"1" maximum:"50"`
	MinBackoff  Duration `json:"min_backoff,omitempty" doc:"Ceiling of the wait before the second attempt; it doubles from there; 1s by default." example:"1s"`
	MaxBackoff  Duration `json:"max_backoff,omitempty" doc:"Longest wait; 5m by default." example:"5m"`
	On          []string `json:"on,omitempty" doc:"Which failures are tried again: connect, dns, tls, timeout, protocol, assertion, auth, and statuses like 503, 5xx or 500-504. By default all but statuses 300 to 499, without 408, 425 and 429. What is blocked or too_large never is." maxItems:"32" example:"[\"timeout\",\"connect\",\"5xx\",\"429\"]"`
}

// CatchUp says what becomes of missed fires: those that came due while no
// planner was there to plan them.
type CatchUp struct {
	Policy CatchUpPolicy `json:"policy,omitempty" doc:"Which missed fires still run." enum:"latest,skip,all" default:"latest"`
	Window Duration      `json:"window,omitempty" doc:"A fire missed by more than this never runs; 1h by default." example:"1h"`
	Max    int           `json:"max,omitempty" doc:"With policy all: how many of the missed fires run, the newest ones; 100 by default." minimum:"1" maximum:"10000"`
}

// Job is a stored document.
type Job struct {
	ID            uuid.UUID `json:"id" doc:"Stable id." format:"uuid"`
	Revision      int64     `json:"revision" doc:"Counts the changes, from 1."`
	EffectiveFrom time.Time `json:"effective_from" doc:"This revision holds for fire times from here on."`
	Document
}

// WithDefaults returns the document with every unset optional field filled in,
// so that what is stored, shown and run says its effective policies. What every
// message of a run carries, its Target.Timeouts and Target.Success, stays out where
// it is not given.
func (d Document) WithDefaults() Document {
	fill(&d.Namespace, "default")
	fill(&d.Target.Method, "POST")
	fill(&d.Target.Timeout, Duration(30*time.Second))
	d.Target.Callback = d.Target.Callback.withDefaults()
	fill(&d.Retry.MaxAttempts, 3)
	fill(&d.Retry.MinBackoff, Duration(time.Second))
	fill(&d.Retry.MaxBackoff, max(Duration(5*time.Minute), d.Retry.MinBackoff))
	fill(&d.Overlap, OverlapSkip)
	if d.Overlap == OverlapQueue {
		fill(&d.MaxQueued, 1)
	}
	fill(&d.CatchUp.Policy, CatchUpLatest)
	fill(&d.CatchUp.Window, Duration(time.Hour))
	if d.CatchUp.Policy == CatchUpAll {
		fill(&d.CatchUp.Max, 100)
	}
	fill(&d.Queue, DefaultQueue)
	return d
}

// withDefaults returns a copy: the document that c belongs to stays as it is.
func (c *Callback) withDefaults() *Callback {
	if c == nil {
		return nil
	}
	filled := *c
	fill(&filled.TTL, Duration(time.Hour))
	return &filled
}

func fill[T comparable](field *T, fallback T) {
	var zero T
	if *field == zero {
		*field = fallback
	}
}
