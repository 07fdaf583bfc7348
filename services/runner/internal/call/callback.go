package call

import (
	"errors"
	"net/http"
	"strings"

	"github.com/carillon-cron/carillon/services/runner/internal/mask"
	"github.com/carillon-cron/carillon/shared/wire"
)

// errNoCallbackURL says that a call wants an address which this runner cannot give.
var errNoCallbackURL = errors.New("target.callback needs an address to call back at: CARILLON_PUBLIC_URL is not set at the runner")

// offerCallback tells the target where to call back, if the call wants it to. Who
// knows the address can end the run, so it is hidden: as a whole, and its token.
func (t *Target) offerCallback(request *http.Request, run wire.Run, hidden *mask.Mask) error {
	if t.form.call.Target.Callback == nil {
		return nil
	}
	if t.callbackURL == nil {
		return errNoCallbackURL
	}
	address := t.callbackURL(run, t.form.call)
	hidden.Hide(address, address[strings.LastIndexByte(address, '/')+1:])
	request.Header["Carillon-Callback-Url"] = []string{address}
	return nil
}

// takenOn reports whether a status says that the target will call back. Whether it
// was a success is for the callback to say then, not for the answer.
func (t *Target) takenOn(status int) bool {
	return status == http.StatusAccepted && t.form.call.Target.Callback != nil
}
