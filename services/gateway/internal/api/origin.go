package api

import (
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
)

// ownPages are those of the address at which the API was asked.
var ownPages = http.NewCrossOriginProtection()

// followers returns the API's own pages and those of some origins, which have been
// checked.
func followers(origins []string) *http.CrossOriginProtection {
	pages := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := pages.AddTrustedOrigin(origin); err != nil {
			panic("api: " + err.Error()) // unreachable: the settings were checked
		}
	}
	return pages
}

// checkPage refuses what the page of another site has the browser send. With a
// cookie that is every write, for browsers send cookies by themselves. Of the feed
// it is everything: any page may open a WebSocket and read it, so it is checked like a
// write, whatever the proof; and only there the origins of the settings count.
func (a *API) checkPage(ctx huma.Context, proof credential) error {
	switch {
	case ctx.Operation().OperationID == followFeed:
		if !comesFrom(a.followers, http.MethodPost, ctx) {
			return huma.Error403Forbidden("the page of another site may not follow the feed; CARILLON_ORIGINS names the origins that may")
		}
	case proof.isCookie:
		return sameOrigin(ctx)
	}
	return nil
}

// sameOrigin refuses a write that comes from the page of another site.
func sameOrigin(ctx huma.Context) error {
	if !comesFrom(ownPages, ctx.Method(), ctx) {
		return huma.Error403Forbidden("this comes from the page of another site")
	}
	return nil
}

// comesFrom reports whether a request is none of a browser's page, or of one of
// those: by Sec-Fetch-Site, or by Origin in browsers without it. That needs no token
// that the page would have to learn, send and refresh, and cannot be forged by a
// page, for the browser sets both headers itself.
func comesFrom(pages *http.CrossOriginProtection, method string, ctx huma.Context) bool {
	header := http.Header{}
	for _, name := range []string{"Origin", "Sec-Fetch-Site"} {
		header.Set(name, ctx.Header(name))
	}
	return pages.Check(&http.Request{Method: method, Host: ctx.Host(), URL: &url.URL{}, Header: header}) == nil
}
