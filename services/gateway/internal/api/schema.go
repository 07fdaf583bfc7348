package api

import (
	"reflect"
	"strings"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// Package-wide settings of huma, for there is no other way to set them: names of
// fields are case-sensitive, and lists are never null.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
}

// schemas is where the OpenAPI document keeps its schemas.
const schemas = "#/components/schemas/"

// documentConfig describes the API as a whole.
func documentConfig() huma.Config {
	registry := huma.NewMapRegistry(schemas, schemaName)
	registry.RegisterTypeAlias(reflect.TypeFor[carillon.Duration](), reflect.TypeFor[durationText]())
	registry.RegisterTypeAlias(reflect.TypeFor[uuid.UUID](), reflect.TypeFor[uuidText]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			Info: &huma.Info{Title: "Carillon", Version: "1", Description: introduction},
			Tags: []*huma.Tag{{Name: jobsTag}, {Name: schedulesTag}, {Name: runsTag}, {Name: queuesTag}, {Name: pausesTag}, {Name: secretsTag}, {Name: alertsTag}, {Name: checksTag}, {Name: feedTag}, {Name: accessTag}},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					securityScheme: {Type: "http", Scheme: "bearer", Description: authentication},
					cookieScheme:   {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: sessionText},
				},
			},
		},
		Formats:                      huma.DefaultFormats,
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{tidy},
	}
}

// The tags, which are the sections of the docs page.
const (
	jobsTag      = "Jobs"
	schedulesTag = "Schedules"
	runsTag      = "Runs"
	queuesTag    = "Queues"
	pausesTag    = "Pauses"
	secretsTag   = "Secrets"
	alertsTag    = "Alerts"
	checksTag    = "Checks"
	feedTag      = "Feed"
	accessTag    = "Access"
)

const introduction = "Jobs that call HTTP endpoints on a schedule, and what became of every single fire."

const authentication = "An API key, sent as `Authorization: Bearer car_…`. " +
	"Each operation names the least role that a key needs: viewer, operator, editor or admin; each may do all that the ones before it may. " +
	"A key may be for some namespaces only: what is beyond them is not found, and writing there is refused."

const sessionText = "The cookie of a browser that is logged in, by `POST /api/v1/session` or OpenID Connect. Over HTTPS its name begins with `__Host-`. " +
	"Requests from the pages of other sites are refused."

// schemaName gives huma's own types the API's words, and keeps what the feed
// says of a run apart from what the ledger says.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[huma.ErrorModel]():
		return "Problem"
	case t == reflect.TypeFor[huma.ErrorDetail]():
		return "Fault"
	case t == reflect.TypeFor[feed.Message]():
		return "FeedEvent"
	case strings.HasSuffix(t.PkgPath(), "/wire"):
		return "Feed" + t.Name()
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// uuidText is how an id looks, also where no tag says so.
type uuidText struct{}

// Schema returns the schema of an id.
func (uuidText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid"}
}

// durationText is how a duration looks in JSON. JSON Schema's own format of that
// name is ISO 8601, which this is not; so it is a pattern.
type durationText struct{}

// Schema returns the schema of a duration.
func (durationText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Examples: []any{"1h30m"},
		Pattern:            `^-?([0-9]+d)?([0-9]+(\.[0-9]+)?(h|ms|m|s|us|µs|ns))*$`,
		PatternDescription: `a duration like "90s", "1h30m" or "7d"`,
	}
}
