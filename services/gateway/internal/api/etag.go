package api

import (
	"strconv"
	"strings"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/danielgtaylor/huma/v2"
)

// etag is the entity tag of a revision (RFC 9110, 8.8.3). A job as it is shown
// depends on nothing else, so it is a strong one.
func etag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// jobAnswer is a job, and what to send to change no other revision.
type jobAnswer struct {
	ETag string `header:"ETag" doc:"The revision, for If-Match." example:"\"3\""`
	Body carillon.Job
}

func answerWithJob(job carillon.Job, err error) (*jobAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &jobAnswer{etag(job.Revision), job}, nil
}

// Precondition is the part of an input that says which revision was seen.
type Precondition struct {
	IfMatch string `header:"If-Match" maxLength:"1000" doc:"Change the job only if it has this revision, as ETag says; otherwise the answer is 412, with the ETag that it has. Several may be given, or * for any." example:"\"3\""`

	match jobstore.Match
}

// Resolve reads the header as RFC 9110, 13.1.1, says: the comparison is the strong
// one, so a weak tag matches nothing.
func (p *Precondition) Resolve(huma.Context) []error {
	text := strings.TrimSpace(p.IfMatch)
	if text == "" || text == "*" {
		return nil // a job that is not there is not found, whatever it should match
	}
	p.match = jobstore.Match{}
	for tag := range strings.SplitSeq(text, ",") {
		tag = strings.TrimSpace(tag)
		opaque, isWeak := strings.CutPrefix(tag, "W/")
		if len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' || strings.Contains(opaque[1:len(opaque)-1], `"`) {
			return []error{&huma.ErrorDetail{Location: "header.If-Match", Message: `must be an ETag of the job, in its quotes, like "3"; or *`}}
		}
		// What is not a revision was never a job's tag.
		if revision, err := strconv.ParseInt(opaque[1:len(opaque)-1], 10, 64); err == nil && !isWeak && etag(revision) == opaque {
			p.match = append(p.match, revision)
		}
	}
	return nil
}
