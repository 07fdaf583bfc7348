package guard

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func allowed(t *testing.T, texts ...string) []Allowed {
	t.Helper()
	list := make([]Allowed, len(texts))
	for i, text := range texts {
		if err := list[i].UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestReservedAddressesAreRefused(t *testing.T) {
	t.Parallel()
	refused := []string{
		"127.0.0.1:80", "127.8.9.10:443", "0.0.0.0:80", "0.1.2.3:80", "10.0.0.1:80", "100.64.0.1:80", "169.254.169.254:80",
		"172.16.0.1:80", "172.31.255.255:80", "192.0.0.8:80", "192.0.2.1:80", "192.88.99.1:80", "192.168.1.1:80",
		"198.18.0.1:80", "198.51.100.1:80", "203.0.113.1:80", "224.0.0.1:80", "240.0.0.1:80", "255.255.255.255:80",
		"[::]:80", "[::1]:80", "[fe80::1]:80", "[fe80::1%eth0]:80", "[fc00::1]:80", "[fd00:ec2::254]:80", "[ff02::1]:80",
		"[::ffff:127.0.0.1]:80", "[::ffff:10.0.0.1]:80", "[::ffff:169.254.169.254]:80", "[::127.0.0.1]:80",
		"[64:ff9b::7f00:1]:80", "[64:ff9b::808:808]:80", "[64:ff9b:1::1]:80", "[100::1]:80",
		"[2001::1]:80", "[2001:db8::1]:80", "[2002:7f00:1::1]:80", "[3fff::1]:80", "[4000::1]:80",
	}
	guard := New(nil, "")
	for _, address := range refused {
		if err := guard.Control("tcp", address, nil); !isBlocked(err) {
			t.Errorf("%s: %v, want blocked", address, err)
		}
	}
}

func TestPublicAddressesPass(t *testing.T) {
	t.Parallel()
	guard := New(nil, "")
	for _, address := range []string{"8.8.8.8:80", "1.1.1.1:8443", "172.32.0.1:80", "[2606:4700::1111]:443", "[::ffff:8.8.8.8]:80"} {
		if err := guard.Control("tcp", address, nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAllowedTargets(t *testing.T) {
	t.Parallel()
	guard := New(allowed(t, "10.1.2.3/8", "192.168.7.7", "127.0.0.1:8080", "::1", "[fd00::5]:90", "fd12::/16"), "")
	for address, pass := range map[string]bool{
		"10.200.0.1:1": true, "192.168.7.7:9": true, "192.168.7.8:9": false,
		"127.0.0.1:8080": true, "127.0.0.1:8081": false, "127.0.0.2:8080": false, "[::ffff:127.0.0.1]:8080": true,
		"[::1]:5": true, "[::2]:5": false, "[fd00::5]:90": true, "[fd00::5]:91": false, "[fd12::9%lo]:1": true,
	} {
		if err := guard.Control("tcp", address, nil); (err == nil) != pass {
			t.Errorf("%s: %v, want pass %v", address, err, pass)
		}
	}
}

func TestOnlyItsOwnNamespaceMayCallWhatItIsAllowed(t *testing.T) {
	t.Parallel()
	list := allowed(t, "10.0.0.0/8", "billing=192.168.0.0/16", "sales=172.16.0.1:80")
	for namespace, pass := range map[string][3]bool{
		"": {true, false, false}, "billing": {true, true, false}, "sales": {true, false, true}, "other": {true, false, false},
	} {
		guard := New(list, namespace)
		for i, address := range []string{"10.0.0.1:1", "192.168.0.1:1", "172.16.0.1:80"} {
			if err := guard.Control("tcp", address, nil); (err == nil) != pass[i] {
				t.Errorf("%q calls %s: %v", namespace, address, err)
			}
		}
	}
}

func TestBlockedSaysWhatAllowsIt(t *testing.T) {
	t.Parallel()
	dialer := net.Dialer{Control: New(nil, "").Control}
	_, err := dialer.Dial("tcp", "127.0.0.1:9")
	if !isBlocked(err) || !strings.Contains(err.Error(), "CARILLON_ALLOW_TARGETS") {
		t.Errorf("dialled: %v", err)
	}
}

func TestAllowedText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.1.2.3/8": "10.0.0.0/8", "10.1.2.3": "10.1.2.3/32", "::1": "::1/128",
		"127.0.0.1:8080": "127.0.0.1:8080", "[::1]:8080": "[::1]:8080",
		"billing=10.1.2.3/8": "billing=10.0.0.0/8", "a=[::1]:8080": "a=[::1]:8080",
	} {
		written, err := allowed(t, text)[0].MarshalText()
		if err != nil || string(written) != want {
			t.Errorf("%s is written as %s, %v; want %s", text, written, err, want)
		}
	}
	for _, text := range []string{"", "localhost", "127.0.0.1:0", "10.0.0.0/40", "127.0.0.1:http", "*", "=10.0.0.0/8", "billing=", "a=b=::1"} {
		var entry Allowed
		if err := entry.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken as %v", text, entry)
		}
	}
}

func FuzzCheckNeverLetsPrivateThrough(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add(netip.MustParseAddr("::ffff:10.0.0.1").AsSlice())
	guard := New(nil, "")
	f.Fuzz(func(t *testing.T, raw []byte) {
		address, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		plain := address.Unmap()
		reserved := plain.IsPrivate() || plain.IsLoopback() || plain.IsLinkLocalUnicast() || plain.IsMulticast() || plain.IsUnspecified()
		if err := guard.Check(netip.AddrPortFrom(address, 80)); reserved && !isBlocked(err) {
			t.Errorf("%s passed: %v", address, err)
		}
	})
}

func isBlocked(err error) bool {
	_, ok := errors.AsType[*Blocked](err)
	return ok
}
