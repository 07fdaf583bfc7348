package answer

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/go-cmp/cmp"
)

func compile(t *testing.T, s *Success) *Check {
	t.Helper()
	check, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return check
}

func TestGoodStatuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		success   *Success
		good, bad []int
	}{
		"default":        {nil, []int{200, 204, 299}, []int{100, 199, 300, 304, 404, 500, 999}},
		"nothing listed": {&Success{Body: "x"}, []int{200}, []int{304}},
		"listed":         {&Success{Status: []string{"2xx", "304", "400-403"}}, []int{200, 299, 304, 400, 403}, []int{303, 305, 404, 500}},
		"only one":       {&Success{Status: []string{"418"}}, []int{418}, []int{200}},
	} {
		check := compile(t, test.success)
		for _, code := range test.good {
			if !check.Status(code) {
				t.Errorf("%s: %d is not good", name, code)
			}
		}
		for _, code := range test.bad {
			if check.Status(code) {
				t.Errorf("%s: %d is good", name, code)
			}
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", Limit)
	for name, test := range map[string]struct {
		success Success
		body    string
		whole   bool
		want    string // part of the error, or "" for a good body
	}{
		"matches":                {Success{Body: "^d.ne$"}, "done", true, ""},
		"matches not":            {Success{Body: "^done$"}, "undone", true, "nothing in the body matches ^done$"},
		"matches early":          {Success{Body: "x"}, long, false, ""},
		"might match later":      {Success{Body: "y"}, long, false, "too large"},
		"matches bytes":          {Success{Body: `\xff|ok`}, "\xff\x00ok", true, ""},
		"selects":                {Success{JSONPath: "$.a[0].b"}, `{"a":[{"b":null}]}`, true, ""},
		"selects nothing":        {Success{JSONPath: "$.a"}, `{}`, true, `selects nothing`},
		"not JSON":               {Success{JSONPath: "$.a"}, `<html>`, true, "not JSON"},
		"two texts":              {Success{JSONPath: "$.a"}, `{"a":1} {}`, true, "not JSON"},
		"no body":                {Success{JSONPath: "$.a"}, ``, true, "not JSON"},
		"equals":                 {Success{JSONPath: "$.a", Equals: "ok"}, `{"a":"ok"}`, true, ""},
		"equals another":         {Success{JSONPath: "$.a", Equals: "ok"}, `{"a":"no"}`, true, `is not "ok"`},
		"equals one of them":     {Success{JSONPath: "$..a", Equals: 7}, `[{"a":[]},{"a":{}},{"a":7.0}]`, true, ""},
		"a word is no number":    {Success{JSONPath: "$.a", Equals: 7.0}, `{"a":"7"}`, true, "is not 7"},
		"equals false":           {Success{JSONPath: "$.a", Equals: false}, `{"a":false}`, true, ""},
		"filters":                {Success{JSONPath: `$.a[?match(@.b, "o.*,k?")]`}, `{"a":[{"b":"oh,"}]}`, true, ""},
		"JSON that is too long":  {Success{JSONPath: "$.a"}, `{"a":1}`, false, "too large"},
		"JSON nested too deep":   {Success{JSONPath: "$..a"}, strings.Repeat("[", 101) + strings.Repeat("]", 101), true, "too large"},
		"JSON nested just right": {Success{JSONPath: "$..[0]"}, strings.Repeat("[", 100) + strings.Repeat("]", 100), true, ""},
		"both":                   {Success{Body: "a", JSONPath: "$.b"}, `{"a":1}`, true, "selects nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := compile(t, &test.success).Body([]byte(test.body), test.whole)
			if err == nil && test.want != "" || err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if err != nil && errors.Is(err, ErrTooLarge) != strings.Contains(test.want, "too large") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestFaultySuccessIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		success Success
		want    []string
	}{
		"statuses":         {Success{Status: []string{"2xx", "", "20", "600", "0xx", "204-200", "200-", "ok", "200,201"}}, []string{"status[1]", "status[2]", "status[3]", "status[4]", "status[5]", "status[6]", "status[7]", "status[8]"}},
		"many statuses":    {Success{Status: make([]string, 21)}, []string{"status"}},
		"body":             {Success{Body: "("}, []string{"body"}},
		"body looks back":  {Success{Body: `(a)\1`}, []string{"body"}},
		"body explodes":    {Success{Body: strings.Repeat("(x{1000}){1000}", 10)}, []string{"body"}},
		"long body":        {Success{Body: strings.Repeat("x", 1025)}, []string{"body"}},
		"path":             {Success{JSONPath: "status"}, []string{"json_path"}},
		"path half":        {Success{JSONPath: "$.a["}, []string{"json_path"}},
		"long path":        {Success{JSONPath: "$." + strings.Repeat("x", 1024)}, []string{"json_path"}},
		"search in search": {Success{JSONPath: "$..a..b"}, []string{"json_path"}},
		"union":            {Success{JSONPath: "$[*,*][*,*]"}, []string{"json_path"}},
		"union of names":   {Success{JSONPath: `$["a","a"]`}, []string{"json_path"}},
		"union in filter":  {Success{JSONPath: "$[?@['a','b']]"}, []string{"json_path"}},
		"filter of all":    {Success{JSONPath: "$[?count($[*]) > 1]"}, []string{"json_path"}},
		"equals alone":     {Success{Equals: "x"}, []string{"equals"}},
		"equals a list":    {Success{JSONPath: "$", Equals: []any{1}}, []string{"equals"}},
		"all at once":      {Success{Status: []string{"x"}, Body: "(", JSONPath: "x", Equals: map[string]any{}}, []string{"status[0]", "body", "json_path", "equals"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.success.Compile()
			faults, ok := errors.AsType[fault.Faults](err)
			if !ok {
				t.Fatalf("%v is no list of faults", err)
			}
			var got []string
			for _, one := range faults {
				got = append(got, one.Field)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

// What is not linear takes minutes here: patience is for slow machines only.
func TestHostileBodiesCostLittle(t *testing.T) {
	t.Parallel()
	const size, patience = Limit / 8, 10 * time.Second
	bodies := []string{
		"[" + strings.Repeat("1,", size/2-2) + "1]",
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		"[" + strings.Repeat(strings.Repeat("[", 99)+strings.Repeat("]", 99)+",", size/199-1) + "1]",
		`["` + strings.Repeat("a", size-4) + `"]`,
	}
	for _, success := range []Success{
		{JSONPath: "$..*"}, {JSONPath: "$[*][*][*][*][*][*]"}, {JSONPath: "$..[*][*]"}, {JSONPath: "$[?@[0]]"},
		{JSONPath: `$[?search(@, "(a|aa|aaa)*(a|aa)*b")]`}, {Body: "(a|aa|aaa)*(a|aa)*b"},
	} {
		check := compile(t, &success)
		for i, body := range bodies {
			before := time.Now()
			_ = check.Body([]byte(body), true)
			if took := time.Since(before); took > patience {
				t.Errorf("%+v took %s for body %d", success, took, i)
			}
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range [][3]string{{"2xx", "a+", "$.a"}, {"200-204", "[", "$[?@.a == 'x']"}} {
		f.Add(seed[0], seed[1], seed[2], []byte(`{"a":["x"]}`))
	}
	f.Fuzz(func(t *testing.T, status, body, path string, answer []byte) {
		check, err := (&Success{Status: []string{status}, Body: body, JSONPath: path}).Compile()
		if err == nil && check.ReadsBody() {
			_ = check.Body(answer, true)
		}
	})
}
