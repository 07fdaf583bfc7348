package gateway

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestEachRouteRefusesWhatItIsNotFor asks each route of the OpenAPI document for what
// its description rules out: the answers name each fault.
func TestEachRouteRefusesWhatItIsNotFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, about := w.spec(t), w.settle(t, "contract")
	for _, op := range s.operations() {
		t.Run(op.ID, func(t *testing.T) {
			address := op.address(about)
			if op.Body != nil {
				w.refusesBodies(t, s, op, address)
			}
			if op.ID != "finish-openid" { // providers send what they like
				w.refusesParameters(t, op, address)
			}
			w.refusesPaths(t, op, about)
		})
	}
}

func (w *world) refusesBodies(t *testing.T, s *spec, op specified, address string) {
	t.Helper()
	most := 1 << 20
	if slices.Contains([]string{"apply-jobs", "bulk-jobs"}, op.ID) { // which are about many jobs
		most = 8 << 20
	}
	intoProblem(t, w.call(t, op.method, address, `{"x": "`+strings.Repeat("x", most)+`"}`), 413)
	for _, text := range []string{`{"x": `, `{} {}`, "\xff", "x: y"} {
		w.blames(t, op.method, address, text, 400, "body")
	}
	for _, text := range []string{`[]`, `"x"`, `7`, `null`} {
		w.blames(t, op.method, address, text, 422, "body")
	}
	value, places := s.wrong(s.body(op), "body")
	w.blames(t, op.method, address, value, 422, places...)
	for name := range s.body(op).Properties {
		if s.body(op).Properties[name].ReadOnly || s.resolve(s.body(op).Properties[name]).Type == nil {
			continue
		}
		w.blames(t, op.method, address, object{name: []any{[]any{}}}, 422, "body."+name)
	}
	value, places = s.unknown(s.body(op), "body")
	w.blames(t, op.method, address, value, 422, places...)
	w.blames(t, op.method, address, `{"x": 1, "x": 2}`, 422, "body.x")
}

// refusesParameters goes through the parameters of the query.
func (w *world) refusesParameters(t *testing.T, op specified, address string) {
	t.Helper()
	ask := func(query, place string) {
		t.Helper()
		w.blames(t, op.method, address+"?"+query, nil, 422, place)
	}
	ask("unheard_of=1", "query.unheard_of")
	ask("x=%00", "query.x")
	for _, p := range op.Parameters {
		place := "query." + p.Name
		if p.In != "query" {
			continue
		}
		ask(p.Name+"=%ff", place)
		ask(p.Name+"="+strings.Repeat("x", 2000), place)
		ask(p.Name+"=&"+p.Name+"=a", place)
		if !p.Explode {
			ask(p.Name+"=1&"+p.Name+"=1", place)
		}
		if !p.Schema.takesAnyText() {
			ask(p.Name+"=what-nobody-wants", place)
		}
		if p.Schema.Type == "integer" {
			ask(p.Name+"=99999999999999999999", place)
			ask(p.Name+"=1.5", place)
		}
		if p.Schema.Minimum != nil {
			ask(p.Name+"=-9", place)
		}
	}
}

// refusesPaths goes through the parameters of the path.
func (w *world) refusesPaths(t *testing.T, op specified, about tenant) {
	t.Helper()
	for _, p := range op.Parameters {
		if p.In != "path" || p.Schema.Format == "" && p.Schema.Pattern == "" {
			continue
		}
		for _, odd := range []string{"Not A Slug", "é", strings.Repeat("x", 300), "a%2Fb", "'--"} {
			around := op
			around.path = strings.ReplaceAll(op.path, "{"+p.Name+"}", url.PathEscape(odd))
			var body any
			if op.Body != nil {
				body = op.Body.Content["application/json"].Example
			}
			w.blames(t, op.method, around.address(about), body, 422, "path."+p.Name)
		}
	}
}

// blames makes a request that is to be refused because of these places.
func (w *world) blames(t *testing.T, method, address string, body any, status int, places ...string) {
	t.Helper()
	r := w.call(t, method, address, body)
	if r.status != status {
		t.Errorf("%s %.200s %.300v: %d, want %d: %.300s", method, address, body, r.status, status, r.body)
		return
	}
	got := intoProblem(t, r, status).locations()
	for _, place := range places {
		if !slices.ContainsFunc(got, func(l string) bool { return l == place || strings.HasPrefix(l, place+"[") }) {
			t.Errorf("%s %.200s %.300v does not name %s, but %q", method, address, body, place, got)
		}
	}
}
