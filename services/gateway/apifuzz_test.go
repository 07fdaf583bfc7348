package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// fuzzers ask at once. Each settles anew after so many requests, for they delete
	// what there is.
	fuzzers     = 4
	settleAfter = 100
)

// TestNoRequestBreaksTheAPI makes requests up from the OpenAPI document: 3,000, or
// with -full 100,000.
func TestNoRequestBreaksTheAPI(t *testing.T) {
	t.Parallel()
	count, seed := 3000, uint64(time.Now().UnixNano())
	if *full {
		count = 100_000
	}
	if *fuzzSeed != 0 {
		seed = *fuzzSeed
	}
	t.Logf("%d requests, -seed=%d", count, seed)
	w := newWorld(t)
	s := w.spec(t)
	tally := &tally{statuses: map[int]int{}, operations: map[string]int{}}
	t.Run("requests", func(t *testing.T) {
		for i := range fuzzers {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				w.fuzz(t, s, tally, rand.New(rand.NewPCG(seed, uint64(i))), i, count/fuzzers)
			})
		}
	})
	t.Logf("answers by status: %v; the slowest took %s: %s", tally.statuses, tally.longest, tally.slowest)
	if tally.unavailable > count/100 {
		t.Errorf("%d answers that NATS is not available, where it is", tally.unavailable)
	}
	idle := []string{}
	for _, op := range s.operations() {
		if tally.operations[op.ID] == 0 {
			idle = append(idle, op.ID)
		}
	}
	t.Logf("never did what it was asked for: %v", idle)
	if len(idle) > len(s.operations())/4 {
		t.Error("these requests are too odd to break anything")
	}
}

// tally is what came of all requests.
type tally struct {
	sync.Mutex
	statuses    map[int]int
	operations  map[string]int // how often each succeeded
	unavailable int            // but for want of a recorder
	longest     time.Duration
	slowest     string
}

func (y *tally) add(op specified, request string, status int, took time.Duration) {
	y.Lock()
	defer y.Unlock()
	y.statuses[status]++
	if status < 400 || op.ID == "follow-feed" && status == http.StatusUpgradeRequired {
		y.operations[op.ID]++
	}
	if status == http.StatusServiceUnavailable && op.ID != "run-adaptive" {
		y.unavailable++
	}
	if took > y.longest {
		y.longest, y.slowest = took, request
	}
}

func (w *world) fuzz(t *testing.T, s *spec, tally *tally, random *rand.Rand, worker, count int) {
	sample := &sampler{Rand: random, spec: s}
	operations := s.operations()
	for i := range count {
		if i%settleAfter == 0 {
			sample.of = w.settle(t, fmt.Sprintf("fuzz-%d-%d", worker, i))
		}
		op := operations[random.IntN(len(operations))]
		request := sample.request(op, w)
		start := time.Now()
		r, err := ask(request)
		tally.add(op, request.Method+" "+request.URL.Path, r.status, time.Since(start))
		if r.status == http.StatusServiceUnavailable && bytes.Contains(r.body, []byte("the database")) {
			// Deadlocks, waits for locks and statements that take too long are told so.
			t.Errorf("worker %d, request %d, %s: the database is available\n%s %.300s\nbody %.600s", worker, i, op.ID, request.Method, request.URL, sent(request))
		}
		if problem := s.contradicts(request, op, r, err); problem != "" {
			t.Errorf("worker %d, request %d, %s: %s\n%s %.300s\nbody %.600s\nanswer %d %.600s", worker, i, op.ID, problem,
				request.Method, request.URL, sent(request), r.status, r.body)
		}
	}
}

var fuzzClient = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: fuzzers},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       time.Minute, // far beyond what any request may take
}

// ask reads the whole answer, unless it has no end.
func ask(request *http.Request) (response, error) {
	answer, err := fuzzClient.Do(request)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	r := response{status: answer.StatusCode, header: answer.Header}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		return r, nil
	}
	r.body, err = io.ReadAll(answer.Body)
	return r, err
}

func sent(request *http.Request) []byte {
	body, err := request.GetBody()
	if err != nil {
		return nil
	}
	content, _ := io.ReadAll(body)
	return content
}

// contradicts says how an answer is not what the document promises; "" if it is.
func (s *spec) contradicts(request *http.Request, op specified, r response, err error) string {
	method := request.Method
	switch {
	case err != nil && len(request.URL.String()) > 12<<10:
		return "" // who sends a longer head than is read may not see the answer
	case err != nil:
		return err.Error()
	case method != op.method:
		op.Responses = nil // it is another operation, or none
	}
	_, documented := op.Responses[strconv.Itoa(r.status)]
	switch {
	case r.status == http.StatusServiceUnavailable && r.header.Get("Retry-After") == "":
		return "503 without Retry-After"
	case r.status == http.StatusInternalServerError:
		return "broke"
	case op.Responses != nil && !documented && !slices.Contains(everywhere, r.status):
		return "a status that is not documented"
	case method == http.MethodHead:
		return ""
	case r.status < 400:
		return s.undocumented(op, r)
	}
	return misstated(r)
}

// undocumented says where an answer does not fit its schema.
func (s *spec) undocumented(op specified, r response) string {
	promised, ok := op.Responses[strconv.Itoa(r.status)].Content["application/json"]
	if !ok {
		return ""
	}
	var tree any
	if err := json.Unmarshal(r.body, &tree); err != nil {
		return err.Error()
	}
	return s.misfit(promised.Schema, tree, "answer")
}

