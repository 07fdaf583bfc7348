package vault

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

func keys(t *testing.T, b byte) *seal.Keys {
	t.Helper()
	k, err := seal.Load(seal.Config{Keys: base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32))})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t *testing.T, k *seal.Keys, namespace, secret string, version int64, value string) wire.Sealed {
	t.Helper()
	text, err := k.Seal(value, seal.Place{Namespace: namespace, Name: secret, Version: version})
	if err != nil {
		t.Fatal(err)
	}
	return wire.Sealed{Version: version, Text: text}
}

func entry(namespace, secret string, message wire.Secret) bus.Entry {
	return bus.Entry{Subject: topology.Secret(namespace, secret), Data: wire.Encode(message)}
}

func TestTheNewestVersionCountsAndTheOneBeforeIsKept(t *testing.T) {
	t.Parallel()
	k := keys(t, 1)
	v := New(nil, k)
	one, two := sealed(t, k, "default", "token", 1, "one"), sealed(t, k, "default", "token", 2, "two")
	v.take(entry("default", "token", wire.Secret{Current: one}))
	if value, ok := v.Resolve("default", "token"); !ok || value != "one" {
		t.Errorf("got %q, %t", value, ok)
	}
	v.take(entry("default", "token", wire.Secret{Current: two, Previous: &one}))
	if got := v.ResolveAll("default", "token"); !slices.Equal(got, []string{"two", "one"}) {
		t.Errorf("got %q", got)
	}
}

// TestADeletedSecretIsThereForRunsThatWait and no longer.
func TestADeletedSecretIsThereForRunsThatWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := keys(t, 1)
		v := New(nil, k)
		deleted := bus.Entry{Subject: topology.Secret("default", "token")}
		v.take(deleted)
		if value, ok := v.Resolve("default", "token"); ok {
			t.Errorf("a secret that never was is %q", value)
		}
		put := entry("default", "token", wire.Secret{Current: sealed(t, k, "default", "token", 1, "one")})
		v.take(put)
		v.take(deleted)
		time.Sleep(afterlife - time.Second)
		if value, ok := v.Resolve("default", "token"); !ok || value != "one" {
			t.Errorf("after the deletion it is %q, %t", value, ok)
		}
		time.Sleep(time.Second)
		if value, ok := v.Resolve("default", "token"); ok {
			t.Errorf("an hour later it is still %q", value)
		}
		v.take(put)
		if _, ok := v.Resolve("default", "token"); !ok {
			t.Error("one that was put again is not there")
		}
		v.take(deleted)
		time.Sleep(afterlife)
		v.take(bus.Entry{Subject: topology.Secret("default", "other")})
		if len(v.secrets)+len(v.ends) > 0 {
			t.Error("what has ended is kept")
		}
	})
}

func TestASecretInAnothersPlaceDoesNotOpen(t *testing.T) {
	t.Parallel()
	k := keys(t, 1)
	v := New(nil, k)
	theirs := sealed(t, k, "theirs", "token", 1, "x")
	v.take(entry("mine", "token", wire.Secret{Current: theirs}))
	v.take(entry("theirs", "token", wire.Secret{Current: theirs}))
	for _, c := range []struct {
		namespace, name string
		want            bool
	}{{"mine", "token", false}, {"theirs", "token", true}, {"mine", "other", false}, {"", "theirs.token", false}, {"theirs", "*", false}} {
		if _, ok := v.Resolve(c.namespace, c.name); ok != c.want {
			t.Errorf("%s/%s: %t", c.namespace, c.name, ok)
		}
	}
}

func TestWhatCannotBeReadIsNotThere(t *testing.T) {
	t.Parallel()
	k := keys(t, 1)
	v := New(nil, k)
	good := sealed(t, k, "default", "token", 2, "x")
	foreign := sealed(t, keys(t, 9), "default", "token", 1, "y")
	v.take(bus.Entry{Subject: topology.Secret("default", "token"), Data: []byte("{")})
	v.take(entry("default", "token", wire.Secret{Current: foreign}))
	if got := v.ResolveAll("default", "token"); got != nil {
		t.Errorf("got %q", got)
	}
	v.take(entry("default", "token", wire.Secret{Current: good, Previous: &foreign}))
	if got := v.ResolveAll("default", "token"); !slices.Equal(got, []string{"x"}) {
		t.Errorf("got %q", got)
	}
}
