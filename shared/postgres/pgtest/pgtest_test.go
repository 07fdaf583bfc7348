package pgtest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// count is how many queues a database has; every migrated one has three.
func count(t *testing.T, url string) (n int, err error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.Background())
	return n, conn.QueryRow(t.Context(), "SELECT count(*) FROM queues").Scan(&n)
}

func TestEveryCallerHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	mine, other := Database(t), Database(t)
	conn, err := pgx.Connect(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "DELETE FROM queues"); err != nil {
		t.Fatal(err)
	}
	if n, err := count(t, other); n != 3 || err != nil {
		t.Fatalf("the other database has %d queues, %v", n, err)
	}
}

func TestDatabaseIsDroppedAfterTheTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("a test that leaves a connection open", func(t *testing.T) {
		url = Database(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	_, err := count(t, url)
	if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "3D000" {
		t.Fatalf("got %v", err)
	}
}

// fault tells a copy of this test binary how to end.
const fault = "PGTEST_FAULT"

// TestFault is what such a copy runs; it has nothing to do otherwise.
func TestFault(t *testing.T) {
	switch os.Getenv(fault) {
	case "fail":
		Database(t)
		t.Fail()
	case "panic":
		println(Database(t))
		panic("on purpose")
	}
}

// runFault is what the copy said. Its folders go with the test.
func runFault(t *testing.T, kind string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFault$")
	cmd.Env = append(os.Environ(), fault+"="+kind, "TMPDIR="+dir)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("no failure: %s", out)
	}
	return string(out)
}

func TestFailedTestSaysHowToLookAtItsDatabase(t *testing.T) {
	t.Parallel()
	out := runFault(t, "fail")
	match := regexp.MustCompile(`(?s)once the tests have ended, with\n\s*(\S.*start &&)\n\s*(psql '[^']*')`).FindStringSubmatch(out)
	if match == nil {
		t.Fatalf("it says: %s", out)
	}
	start, psql := match[1], match[2]
	stop := strings.Replace(strings.TrimSuffix(start, "start &&"), " -o ", " stop #", 1)
	t.Cleanup(func() { _ = exec.Command("sh", "-c", stop).Run() })
	got, err := exec.Command("sh", "-c", start+psql+" -Atc 'SELECT count(*) FROM queues'").CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(got)), "\n3") {
		t.Fatalf("%s%s: %v\n%s", start, psql, err, got)
	}
}

func TestServerEndsWithABinaryThatPanics(t *testing.T) {
	t.Parallel()
	url := regexp.MustCompile(`postgres://\S+`).FindString(runFault(t, "panic"))
	deadline := time.Now().Add(patience)
	for {
		_, err := count(t, url)
		if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server of %s goes on: %v", url, err)
		}
	}
}

func TestOldFoldersAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, age := range map[string]time.Duration{"carillon-pgtest-old": keptFor + time.Minute, "carillon-pgtest-new": keptFor - time.Minute, "other": 2 * keptFor} {
		path, then := filepath.Join(os.TempDir(), name), time.Now().Add(-age)
		if err := errors.Join(os.Mkdir(path, 0o700), os.Chtimes(path, then, then)); err != nil {
			t.Fatal(err)
		}
	}
	removeOld()
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil || len(left) != 2 {
		t.Fatalf("left: %v, %v", left, err)
	}
}

func TestDatabaseNameIsOneThatPostgresTakes(t *testing.T) {
	t.Parallel()
	got := databaseName(7, "TestÄ/with spaces; DROP TABLE"+strings.Repeat("x", 99))
	if len(got) != 63 || !regexp.MustCompile(`^t7_test__with_spaces__drop_tablex+$`).MatchString(got) {
		t.Fatal(got)
	}
}
