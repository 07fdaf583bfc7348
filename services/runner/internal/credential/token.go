package credential

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/sync/singleflight"
)

const (
	// fetchTimeout bounds a call of a token endpoint. It serves all who wait for
	// the token, so it does not end with any one's attempt.
	fetchTimeout = 20 * time.Second
	// longestMargin is how long before its end a token is used no more.
	longestMargin = 30 * time.Second
	// longestLife is for tokens that name no end.
	longestLife = time.Hour
)

func (s *sending) oauth2(o *carillon.OAuth2) error {
	client, err := s.secret(o.Secret)
	if err != nil {
		return err
	}
	s.hidden.Hide(clientPair(o, client))
	grant, err := s.tokens.get(s.request.Context(), s.call.Namespace, o, client)
	if err != nil {
		return err
	}
	s.hidden.Hide(grant.token.value)
	s.grant = &grant
	s.authorize("Bearer " + grant.token.value)
	return nil
}

// clientPair is what is sent to the token endpoint, in base64.
func clientPair(o *carillon.OAuth2, client string) string {
	return url.QueryEscape(o.ClientID) + ":" + url.QueryEscape(client)
}

// tokens keeps the tokens that still hold.
type tokens struct {
	client http.Client
	ctx    context.Context // of all fetching
	close  func()
	known  recent[sourceKey, *source]
}

// sourceKey tells apart what may be granted different tokens.
type sourceKey struct {
	namespace, tokenURL, clientID, scopes, audience string
	secret                                          [sha256.Size]byte
}

func newTokens(transport http.RoundTripper) *tokens {
	t := &tokens{client: http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.ctx, t.close = context.WithCancel(context.WithValue(context.Background(), oauth2.HTTPClient, &t.client))
	return t
}

// get returns a token that holds, fetched if need be.
func (t *tokens) get(ctx context.Context, namespace string, o *carillon.OAuth2, secret string) (grant, error) {
	return t.source(namespace, o, secret).get(ctx)
}

func (t *tokens) source(namespace string, o *carillon.OAuth2, secret string) *source {
	key := sourceKey{namespace, o.TokenURL, o.ClientID, strings.Join(o.Scopes, " "), o.Audience, sha256.Sum256([]byte(secret))}
	s, _ := t.known.get(key, func() (*source, error) { return &source{ctx: t.ctx, config: config(o, secret)}, nil })
	return s
}

func config(o *carillon.OAuth2, secret string) *clientcredentials.Config {
	c := &clientcredentials.Config{ClientID: o.ClientID, ClientSecret: secret, TokenURL: o.TokenURL, Scopes: o.Scopes}
	if o.Audience != "" {
		c.EndpointParams = url.Values{"audience": {o.Audience}}
	}
	return c
}

// source is where tokens of one kind come from, and the last of them.
type source struct {
	ctx    context.Context
	config *clientcredentials.Config
	flight singleflight.Group

	mu    sync.Mutex
	token *token
}

type token struct {
	value string
	until time.Time
}

// grant is a token in use.
type grant struct {
	token *token
	fresh bool // fetched for this very use
	from  *source
}

// drop forgets the token, unless another has come in its place.
func (g *grant) drop() {
	g.from.mu.Lock()
	defer g.from.mu.Unlock()
	if g.from.token == g.token {
		g.from.token = nil
	}
}

// get returns the token, or waits for a new one that all who ask now share.
func (s *source) get(ctx context.Context) (grant, error) {
	if kept := s.kept(); kept != nil {
		return grant{kept, false, s}, nil
	}
	select {
	case fetched := <-s.flight.DoChan("", s.fetch):
		if fetched.Err != nil {
			return grant{}, fetched.Err
		}
		return grant{fetched.Val.(*token), true, s}, nil
	case <-ctx.Done():
		return grant{}, unproven("no token came within the attempt's time")
	}
}

// kept returns the token if it still holds, or nil.
func (s *source) kept() *token {
	last := s.last()
	if last == nil || !time.Now().Before(last.until) {
		return nil
	}
	return last
}

// last returns the token that came last, or nil.
func (s *source) last() *token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

func (s *source) fetch() (any, error) {
	if kept := s.kept(); kept != nil { // another flight has just landed
		return kept, nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, fetchTimeout)
	defer cancel()
	given, err := s.config.Token(ctx)
	if err != nil {
		return nil, fetchError(ctx, err)
	}
	if !httpguts.ValidHeaderFieldValue(given.AccessToken) {
		return nil, unproven("the token endpoint gave a token that no header can carry")
	}
	fetched := &token{value: given.AccessToken, until: useUntil(given.Expiry, time.Now())}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = fetched
	return fetched, nil
}

// useUntil leaves room for the call that uses the token; a quarter of a short life.
func useUntil(expiry, now time.Time) time.Time {
	life := longestLife
	if !expiry.IsZero() {
		life = min(life, expiry.Sub(now))
	}
	return now.Add(life - min(longestMargin, life/4))
}

// fetchError says what went wrong without a word of the endpoint's own: its answer
// may hold anything.
func fetchError(ctx context.Context, err error) error {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		code := answer.ErrorCode
		if !slices.Contains(errorCodes, code) {
			code = http.StatusText(answer.Response.StatusCode)
		}
		return unproven("the token endpoint answered %d %s", answer.Response.StatusCode, code)
	}
	if ctx.Err() != nil {
		return unproven("the token endpoint gave no complete answer within %s", fetchTimeout)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return unproven("the token endpoint closed the connection before the end of its answer")
	}
	if network, ok := errors.AsType[*url.Error](err); ok {
		return &Unreachable{network.Err}
	}
	return unproven("the token endpoint's answer holds no token")
}

// errorCodes are those of RFC 6749, section 5.2.
var errorCodes = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
}

// Unreachable is the error of a call that was not made because the network kept
// the token endpoint from being asked. It wraps why; its text may hold addresses.
type Unreachable struct{ cause error }

func (u *Unreachable) Error() string { return "the token endpoint: " + u.cause.Error() }

// Unwrap returns what kept it.
func (u *Unreachable) Unwrap() error { return u.cause }
