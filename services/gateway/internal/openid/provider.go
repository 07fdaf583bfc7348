package openid

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/belief"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// The refusals.
var (
	// ErrOff says that no provider is configured.
	ErrOff = errors.New("no OpenID Connect provider is configured")
	// ErrRefused says that the provider, or what it said, proves nobody.
	ErrRefused = errors.New("the login was refused")
	// ErrNoGrant says that somebody may do nothing here.
	ErrNoGrant = errors.New("none of your groups may use this server")
	// ErrUnavailable says that the provider did not answer.
	ErrUnavailable = errors.New("the OpenID Connect provider is not available")
)

// CallbackPath is where the provider sends browsers back to.
const CallbackPath = "/api/v1/session/oidc/callback"

// askTimeout bounds what the provider is asked in one request.
const askTimeout = 8 * time.Second

// Provider logs people in. It is safe for concurrent use.
type Provider struct {
	config Config

	discovered atomic.Pointer[oidc.Provider] // nil until the provider has answered once
	asking     singleflight.Group
}

// New returns the provider of a configuration, which need not be up yet. Without an
// issuer, everything fails with ErrOff. It fails if something is missing.
func New(config Config) (*Provider, error) {
	if config.Issuer != "" {
		if err := config.check(); err != nil {
			return nil, err
		}
	}
	return &Provider{config: config}, nil
}

// IsOn reports whether a provider is configured.
func (p *Provider) IsOn() bool { return p.config.Issuer != "" }

// Attempt is what a browser keeps from Begin to Finish.
type Attempt struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
}

// Begin returns the address to send a browser to. It fails with ErrOff or
// ErrUnavailable.
func (p *Provider) Begin(ctx context.Context) (address string, attempt Attempt, err error) {
	client, _, err := p.client(ctx)
	if err != nil {
		return "", attempt, err
	}
	attempt = Attempt{belief.NewSecret(""), belief.NewSecret(""), oauth2.GenerateVerifier()}
	return client.AuthCodeURL(attempt.State, oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier)), attempt, nil
}

// Finish returns the person whom the provider has sent back with a state and a
// code. It fails with one of the refusals.
func (p *Provider) Finish(ctx context.Context, attempt Attempt, state, code string) (who login.Person, err error) {
	if !p.IsOn() {
		return who, ErrOff
	}
	if attempt.State == "" || subtle.ConstantTimeCompare([]byte(attempt.State), []byte(state)) == 0 {
		return who, fmt.Errorf("%w: it was not begun in this browser, or too long ago", ErrRefused)
	}
	client, provider, err := p.client(ctx)
	if err != nil {
		return who, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	token, err := client.Exchange(ctx, code, oauth2.VerifierOption(attempt.Verifier))
	if err != nil {
		return who, refusal(err)
	}
	text, _ := token.Extra("id_token").(string)
	proof, err := provider.VerifierContext(context.WithoutCancel(ctx), &oidc.Config{ClientID: p.config.ClientID}).Verify(ctx, text)
	if err != nil {
		return who, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if subtle.ConstantTimeCompare([]byte(proof.Nonce), []byte(attempt.Nonce)) == 0 {
		return who, fmt.Errorf("%w: the answer is to another question", ErrRefused)
	}
	var claims map[string]any
	if err := proof.Claims(&claims); err != nil {
		return who, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return p.config.person(claims)
}

// refusal tells a provider that says no from one that says nothing.
func refusal(err error) error {
	if _, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fmt.Errorf("%w: the code is not valid", ErrRefused)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// discover asks the provider where its parts are.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.config.Issuer)
	if err == nil {
		p.discovered.Store(found)
	}
	return found, err
}

// client asks the provider where its parts are, until it has answered once, and one
// time for all who come meanwhile.
func (p *Provider) client(ctx context.Context) (*oauth2.Config, *oidc.Provider, error) {
	if !p.IsOn() {
		return nil, nil, ErrOff
	}
	provider := p.discovered.Load()
	if provider == nil {
		found, err, _ := p.asking.Do("", func() (any, error) { return p.discover(context.WithoutCancel(ctx)) })
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		provider = found.(*oidc.Provider)
	}
	return &oauth2.Config{
		ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, Endpoint: provider.Endpoint(),
		RedirectURL: strings.TrimSuffix(p.config.URL, "/") + CallbackPath,
		Scopes:      append([]string{oidc.ScopeOpenID}, p.config.Scopes...),
	}, provider, nil
}

// person is whom claims tell of, with the first grant that fits.
func (c Config) person(claims map[string]any) (login.Person, error) {
	groups := texts(claims[c.Claim])
	verified, _ := claims["email_verified"].(bool)
	if c.Claim == "email" && !verified {
		groups = nil // anybody may say that an address is his
	}
	for _, grant := range c.Grants {
		if slices.Contains(groups, grant.Group) {
			return login.Person{Name: nameOf(claims, verified), Role: grant.Role, Scope: grant.Scope}, nil
		}
	}
	return login.Person{}, ErrNoGrant
}

// nameOf is what the audit log calls a person. No key can have such a name.
func nameOf(claims map[string]any, verified bool) string {
	name, _ := claims["sub"].(string)
	if address, ok := claims["email"].(string); ok && verified {
		name = address
	}
	return name + " (OpenID)"
}

// texts are the strings of a claim, which may be one or a list of them.
func texts(claim any) (all []string) {
	if one, ok := claim.(string); ok {
		return []string{one}
	}
	list, _ := claim.([]any)
	for _, item := range list {
		if text, ok := item.(string); ok {
			all = append(all, text)
		}
	}
	return all
}
