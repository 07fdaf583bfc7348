package guard

import (
	"fmt"
	"net/netip"
	"strings"
)

// Allowed is a part of the reserved addresses that may be called all the same:
// a network (10.0.0.0/8), an address (10.1.2.3, ::1), or one port of an address
// (127.0.0.1:8080, [::1]:8080); by the jobs of one namespace (billing=10.0.0.0/8),
// or by all. It reads and writes these forms as text.
type Allowed struct {
	namespace string // "" for all
	network   netip.Prefix
	port      uint16 // 0 for any
}

// Namespace returns the namespace that it holds for, or "" for all.
func (a Allowed) Namespace() string { return a.namespace }

// UnmarshalText reads one of the forms.
func (a *Allowed) UnmarshalText(text []byte) error {
	namespace, target, named := strings.Cut(string(text), "=")
	if !named {
		namespace, target = "", namespace
	}
	read, ok := readAddresses(target)
	if !ok || named && namespace == "" {
		return fmt.Errorf("%q is not an allowed target: write a network like 10.0.0.0/8, an address like 10.1.2.3, or a port like 127.0.0.1:8080; for the jobs of one namespace, billing=10.0.0.0/8", text)
	}
	read.namespace = namespace
	*a = read
	return nil
}

func readAddresses(text string) (Allowed, bool) {
	if network, err := netip.ParsePrefix(text); err == nil {
		return Allowed{network: network.Masked()}, true
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return allow(address, 0), true
	}
	target, err := netip.ParseAddrPort(text)
	return allow(target.Addr(), target.Port()), err == nil && target.Port() != 0
}

// MarshalText writes the form that [Allowed.UnmarshalText] reads.
func (a Allowed) MarshalText() ([]byte, error) {
	text := a.network.String()
	if a.port != 0 {
		text = netip.AddrPortFrom(a.network.Addr(), a.port).String()
	}
	if a.namespace != "" {
		text = a.namespace + "=" + text
	}
	return []byte(text), nil
}

func allow(address netip.Addr, port uint16) Allowed {
	address = address.Unmap().WithZone("")
	return Allowed{network: netip.PrefixFrom(address, address.BitLen()), port: port}
}

func (a Allowed) covers(address netip.Addr, port uint16) bool {
	return a.network.Contains(address) && (a.port == 0 || a.port == port)
}
