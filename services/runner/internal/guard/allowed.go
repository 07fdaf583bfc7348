package guard

import (
	"fmt"
	"net/netip"
)

// Allowed is a part of the reserved addresses that may be called all the same:
// a network (10.0.0.0/8), an address (10.1.2.3, ::1), or one port of an address
// (127.0.0.1:8080, [::1]:8080). It reads and writes these forms as text.
type Allowed struct {
	network netip.Prefix
	port    uint16 // 0 for any
}

// UnmarshalText reads one of the forms.
func (a *Allowed) UnmarshalText(text []byte) error {
	if network, err := netip.ParsePrefix(string(text)); err == nil {
		*a = Allowed{network: network.Masked()}
		return nil
	}
	if address, err := netip.ParseAddr(string(text)); err == nil {
		*a = allow(address, 0)
		return nil
	}
	target, err := netip.ParseAddrPort(string(text))
	if err != nil || target.Port() == 0 {
		return fmt.Errorf("%q is not an allowed target: write a network like 10.0.0.0/8, an address like 10.1.2.3, or a port like 127.0.0.1:8080", text)
	}
	*a = allow(target.Addr(), target.Port())
	return nil
}

// MarshalText writes the form that [Allowed.UnmarshalText] reads.
func (a Allowed) MarshalText() ([]byte, error) {
	if a.port != 0 {
		return netip.AddrPortFrom(a.network.Addr(), a.port).MarshalText()
	}
	return a.network.MarshalText()
}

func allow(address netip.Addr, port uint16) Allowed {
	address = address.Unmap().WithZone("")
	return Allowed{network: netip.PrefixFrom(address, address.BitLen()), port: port}
}

func (a Allowed) covers(address netip.Addr, port uint16) bool {
	return a.network.Contains(address) && (a.port == 0 || a.port == port)
}
