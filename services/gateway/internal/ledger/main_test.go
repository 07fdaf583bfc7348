package ledger

import (
	"os"
	"testing"

	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
