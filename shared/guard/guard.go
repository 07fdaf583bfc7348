// Package guard keeps calls away from addresses that are not the public internet.
//
// A job's address is written by somebody who may not see the network that the
// runner sits in. So loopback, private, link-local, metadata and all other
// reserved addresses are refused unless a setting allows them. The check is made
// at dial time, on the address that is really dialled: a name that resolves to
// something else than before gains nothing, and every redirect dials through here.
//
// The tables of reserved addresses are those of code.dny.dev/ssrf, generated from
// the IANA registries. For IPv6 they turn the question round: only global unicast
// is let through, so mapped, translated (NAT64), local and future forms are not.
package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// Blocked is the error of a dial that was refused.
type Blocked struct{ Address netip.Addr }

func (b *Blocked) Error() string {
	return fmt.Sprintf("%s is a loopback, private or otherwise reserved address; the setting CARILLON_ALLOW_TARGETS can allow it", b.Address)
}

// Guard decides which addresses may be dialled. It is safe for concurrent use.
type Guard struct {
	public  *ssrf.Guardian
	allowed []Allowed
}

// New returns a guard for the jobs of a namespace: it lets through public addresses
// and those allowed to all or to that namespace.
func New(allowed []Allowed, namespace string) *Guard {
	others := func(a Allowed) bool { return a.namespace != "" && a.namespace != namespace }
	return &Guard{public: ssrf.New(ssrf.WithAnyPort()), allowed: slices.DeleteFunc(slices.Clone(allowed), others)}
}

// Control is for [net.Dialer.Control]: it refuses the dial by an error that is,
// or wraps, a [Blocked].
func (g *Guard) Control(_, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	return g.Check(target)
}

// Check returns a [Blocked] if an address may not be dialled, else nil.
func (g *Guard) Check(target netip.AddrPort) error {
	address := target.Addr().Unmap().WithZone("")
	for _, allowed := range g.allowed {
		if allowed.covers(address, target.Port()) {
			return nil
		}
	}
	if err := g.public.SafeAddr(address); err != nil {
		return &Blocked{Address: address}
	}
	return nil
}
