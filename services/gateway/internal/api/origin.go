package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// checkOrigin refuses a browser's page of another origin, which could use what the
// browser knows of this one. What is no browser sends no Origin.
func (a *API) checkOrigin(origin, host string) error {
	if origin == "" || slices.Contains(a.Origins, origin) {
		return nil
	}
	if page, err := url.Parse(origin); err == nil && strings.EqualFold(page.Host, host) {
		return nil
	}
	return huma.NewError(http.StatusForbidden, "a page of the origin "+origin+" may not follow the feed; CARILLON_ORIGINS names those that may")
}
