package carillon_test

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	routes := carillon.RoutesOf([]carillon.Queue{
		{Name: "exact", Hosts: []carillon.Host{"api.example.com", "10.0.0.1", "[::1]:8080"}},
		{Name: "port", Hosts: []carillon.Host{"api.example.com:8443", "*.shop.example.com:80"}},
		{Name: "wild", Hosts: []carillon.Host{"*.example.com"}},
		{Name: "wilder", Hosts: []carillon.Host{"*.shop.example.com", "*.com"}},
		{Name: "zz", Hosts: []carillon.Host{"api.example.com"}},
	})
	for address, want := range map[string]string{
		"https://api.example.com/report":          "exact",
		"https://API.Example.com./report":         "exact",
		"https://api.example.com:8443/":           "port",
		"https://api.example.com:443/":            "exact",
		"http://10.0.0.1/":                        "exact",
		"http://[::1]:8080/":                      "exact",
		"http://[::1]/":                           "default",
		"https://www.example.com/":                "wild",
		"https://a.b.example.com/":                "wild",
		"https://example.com/":                    "wilder",
		"https://a.shop.example.com/":             "wilder",
		"http://a.shop.example.com/":              "port",
		"http://deep.a.shop.example.com/":         "port",
		"https://shop.example.com/":               "wild",
		"https://example.org/":                    "default",
		"https://com/":                            "default",
		"https://localhost/":                      "default",
		"https://{{ .tenant }}.example.org/":      "default",
		"https://{{.job.namespace}}.example.com/": "default", // not until it is known
		"https://api.example.com/%{{run_id}}":     "exact",
		"https://api.example.com:8443?{{run_id}}": "port",
		"": "default", "%": "default",
	} {
		if got := routes.Queue(carillon.DefaultQueue, address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
		if got := routes.Queue("named", address); got != "named" {
			t.Errorf("%s: a named queue becomes %s", address, got)
		}
		if got := (carillon.Routes{}).Queue(carillon.DefaultQueue, address); got != carillon.DefaultQueue {
			t.Errorf("%s: %s without rules", address, got)
		}
	}
}

func TestHostsOfAQueue(t *testing.T) {
	t.Parallel()
	queue := func(hosts ...carillon.Host) carillon.Queue {
		return carillon.Queue{Name: "q", Concurrency: 1, Weight: 1, Hosts: hosts}
	}
	for _, good := range []carillon.Host{"a", "api.example.com", "*.example.com", "*.com", "api.example.com:1", "a_b.example.com", "10.1.2.3", "[::1]", "[2001:db8::1]:8443", "xn--mnchen-3ya.de"} {
		if err := queue(good).Validate(); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []carillon.Host{"", "*", "*.", ".a", "a.", "a..b", "*.*.a", "a.*", "API.example.com", "http://a", "a/b", "a b", "a:", "a:0", "a:65536", "::1", "[a]", "-a", "münchen.de"} {
		if got := fields(t, queue("ok", bad).Validate()); len(got) != 1 || got[0] != "hosts[1]" {
			t.Errorf("%q: faults in %v", bad, got)
		}
	}
	if got := fields(t, queue("a", "a").Validate()); len(got) != 1 || got[0] != "hosts[1]" {
		t.Errorf("twice: faults in %v", got)
	}
	if got := fields(t, queue(make([]carillon.Host, 101)...).Validate()); got[0] != "hosts" {
		t.Errorf("too many: faults in %v", got)
	}
	def := queue("a")
	def.Name = carillon.DefaultQueue
	if got := fields(t, def.Validate()); len(got) != 1 || got[0] != "hosts" {
		t.Errorf("default: faults in %v", got)
	}
}
