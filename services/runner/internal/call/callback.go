package call

import (
	"errors"
	"net/http"

	"github.com/carillon-cron/carillon/shared/wire"
)

// errNoCallbackURL says that a call wants an address which this runner cannot give.
var errNoCallbackURL = errors.New("target.callback needs an address to call back at: CARILLON_PUBLIC_URL is not set at the runner")

// offerCallback tells the target where to call back, if the call wants it to.
func (t *Target) offerCallback(request *http.Request, run wire.Run) error {
	if t.form.call.Target.Callback == nil {
		return nil
	}
	if t.callbackURL == nil {
		return errNoCallbackURL
	}
	request.Header["Carillon-Callback-Url"] = []string{t.callbackURL(run, t.form.call)}
	return nil
}
