// Package credential proves to a target who calls.
//
//	bearer   Authorization: Bearer <secret>
//	basic    Authorization: Basic <user:secret>
//	oauth2   Authorization: Bearer <token>, for which the secret was given
//	mtls     a client certificate, in the handshake
//	signing  webhook-id, webhook-timestamp, webhook-signature (Standard Webhooks)
//
// The proof is made at the last moment, on the request as it will be sent, and
// gone with it: no message, log or trace ever has it. What was secret in it comes
// back as a mask, for the answer and the error to be cleaned of.
//
// It is for the job's own host. A redirect elsewhere goes without headers, which
// is the caller's to see to, and without certificate. A token endpoint is dialled
// like a target, and its redirects are not followed.
//
// Where the proof cannot be made, no call is: the attempt fails with [Unproven] or
// [Unreachable], and may be tried again, for a secret can be mended. Neither says
// anything of the target's host.
package credential

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"

	"github.com/carillon-cron/carillon/services/runner/internal/mask"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Secrets finds the secrets of a namespace. Resolve returns a value, or false;
// ResolveAll the value and, after a change, the one before it, or nothing.
type Secrets interface {
	Resolve(namespace, secret string) (value string, ok bool)
	ResolveAll(namespace, secret string) (values []string)
}

// Unproven is the error of a call that was not made because its proof could not
// be. Its text is a sentence, and holds nothing secret.
type Unproven struct{ Reason string }

func (u *Unproven) Error() string { return u.Reason }

func unproven(format string, args ...any) error {
	return &Unproven{Reason: fmt.Sprintf(format, args...)}
}

// Prover makes proofs. It is safe for concurrent use.
type Prover struct {
	secrets Secrets
	tokens  *tokens
	pairs   *pairs
}

// New returns a prover; its owner closes it. Tokens are fetched through the plain
// transport; certificates are shown by those that showing makes for them, one each.
func New(secrets Secrets, plain *http.Transport, showing func(*tls.Config) *http.Transport) *Prover {
	return &Prover{secrets: secrets, tokens: newTokens(plain), pairs: &pairs{plain: plain, showing: showing}}
}

// Close ends what is under way, and gives back connections that idle.
func (p *Prover) Close() {
	p.tokens.close()
	p.pairs.close()
}

// Needed reports whether a call asks for any proof.
func Needed(call *wire.Call) bool { return call.Target.Auth != nil || call.Target.Signing != nil }

// Reveal returns the values of secrets by name, for what is sent beside a proof; nil
// for none. They are added to the mask. Errors wrap [Unproven].
func (p *Prover) Reveal(namespace string, names []string, hidden *mask.Mask) (map[string]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	values := make(map[string]string, len(names))
	for _, name := range names {
		value, err := p.secret(namespace, name, hidden)
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

// Do makes the request of a run's call by a client, with the proof that the call
// asks for. What was secret in it is added to the mask, whatever comes of it. Errors
// are the client's, or wrap [Unproven] or [Unreachable].
func (p *Prover) Do(client *http.Client, request *http.Request, run uuid.UUID, call *wire.Call, hidden *mask.Mask) (*http.Response, error) {
	s := &sending{Prover: p, client: *client, request: request, call: call, hidden: hidden}
	err := s.authenticate()
	if err == nil && call.Target.Signing != nil {
		err = s.sign(run)
	}
	if err != nil {
		return nil, err
	}
	return s.send()
}

// sending is one request and its proof.
type sending struct {
	*Prover
	client  http.Client
	request *http.Request
	call    *wire.Call
	hidden  *mask.Mask
	grant   *grant // where the proof is a token
}

func (s *sending) authenticate() error {
	auth := s.call.Target.Auth
	switch {
	case auth == nil:
		return nil
	case auth.Bearer != nil:
		return s.bearer(auth.Bearer)
	case auth.Basic != nil:
		return s.basic(auth.Basic)
	case auth.OAuth2 != nil:
		return s.oauth2(auth.OAuth2)
	case auth.MTLS != nil:
		return s.mtls(auth.MTLS)
	}
	return unproven("this runner does not know the job's kind of auth; it is older than the job")
}

// secret returns the value of a secret that the call names.
func (s *sending) secret(name string) (string, error) {
	return s.Prover.secret(s.call.Namespace, name, s.hidden)
}

// secret returns the value of a secret, and hides it. The line that a file ends with
// is no part of it.
func (p *Prover) secret(namespace, name string, hidden *mask.Mask) (string, error) {
	value, ok := p.secrets.Resolve(namespace, name)
	if !ok {
		return "", missing(name)
	}
	hidden.Hide(value, trim(value))
	return trim(value), nil
}

func trim(value string) string { return strings.TrimRight(value, "\r\n") }

func missing(name string) error {
	return unproven("the secret %s is not there, or none of this runner's master keys opens it", name)
}

// send makes the request. A target may refuse a token before its time is over; one
// that was kept is then replaced, once.
func (s *sending) send() (*http.Response, error) {
	response, err := s.client.Do(s.request)
	if err != nil || s.grant == nil || !refused(response) {
		return response, err
	}
	s.grant.drop()
	if s.grant.fresh || s.request.GetBody == nil {
		return response, nil
	}
	_ = response.Body.Close() // its answer is not the one that counts
	return s.resend()
}

// refused reports whether the job's own host took no token.
func refused(response *http.Response) bool {
	return response.StatusCode == http.StatusUnauthorized && response.Request.Header.Get("Authorization") != ""
}

func (s *sending) resend() (*http.Response, error) {
	body, err := s.request.GetBody()
	if err != nil {
		return nil, err
	}
	s.request = s.request.Clone(s.request.Context())
	s.request.Body = body
	if err := s.authenticate(); err != nil {
		return nil, err
	}
	return s.client.Do(s.request)
}
