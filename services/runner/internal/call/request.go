package call

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
)

// newRequest builds what the target receives. Idempotency-Key, Carillon-Job and
// Carillon-Fire-Time are the same for every attempt of a run.
func newRequest(ctx context.Context, run wire.Run, call *wire.Call, traceparent string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, call.Target.Method, call.Target.URL, strings.NewReader(call.Target.Body))
	if err != nil {
		return nil, err
	}
	header := make(http.Header, len(call.Target.Headers)+6)
	header["User-Agent"] = []string{"Carillon"}
	for name, value := range call.Target.Headers {
		header.Set(name, value)
	}
	header["Idempotency-Key"] = []string{run.ID.String()}
	header["Carillon-Job"] = []string{call.Job}
	header["Carillon-Fire-Time"] = []string{run.FireTime.Format(time.RFC3339Nano)}
	header["Carillon-Attempt"] = []string{strconv.Itoa(run.Attempt)}
	if run.RedriveOf != nil {
		header["Carillon-Redrive-Of"] = []string{run.RedriveOf.String()}
	}
	header["Traceparent"] = []string{traceparent}
	request.Header = header
	return request, nil
}
