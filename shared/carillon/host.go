package carillon

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Host is a rule for the hosts of targets: a name or an address, as in
// api.example.com, or all names below one, as in *.example.com. Without a port it
// means every port. It is in lower case.
type Host string

// maxHosts bounds the rules of a queue.
const maxHosts = 100

var hostPattern = regexp.MustCompile(`^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$`)

func (h Host) problem() string {
	name, port := splitHost(string(h))
	address := strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") && strings.Contains(name, ":")
	switch {
	case len(h) > 253+len(":65535") || strings.HasSuffix(string(h), ":") || !address && !hostPattern.MatchString(name):
		return "must be a host in lower case like api.example.com, *.example.com or api.example.com:8443"
	case !validPort(port):
		return "must have a port from 1 to 65535, or none"
	}
	return ""
}

// splitHost parts a port from what stands before it.
func splitHost(text string) (name, port string) {
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 || strings.HasSuffix(text, "]") {
		return text, ""
	}
	return text[:colon], text[colon+1:]
}

func validateHosts(queue string, hosts []Host) error {
	var faults fault.Faults
	if len(hosts) > maxHosts {
		faults.Add("", "must be at most %d hosts, not %d", maxHosts, len(hosts))
	}
	if len(hosts) > 0 && queue == DefaultQueue {
		faults.Add("", "must be empty: the queue default is that of all other hosts")
	}
	given := map[Host]bool{}
	for i, host := range hosts {
		problem := host.problem()
		if problem == "" && given[host] {
			problem = "is given twice"
		}
		if problem != "" {
			faults.Add(fmt.Sprintf("[%d]", i), "%s", problem)
		}
		given[host] = true
	}
	return faults.Err()
}

// Routes says to which queue the jobs of the default queue go, by the host that
// they call. The zero value has no rules. It is read only.
type Routes struct{ queues map[Host]string }

// RoutesOf returns the rules of some queues. If two of them claim one host, the
// first by name has it.
func RoutesOf(queues []Queue) Routes {
	r := Routes{queues: map[Host]string{}}
	for _, queue := range queues {
		for _, host := range queue.Hosts {
			if claimed, ok := r.queues[host]; !ok || queue.Name < claimed {
				r.queues[host] = queue.Name
			}
		}
	}
	return r
}

// Empty reports whether there are no rules.
func (r Routes) Empty() bool { return len(r.queues) == 0 }

// Queue is the queue of the calls to an address, of a job that is in a queue
// itself. Only the default queue's jobs are routed: to the queue of their host;
// else to that of the longest *. above it; a rule with the port before one without.
// What is no address is not routed.
func (r Routes) Queue(own, address string) string {
	if own != DefaultQueue || r.Empty() {
		return own
	}
	target, err := origin(address)
	if err != nil {
		return own
	}
	host := strings.TrimSuffix(strings.ToLower(bracketed(target.Hostname())), ".")
	queue, ok := r.find(host, portOf(target))
	for more := true; more && !ok; {
		if _, host, more = strings.Cut(host, "."); more {
			queue, ok = r.find("*."+host, portOf(target))
		}
	}
	if !ok {
		return own
	}
	return queue
}

func (r Routes) find(rule, port string) (queue string, ok bool) {
	if queue, ok = r.queues[Host(rule+":"+port)]; !ok {
		queue, ok = r.queues[Host(rule)]
	}
	return queue, ok
}

// bracketed writes an IPv6 address as in a URL.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// portOf is the port that an address means.
func portOf(target *url.URL) string {
	switch {
	case target.Port() != "":
		return target.Port()
	case target.Scheme == "https":
		return "443"
	}
	return "80"
}
