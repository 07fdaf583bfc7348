package gateway

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/belief"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/google/uuid"
)

type operation struct {
	method, path, id string
	role             keyring.Role
}

// operations reads the OpenAPI document: all that needs a key. What does not is
// listed by TestDocumentAndRoutesAgree.
func (w *world) operations(t *testing.T) []operation {
	t.Helper()
	document := into[struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			ID       string                `json:"operationId"`
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}](t, w.callAs(t, "", "GET", "/openapi.json", nil), 200)
	if !strings.HasPrefix(document.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", document.OpenAPI)
	}
	var all []operation
	for path, methods := range document.Paths {
		for method, op := range methods {
			if len(op.Security) == 0 {
				continue
			}
			all = append(all, operation{strings.ToUpper(method), path, op.ID, keyring.Role(op.Security[0]["key"][0])})
		}
	}
	return all
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func TestEveryRouteNeedsAKeyAndItsRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secrets := map[keyring.Role]string{}
	keys := keyring.New(w.pool)
	for _, role := range keyring.Roles() {
		secrets[role] = belief.NewSecret(keyring.Prefix)
		if err := keys.InstallSecret(t.Context(), secrets[role]); err != nil {
			t.Fatal(err)
		}
		if _, err := w.pool.Exec(t.Context(), `UPDATE keys SET role = $1, name = $1 WHERE name LIKE 'admin (%'`, string(role)); err != nil {
			t.Fatal(err)
		}
	}
	operations := w.operations(t)
	if len(operations) < 19 {
		t.Fatalf("only %d operations are documented", len(operations))
	}
	for _, op := range operations {
		path := placeholder.ReplaceAllString(op.path, uuid.NewString())
		for name, key := range map[string]string{"no key": "", "a wrong key": "car_wrong"} {
			r := w.callAs(t, key, op.method, path, nil)
			if key != "" && r.status == 429 { // guessed too often
				continue
			}
			if p := intoProblem(t, r, 401); key != "" && p.Detail != "the API key is unknown or has expired" {
				t.Error(p.Detail)
			}
			if r.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %s: no WWW-Authenticate", path, name)
			}
		}
		for _, role := range keyring.Roles() {
			r := w.callAs(t, secrets[role], op.method, path, nil)
			if refused := r.status == 403; refused == role.Allows(op.role) {
				t.Errorf("%s %s needs %s; %s got %d", op.method, op.path, op.role, role, r.status)
			}
		}
	}
}

func TestKeysAreStoredHashedAndCanBeRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if n := w.count(t, `SELECT count(*) FROM keys WHERE convert_to($1, 'UTF8') = hash OR name LIKE '%' || $1 || '%'`, w.key); n != 0 {
		t.Error("the key itself is stored")
	}
	if info, err := os.Stat(w.config.AdminKeyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	if _, err := w.pool.Exec(t.Context(), `UPDATE keys SET expires_at = now()`); err != nil {
		t.Fatal(err)
	}
	eventually.Succeeds(t, func() error {
		if r := w.call(t, "GET", "/api/v1/jobs", nil); r.status != 401 {
			return errors.New("still accepted")
		}
		return nil
	})
}

func TestAdminKeyFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "admin.key")
	keys := keyring.New(w.pool)
	ctx := context.Background()
	if err := keys.InstallFile(ctx, file); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a second key was made while one exists")
	}
	if _, err := w.pool.Exec(ctx, `DELETE FROM keys`); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the file is made, then kept
		if err := keys.InstallFile(ctx, file); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(string(content))
	if _, err := w.pool.Exec(ctx, `DELETE FROM keys`); err != nil {
		t.Fatal(err)
	}
	if err := keys.InstallFile(ctx, file); err != nil {
		t.Fatal(err)
	}
	if key, err := keyring.New(w.pool).Find(ctx, secret); err != nil || key.Role != keyring.Admin || !strings.HasPrefix(secret, keyring.Prefix) {
		t.Errorf("the table lost the key, and the file did not bring it back: %+v, %v", key, err)
	}
}

func TestAdminKeyFromSettingReplacesTheLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys, ctx := keyring.New(w.pool), context.Background()
	for _, secret := range []string{"first-secret", "second-secret", "second-secret"} {
		if err := keys.InstallSecret(ctx, secret); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := keys.Find(ctx, "second-secret"); err != nil {
		t.Error(err)
	}
	if _, err := keys.Find(ctx, "first-secret"); err != keyring.ErrUnknown {
		t.Errorf("the old key: %v", err)
	}
	if _, err := keys.Find(ctx, w.key); err != nil {
		t.Errorf("the key of the file: %v", err)
	}
}

func TestDocsShowEveryOperationAndNeedNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := string(w.callAs(t, "", "GET", "/docs", nil).body)
	for _, op := range w.operations(t) {
		if !strings.Contains(page, "<code>"+op.path+"</code>") {
			t.Errorf("%s is not on the page", op.path)
		}
	}
	for _, outside := range []string{"src=", "@import", "url("} {
		if strings.Contains(page, outside) {
			t.Errorf("the page loads something: %s", outside)
		}
	}
	if !strings.Contains(page, "Authorization: Bearer") {
		t.Error("the page does not explain keys")
	}
}