// everywhere are the answers to requests that are none of an operation's: whose body,
// address or head nobody could read.
var everywhere = []int{400, 415, 431}

// misstated says what is wrong with a refusal.
func misstated(r response) string {
	var p problem
	if err := json.Unmarshal(r.body, &p); err != nil || r.header.Get("Content-Type") != "application/problem+json" {
		return "not a problem document"
	}
	if p.Status != r.status || p.Title == "" {
		return "not the problem of this answer"
	}
	if r.status == http.StatusUnprocessableEntity && len(p.Errors) == 0 {
		return "names no fault"
	}
	for _, e := range p.Errors {
		place, _, _ := strings.Cut(strings.ReplaceAll(e.Location, "[", "."), ".")
		if !slices.Contains([]string{"body", "query", "path", "header"}, place) || e.Message == "" {
			return "does not say where a fault is"
		}
	}
	return ""
}

// request makes one up.
func (s *sampler) request(op specified, w *world) *http.Request {
	var body []byte
	if op.Body != nil || s.chance(20) {
		body = s.bytes(op)
	}
	method := op.method
	if s.chance(100) {
		method = pick(s, "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
	}
	request, _ := http.NewRequest(method, w.url, bytes.NewReader(body)) // cannot fail
	request.URL.RawQuery = s.query(op)
	request.URL.Path = s.path(op)
	s.head(op, request, w.key)
	return request
}

func (s *sampler) head(op specified, request *http.Request, key string) {
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	odd := func(name string, values ...string) {
		if s.chance(30) {
			request.Header.Set(name, pick(s, values...))
		}
	}
	odd("Content-Type", "", "text/plain", "application/xml", "application/merge-patch+json", "multipart/form-data", ";;;", "application/json; charset=utf-16", "\xff")
	odd("Content-Encoding", "gzip", "br", "identity", "x")
	odd("Accept", "application/xml", "*/*", "text/event-stream", ";q=2", "application/cbor")
	odd("If-Match", `"1"`, "*", "1", `W/"x"`, `"99999999999999999999"`, `""`, "\xff")
	odd("Idempotency-Key", "x", strings.Repeat("k", 4000), "\xff")
	odd("Authorization", "Bearer ", "Basic eDp5", "Bearer car_x", "x", "Bearer "+key+" ")
	odd("Last-Event-ID", "-1", "x", "99999999999999999999")
	odd("X-HTTP-Method-Override", "DELETE")
	odd("Sec-Fetch-Site", "cross-site", "x")
}

// path is that of an operation, now and then with another thing's name.
func (s *sampler) path(op specified) string {
	for _, p := range op.Parameters {
		if p.In != "path" || !s.chance(8) {
			continue
		}
		text := s.text(p.Schema)
		if s.chance(2) {
			text = fmt.Sprint(s.odd())
		}
		if text == "" || strings.Contains(text, "/") || strings.Trim(text, ".") == "" {
			text = "x" // else it is the address of another operation
		}
		op.path = strings.ReplaceAll(op.path, "{"+p.Name+"}", text[:min(len(text), 3000)])
	}
	return op.address(s.of)
}

func (s *sampler) query(op specified) string {
	var parts []string
	add := func(name string, value any) {
		text := fmt.Sprint(value)
		parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(text[:min(len(text), 4000)]))
	}
	for _, p := range op.Parameters {
		if p.In != "query" || s.chance(2) {
			continue
		}
		value := s.value(p.Schema, 0)
		if list, ok := value.([]any); ok {
			for _, item := range list {
				add(p.Name, item)
			}
			continue
		}
		if s.chance(4) {
			value = s.odd()
		}
		for range pick(s, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3) {
			add(p.Name, value)
		}
	}
	if s.chance(40) {
		parts = append(parts, pick(s, "unheard_of=1", "%", "=", "a=%zz", ";", "&&", "namespace[]=x", "limit", "cursor=eyJuIjoxfQ", "cursor=bnVsbA", "cursor=W10"))
	}
	return strings.Join(parts, "&")
}

// bytes is a body: sound, spoilt by its fields, or spoilt as a text.
func (s *sampler) bytes(op specified) []byte {
	var tree any = object{}
	if op.Body != nil {
		tree = s.value(s.spec.body(op), 0)
		if s.chance(3) {
			tree = s.example(op)
		}
	}
	for range pick(s, 0, 0, 1, 1, 2, 5) {
		tree = s.spoil(tree)
	}
	text, err := json.Marshal(tree)
	if err != nil {
		text = fmt.Append(nil, tree)
	}
	switch {
	case len(text) == 0 || !s.chance(12):
	case s.chance(3):
		text = text[:s.IntN(len(text))]
	case s.chance(2):
		text[s.IntN(len(text))] = byte(s.IntN(256))
	default:
		text = append(text, pick(s, "{}", "\x00", "\xff", "]", "\ufeff", " ")...)
	}
	return text
}

// example is that of the document, for the sampler's tenant.
func (s *sampler) example(op specified) any {
	text, _ := json.Marshal(op.Body.Content["application/json"].Example) // cannot fail: it was JSON
	var tree object
	_ = json.Unmarshal(text, &tree)
	for _, name := range []string{"namespace", "url"} {
		switch tree[name].(type) {
		case string:
			tree[name] = map[string]string{"namespace": s.of.namespace, "url": "ntfy://127.0.0.1/x"}[name]
		}
	}
	return tree
}
