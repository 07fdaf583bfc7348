// Package pgtest gives a test a database of its own on a real Postgres.
//
// A test binary runs one private server, from the first test that wants one
// until Main returns; if the binary dies before, the server dies with it. The
// schema is made once, in a template, and copied for every test. Nothing is
// flushed to disk: a server takes under a second, a database about a tenth.
//
// A database whose test failed is kept, with the server's folder, and the test's
// output says how to look at it. Folders that were kept are removed by the first
// run that comes a day later.
package pgtest

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
)

// current is the server of this test binary, while Main runs its tests.
var current atomic.Pointer[instance]

// Main runs the tests of a package and then ends the server, if a test wanted
// one. Its result is the exit code:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M) int {
	in := &instance{}
	current.Store(in)
	code := m.Run()
	if err := in.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return max(code, 1)
	}
	return code
}

// Database is the URL of a database with the current schema that belongs to the
// test alone. It is dropped after the test, whoever is still connected, or kept
// if the test failed. It is safe for parallel tests.
func Database(t testing.TB) string {
	t.Helper()
	in := current.Load()
	if in == nil {
		t.Fatal("TestMain has to call pgtest.Main")
	}
	name, err := in.create(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.release(t, name) })
	return in.url(name)
}
