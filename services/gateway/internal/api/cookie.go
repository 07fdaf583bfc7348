package api

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
)

// credential is what a request proves with who makes it.
type credential struct {
	secret   string
	isCookie bool
}

// credentialOf prefers a key: whoever sets a header means it, and a cookie is sent
// by itself.
func credentialOf(ctx huma.Context) credential {
	if secret := secretOf(ctx); secret != "" {
		return credential{secret, false}
	}
	if cookie, err := huma.ReadCookie(ctx, cookieName(ctx, sessionCookie)); err == nil {
		return credential{cookie.Value, true}
	}
	return credential{}
}

// The cookies: of a session, and of a login that has been begun.
const (
	sessionCookie = "carillon"
	attemptCookie = "carillon-login"
)

// cookieName is the name of a cookie. Over HTTPS it has the prefix that keeps other
// hosts of the domain, and connections in plain, from setting it.
func cookieName(ctx huma.Context, name string) string {
	if isSecure(ctx) {
		return "__Host-" + name
	}
	return name
}

// isSecure reports whether the browser speaks HTTPS, with us or with a proxy that
// says so in X-Forwarded-Proto.
func isSecure(ctx huma.Context) bool { return humafiber.Unwrap(ctx).Protocol() == "https" }

// newCookie makes a cookie that no script can read and no other site's form sends.
// Without a value it is taken back.
func newCookie(name, value string, secure bool, ends time.Time) http.Cookie {
	cookie := http.Cookie{
		Name: name, Value: value, Path: "/", Expires: ends, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		cookie.MaxAge, cookie.Expires = -1, time.Time{}
	}
	return cookie
}

// addressOf is where a request comes from. Of IPv6 it is the network, for one
// machine may have all of its addresses.
func addressOf(ctx huma.Context) netip.Addr {
	address, _ := netip.AddrFromSlice(humafiber.Unwrap(ctx).Context().RemoteIP())
	address = address.Unmap()
	if network, err := address.Prefix(64); err == nil && address.Is6() {
		return network.Addr()
	}
	return address
}
