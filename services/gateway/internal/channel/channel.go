// Package channel sends messages to people: to Slack, by mail, to PagerDuty and
// through ntfy. An address says where to, in the form of the library shoutrrr:
//
//	slack://hook:T000-B000-token@webhook      slack://xoxb:token@channel
//	smtp://user:password@host:587/?from=a@example.com&to=b@example.com
//	pagerduty:///key                          ntfy://host/topic
//
// Webhooks are not among them: a message to one is a run of a job.
//
// Whoever writes a route may not see the network that this process sits in, so
// addresses are guarded like the targets of jobs: package guard refuses all that are
// not public, unless a setting allows them. Over HTTP that is checked at the dial.
// The library dials mail servers by itself, so their addresses are looked up and
// checked just before. Slack's hosts are fixed.
package channel

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/guard"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/email/smtp"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/incident/pagerduty"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// timeout bounds one message.
const timeout = 10 * time.Second

// ErrMalformed says that an address is none. It does not repeat the address.
var ErrMalformed = errors.New("must be an address like slack://hook:token@webhook, smtp://user:password@host:587/?from=…&to=…, pagerduty:///key or ntfy://host/topic")

// Sender sends messages. It is safe for concurrent use.
type Sender struct {
	allowed []guard.Allowed
	roots   *x509.CertPool // nil for the system's
}

// New returns a sender that dials public addresses and those that are allowed.
func New(allowed []guard.Allowed) *Sender { return &Sender{allowed: allowed} }

// client dials what a guard lets through.
func (s *Sender) client(g *guard.Guard) *http.Client {
	dialer := &net.Dialer{Control: g.Control}
	return &http.Client{Timeout: timeout, Transport: brief{&http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: timeout, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12},
	}}}
}

// Check returns the sort of channel that an address is of, or ErrMalformed.
func Check(address string) (sort string, err error) {
	_, target, err := open(address)
	if err != nil {
		return "", ErrMalformed
	}
	return target.Scheme, nil
}

// open makes the service of an address.
func open(address string) (types.Service, *url.URL, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	var service types.Service
	switch target.Scheme {
	case slack.Scheme:
		service = &slack.Service{}
	case smtp.Scheme:
		service = &smtp.Service{}
	case pagerduty.Scheme:
		service = &pagerduty.Service{}
	case ntfy.Scheme:
		service = &ntfy.Service{}
	default:
		return nil, nil, ErrMalformed
	}
	parsed := *target // initialising may change it
	return service, target, service.Initialize(&parsed, nil)
}

// Message is what is sent.
type Message struct {
	Title, Text string
	// Resolved and Key are for PagerDuty, where a message opens an incident, or
	// closes the one with the same key.
	Resolved bool
	Key      string
}

// Send sends a message for a namespace, to an address that its jobs may call too. It
// fails if the channel does not take it; the error holds nothing of the address.
func (s *Sender) Send(ctx context.Context, namespace, address string, m Message) error {
	service, target, err := open(address)
	if err != nil {
		return ErrMalformed
	}
	if err := s.secure(ctx, guard.New(s.allowed, namespace), service, target); err != nil {
		return masked(err, target)
	}
	params := types.Params{"title": m.Title}
	if target.Scheme == pagerduty.Scheme {
		params = types.Params{"action": "trigger", "dedup_key": m.Key}
		if m.Resolved {
			params["action"] = "resolve"
		}
		m.Text = m.Title + "\n" + m.Text
	}
	return masked(sendWithin(ctx, service, m.Text, params), target)
}

// secure keeps a service's connections to addresses that may be dialled.
func (s *Sender) secure(ctx context.Context, g *guard.Guard, service types.Service, target *url.URL) error {
	switch service := service.(type) {
	case *ntfy.Service:
		service.SetHTTPClient(s.client(g))
	case *pagerduty.Service:
		service.SetHTTPClient(s.client(g))
	case *smtp.Service:
		return look(ctx, g, target)
	}
	return nil
}

// look fails if a server has an address that may not be dialled.
func look(ctx context.Context, g *guard.Guard, server *url.URL) error {
	port, err := strconv.ParseUint(cmp.Or(server.Port(), "25"), 10, 16)
	if err != nil {
		return ErrMalformed
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", server.Hostname())
	if err != nil {
		return errors.New("the mail server's name was not found")
	}
	for _, address := range addresses {
		if err := g.Check(netip.AddrPortFrom(address, uint16(port))); err != nil {
			return err
		}
	}
	return nil
}

// sendWithin gives up with ctx. What the library does then ends by its own
// timeouts.
func sendWithin(ctx context.Context, service types.Service, text string, params types.Params) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	sent := make(chan error, 1)
	go func() { sent <- service.Send(text, &params) }()
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer within %s", timeout)
	}
}

// leastSecret is how long a part of an address has to be to be worth hiding.
const leastSecret = 4

// mostSaid is how much of an error is kept: a channel may answer with a page.
const mostSaid = 1000

// masked takes all parts of an address but its host out of an error. What is left is
// text that Postgres takes, whatever the channel answered.
func masked(err error, address *url.URL) error {
	if err == nil {
		return nil
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	parts := strings.FieldsFunc(address.Path+" "+address.RawPath, func(r rune) bool { return strings.ContainsRune("/-: ", r) })
	if address.User != nil {
		password, _ := address.User.Password()
		parts = append(parts, password, address.User.Username())
		parts = append(parts, strings.Split(password, "-")...)
	}
	text := err.Error()
	for _, part := range parts {
		if len(part) >= leastSecret {
			text = strings.ReplaceAll(text, part, "…")
		}
	}
	text = strings.ReplaceAll(text[:min(len(text), mostSaid)], "\x00", "")
	return errors.New(strings.ToValidUTF8(text, "…"))
}
