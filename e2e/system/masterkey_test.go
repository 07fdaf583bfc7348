package system

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// TestASecretOutlivesUp holds that `carillon up` opens after a second start what it
// sealed in the first.
func TestASecretOutlivesUp(t *testing.T) {
	t.Parallel()
	dir, listen := dataDir(t), freeAddress(t)
	target := verify(t, nil, func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer s3cr3t" })
	u := startUp(t, dir, listen)
	if info, err := os.Stat(filepath.Join(dir, "master.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	if err := u.Do(t.Context(), "PUT", "/secrets/default/token", map[string]string{"value": "s3cr3t"}, nil); err != nil {
		t.Fatal(err)
	}
	u.interrupt(t)
	u = startUp(t, dir, listen)
	u.create(t, carillon.Document{
		Name: "proven", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)},
		Target: carillon.Target{URL: target.URL, Auth: &carillon.Auth{Bearer: &carillon.Bearer{Secret: "token"}}},
	})
	until(t, time.Minute, func() error { return target.enough(1) })
}
