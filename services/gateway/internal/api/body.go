package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
)

// payload is the raw body of a request. It is part of a route's input.
type payload struct {
	bytes       []byte
	contentType string
}

// Resolve lets huma fill the payload. The bytes are valid during the request.
func (p *payload) Resolve(ctx huma.Context) []error {
	p.bytes, p.contentType = humafiber.Unwrap(ctx).BodyRaw(), ctx.Header("Content-Type")
	return nil
}

// bodyOf describes the body of a route: its type, and one example.
func bodyOf[T any](a *API, example T) *huma.RequestBody {
	return jsonBody(a.schemas().Schema(reflect.TypeFor[T](), true, ""), example)
}

func jsonBody(schema *huma.Schema, example any) *huma.RequestBody {
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: schema, Example: example},
	}}
}

// optional lets a body be left out.
func optional(body *huma.RequestBody) *huma.RequestBody {
	body.Required = false
	return body
}

// read makes a T of a body, and checks it: its form against T's schema, then
// its meaning with check, which may complete the value too. The error names all
// faults of both kinds. What is malformed is taken out before check sees the
// rest, and what check says of those places is left out.
func read[T any](a *API, tree any, check func(*T) error) (T, error) {
	return readText(a, tree, nil, check)
}

// readText is read for a tree that was made of a text, which spares making another
// one where nothing is malformed.
func readText[T any](a *API, tree any, text []byte, check func(*T) error) (T, error) {
	t := reflect.TypeFor[T]()
	form := unite(unite(inspect(tree, "body"), a.matchSchema(t, tree)), misfits(t, tree, "body"))
	var value T
	if len(form) >= mostFaults { // there may be more, of which nothing is known
		return value, invalid(form)
	}
	if len(form) > 0 || text == nil || json.Unmarshal(text, &value) != nil { // it may say 3.0 for 3
		var err error
		if value, err = decode[T](prune(tree, "body", locations(form))); err != nil {
			return value, invalid(append(form, undecodable(err)))
		}
	}
	if all := unite(form, details(faultsOf(check(&value)))); len(all) > 0 {
		return value, invalid(all)
	}
	return value, nil
}

// decode makes a T of a tree.
func decode[T any](tree any) (value T, err error) {
	text, err := json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	return value, err
}

// undecodable is for values that fit the schema but not the type.
func undecodable(err error) *huma.ErrorDetail {
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		return &huma.ErrorDetail{Location: "body." + mismatch.Field, Message: "cannot be " + mismatch.Value}
	}
	return &huma.ErrorDetail{Location: "body", Message: err.Error()}
}

func faultsOf(err error) fault.Faults {
	var faults fault.Faults
	faults.Nest("", err)
	return faults
}

func locations(details []*huma.ErrorDetail) map[string]bool {
	found := map[string]bool{}
	for _, d := range details {
		found[d.Location] = true
	}
	return found
}

// unite adds to the faults found so far those of other places: not of one that is
// faulty already, nor within one, nor around one.
func unite(faults, more []*huma.ErrorDetail) []*huma.ErrorDetail {
	faulty, around := locations(faults), map[string]bool{}
	for location := range faulty {
		for outer := range outward(location) {
			around[outer] = true
		}
	}
	for _, detail := range more {
		if !faulty[detail.Location] && !around[detail.Location] && !anyOf(faulty, outward(detail.Location)) {
			faults = append(faults, detail)
		}
	}
	return faults
}

func anyOf(set map[string]bool, all iter.Seq[string]) bool {
	for one := range all {
		if set[one] {
			return true
		}
	}
	return false
}

// outward yields the locations around one.
func outward(location string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for end := strings.LastIndexAny(location, ".["); end > 0; end = strings.LastIndexAny(location[:end], ".[") {
			if !yield(location[:end]) {
				return
			}
		}
	}
}

// checkMedia refuses a payload that is no JSON by what is said of it.
func (p *payload) checkMedia() error {
	media, _, err := mime.ParseMediaType(p.contentType)
	if p.contentType != "" && (err != nil || media != "application/json" && !strings.HasSuffix(media, "+json")) {
		return huma.Error415UnsupportedMediaType("the body is not JSON by its Content-Type; send it as application/json: curl --json …")
	}
	return nil
}

// parse reads the JSON of a payload, whatever it holds.
func (p *payload) parse() (any, error) {
	if err := p.checkMedia(); err != nil {
		return nil, err
	}
	tree, err := parseJSON(p.bytes)
	if err != nil {
		return nil, huma.NewError(http.StatusBadRequest, "the body is not valid JSON",
			&huma.ErrorDetail{Location: "body", Message: fmt.Sprint(err)})
	}
	if twice := repeated(p.bytes, tree); len(twice) > 0 {
		return nil, invalid(twice)
	}
	return tree, nil
}

// document reads the payload as a T; see read.
func document[T any](a *API, p *payload, check func(*T) error) (T, error) {
	tree, err := p.parse()
	if err != nil {
		var none T
		return none, err
	}
	return readText(a, tree, p.bytes, check)
}
