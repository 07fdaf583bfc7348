package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// unequivocal refuses parameters that would be taken for something else than they
// say: one that is given again, of which huma takes the first, and the zero UUID,
// which in Go is none.
func (a *API) unequivocal(ctx huma.Context, next func(huma.Context)) {
	faults := equivocal(ctx)
	if len(faults) == 0 {
		next(ctx)
		return
	}
	_ = huma.WriteErr(a.huma, ctx, http.StatusUnprocessableEntity, "validation failed", faults...) // it logs what it cannot write
}

func equivocal(ctx huma.Context) (faults []error) {
	address := ctx.URL()
	given := address.Query()
	for _, p := range ctx.Operation().Parameters {
		values := given[p.Name]
		switch {
		case p.In != "query":
		case len(values) > 1 && (p.Explode == nil || !*p.Explode):
			faults = append(faults, &huma.ErrorDetail{Location: "query." + p.Name, Message: "is given more than once"})
		case len(values) == 1 && p.Schema.Format == "uuid" && values[0] == uuid.Nil.String():
			faults = append(faults, &huma.ErrorDetail{Location: "query." + p.Name, Message: "must not be zero"})
		}
	}
	return faults
}
