package api

import (
	"bytes"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/google/uuid"
)

// unequivocal refuses parameters that would be taken for something else than they
// say: one that is given again, of which huma takes the first; an empty one among
// several, with which huma takes none of them; and the zero UUID, which in Go is none.
func (a *API) unequivocal(ctx huma.Context, next func(huma.Context)) {
	faults := equivocal(ctx)
	if len(faults) == 0 {
		next(ctx)
		return
	}
	_ = huma.WriteErr(a.huma, ctx, http.StatusUnprocessableEntity, "validation failed", faults...) // it logs what it cannot write
}

func equivocal(ctx huma.Context) (faults []error) {
	given := humafiber.Unwrap(ctx).Context().QueryArgs()
	blame := func(p *huma.Param, message string) {
		faults = append(faults, &huma.ErrorDetail{Location: "query." + p.Name, Message: message})
	}
	for _, p := range ctx.Operation().Parameters {
		if p.In != "query" {
			continue
		}
		values := given.PeekMulti(p.Name)
		switch {
		case len(values) > 1 && (p.Explode == nil || !*p.Explode):
			blame(p, "is given more than once")
		case len(values) > 1 && holdsEmpty(values):
			blame(p, "must not be empty")
		case len(values) == 1 && p.Schema.Format == "uuid" && string(values[0]) == uuid.Nil.String():
			blame(p, "must not be zero")
		}
	}
	return faults
}

func holdsEmpty(values [][]byte) bool {
	for _, value := range values {
		if len(bytes.TrimSpace(value)) == 0 {
			return true
		}
	}
	return false
}

// longestValue bounds parameters of the query that name no bound of their own. In
// characters.
const longestValue = 1000

// boundParameters gives each parameter of the query that takes any text a bound,
// which the OpenAPI document shows. All routes are there by then.
func (a *API) boundParameters() {
	for _, op := range operations(a.huma.OpenAPI()) {
		for _, p := range op.Parameters {
			schema := p.Schema
			if schema.Items != nil {
				schema = schema.Items
			}
			if p.In == "query" && schema.Type == huma.TypeString && schema.MaxLength == nil {
				most := longestValue
				schema.MaxLength = &most
				schema.PrecomputeMessages()
			}
		}
	}
}
