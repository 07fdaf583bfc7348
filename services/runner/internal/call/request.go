package call

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/credential"
	"github.com/carillon-cron/carillon/services/runner/internal/mask"
	"github.com/carillon-cron/carillon/shared/template"
	"github.com/carillon-cron/carillon/shared/wire"
)

// form is a request with blanks. What has no placeholders is complete in it, and
// shared by all requests made of it.
type form struct {
	call    *wire.Call
	address *url.URL           // of a host, at least
	url     *template.Template // nil if address is all
	header  http.Header
	blanks  map[string]*template.Template // headers with placeholders
	body    *template.Template
	filled  bool     // there is something to fill in
	secrets []string // that it is filled with
}

func newForm(call *wire.Call) (*form, error) {
	f := &form{call: call, header: http.Header{"User-Agent": {"Carillon"}, "Carillon-Job": {call.Job}}, blanks: map[string]*template.Template{}}
	for name, value := range call.Target.Headers {
		if err := f.set(http.CanonicalHeaderKey(name), value); err != nil {
			return nil, fmt.Errorf("the header %s %w", name, err)
		}
	}
	var err error
	if f.body, err = template.Read(call.Target.Body); err != nil {
		return nil, fmt.Errorf("the body %w", err)
	}
	if template.Has(call.Target.URL) {
		f.url, err = template.Read(call.Target.URL)
	} else {
		f.address, err = url.Parse(call.Target.URL)
	}
	f.secrets = f.secretsOf()
	f.filled = f.url != nil || len(f.blanks) > 0 || template.Has(call.Target.Body)
	return f, err
}

func (f *form) set(name, value string) (err error) {
	if template.Has(value) {
		f.blanks[name], err = template.Read(value)
		return err
	}
	f.header[name] = []string{value}
	return nil
}

// secretsOf lists the secrets that the templates name.
func (f *form) secretsOf() (names []string) {
	for _, read := range append(slices.Collect(maps.Values(f.blanks)), f.url, f.body) {
		if read != nil {
			names = append(names, read.Secrets()...)
		}
	}
	return names
}

// mask returns one for an attempt, or nil where nothing is secret.
func (f *form) mask() *mask.Mask {
	if f == nil || len(f.secrets) == 0 && !credential.Needed(f.call) && f.call.Target.Callback == nil {
		return nil
	}
	return &mask.Mask{}
}

// request builds what the target receives. Idempotency-Key, Carillon-Job and
// Carillon-Fire-Time are the same for every attempt of a run.
func (f *form) request(ctx context.Context, run wire.Run, secrets map[string]string, traceparent string) (*http.Request, error) {
	var values *template.Values
	if f.filled {
		values = f.values(run, secrets)
	}
	request, err := http.NewRequestWithContext(ctx, f.call.Target.Method, "", strings.NewReader(f.body.Fill(values, nil)))
	if err != nil {
		return nil, err
	}
	if request.URL = f.address; f.url != nil {
		if request.URL, err = url.Parse(f.url.Fill(values, template.InURL)); err != nil {
			return nil, err
		}
	}
	request.Host = request.URL.Host
	request.Header = f.headers(values, run, traceparent)
	return request, nil
}

func (f *form) headers(values *template.Values, run wire.Run, traceparent string) http.Header {
	header := make(http.Header, len(f.header)+len(f.blanks)+4)
	maps.Copy(header, f.header)
	for name, blank := range f.blanks {
		header[name] = []string{blank.Fill(values, nil)}
	}
	header["Idempotency-Key"] = []string{run.ID.String()}
	header["Carillon-Fire-Time"] = []string{run.FireTime.Format(time.RFC3339Nano)}
	header["Carillon-Attempt"] = []string{strconv.Itoa(run.Attempt)}
	if run.RedriveOf != nil {
		header["Carillon-Redrive-Of"] = []string{run.RedriveOf.String()}
	}
	header["Traceparent"] = []string{traceparent}
	return header
}

func (f *form) values(run wire.Run, secrets map[string]string) *template.Values {
	return &template.Values{
		FireTime: run.FireTime, RunID: run.ID.String(), Attempt: run.Attempt,
		JobID: f.call.JobID.String(), Job: f.call.Job, Namespace: f.call.Namespace, Revision: f.call.Revision,
		Secrets: secrets,
	}
}
