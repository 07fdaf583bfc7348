package gateway

import (
	"flag"
	"os"
	"testing"

	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
)

// full makes tests as large as the promises ask for: a crowd of a thousand on the
// feed, an audit of ten million rows.
var full = flag.Bool("full", false, "tests are as large as the promises ask for, and take minutes")

// fuzzSeed makes the requests of a test that failed again.
var fuzzSeed = flag.Uint64("seed", 0, "the seed of the requests that are made up; another each time by default")

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
