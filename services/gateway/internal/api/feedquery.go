package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/contrib/websocket"
	"github.com/google/uuid"
)

// eventStream is the media type of server-sent events.
const eventStream = "text/event-stream"

const shortestCoalesce, longestCoalesce = 100 * time.Millisecond, 10 * time.Second

// feedQuery is what a client of the feed asks for.
type feedQuery struct {
	Namespace string           `query:"namespace" doc:"Only runs of this namespace."`
	JobID     uuid.UUID        `query:"job_id" format:"uuid" doc:"Only runs of this job."`
	Label     string           `query:"label" maxLength:"1000" doc:"Only runs of jobs with all these labels." example:"team=billing,env=prod"`
	State     []carillon.State `query:"state,explode" enum:"queued,running,retrying,succeeded,failed,cancelled,skipped,missed,expired,lost" doc:"Only events after which the run is in this state; may be given several times."`
	Kind      []carillon.Kind  `query:"kind,explode" enum:"schedule,manual,backfill" doc:"Only runs of this kind; may be given several times."`
	Since     int64            `query:"since" default:"-1" minimum:"-1" doc:"Begin after the event with this sequence; by default with what comes next."`
	Coalesce  string           `query:"coalesce" doc:"Send at most once in this time, from 100ms to 10s, and of each job only its last event." example:"500ms"`

	filter          feed.Filter
	coalesce        time.Duration
	upgrade, stream bool // what the request is to become
}

// Resolve reads what the parameters say.
func (q *feedQuery) Resolve(ctx huma.Context) (faults []error) {
	q.upgrade = websocket.IsWebSocketUpgrade(humafiber.Unwrap(ctx))
	q.stream = strings.Contains(ctx.Header("Accept"), eventStream)
	labels, err := parseLabels(q.Label)
	if err != nil {
		faults = append(faults, &huma.ErrorDetail{Location: "query.label", Message: badLabels, Value: q.Label})
	}
	q.filter = feed.Filter{Namespace: q.Namespace, Job: q.JobID, Labels: labels, States: q.State, Kinds: q.Kind}
	if fault := q.readCoalesce(); fault != nil {
		faults = append(faults, fault)
	}
	if last := ctx.Header("Last-Event-ID"); q.stream && last != "" {
		if q.Since, err = strconv.ParseInt(last, 10, 64); err != nil || q.Since < 0 {
			faults = append(faults, &huma.ErrorDetail{Location: "header.Last-Event-ID", Message: "must be the id of an event", Value: last})
		}
	}
	return faults
}

func (q *feedQuery) readCoalesce() error {
	if q.Coalesce == "" {
		return nil
	}
	var err error
	q.coalesce, err = time.ParseDuration(q.Coalesce)
	if err != nil || q.coalesce < shortestCoalesce || q.coalesce > longestCoalesce {
		return &huma.ErrorDetail{Location: "query.coalesce", Message: "must be a duration from 100ms to 10s", Value: q.Coalesce}
	}
	return nil
}

const badLabels = "must look like team=billing,env=prod"

func parseLabels(selector string) (map[string]string, error) {
	labels := map[string]string{}
	if selector == "" {
		return labels, nil
	}
	for pair := range strings.SplitSeq(selector, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || key == "" {
			return nil, invalidQuery("label", badLabels)
		}
		labels[key] = value
	}
	return labels, nil
}
