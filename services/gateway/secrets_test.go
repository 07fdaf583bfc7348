package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/secretstore"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
)

// masterKey is a key of 32 equal bytes.
func masterKey(b byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32))
}

// put stores a secret.
func (w *world) put(t *testing.T, path, value string) secretstore.Secret {
	t.Helper()
	return into[secretstore.Secret](t, w.call(t, "PUT", "/api/v1/secrets/"+path, object{"value": value}), 200)
}

func (w *world) secrets(t *testing.T, query string) []secretstore.Secret {
	t.Helper()
	type list struct {
		Items []secretstore.Secret `json:"items"`
	}
	return into[list](t, w.call(t, "GET", "/api/v1/secrets"+query, nil), 200).Items
}

// publishedSecret waits until JOBS holds a version of a secret, and opens it.
func (w *world) publishedSecret(t *testing.T, namespace, name string, version int64, key string) (value string, message wire.Secret) {
	t.Helper()
	keys, err := seal.Load(seal.Config{Keys: key})
	if err != nil {
		t.Fatal(err)
	}
	eventually.Succeeds(t, func() error {
		stream, err := w.js.Stream(t.Context(), topology.JobsStream)
		if err != nil {
			return err
		}
		msg, err := stream.GetLastMsgForSubject(t.Context(), topology.Secret(namespace, name))
		if err != nil {
			return err
		}
		if message, err = wire.Decode[wire.Secret](msg.Data); err != nil || message.Current.Version != version {
			return fmt.Errorf("version %d, %v", message.Current.Version, err)
		}
		value, err = keys.Open(message.Current.Text, seal.Place{Namespace: namespace, Name: name, Version: version})
		return err
	})
	return value, message
}

func usesSecret(name, secret string) object {
	d := document(name)
	d["target"] = object{"url": "https://example.com/x", "auth": object{"bearer": object{"secret": secret}}}
	return d
}

func TestASecretIsStoredSealedAndNeverShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const first, second = "plain-value-1", "plain-value-2"
	if made := w.put(t, "billing/token", first); made.Version != 1 || made.Previous || made.CreatedAt.IsZero() {
		t.Errorf("%+v", made)
	}
	w.put(t, "default/token", "another")
	if value, _ := w.publishedSecret(t, "billing", "token", 1, masterKey(1)); value != first {
		t.Errorf("published %q", value)
	}
	if same := w.put(t, "billing/token", first); same.Version != 1 {
		t.Errorf("the same value made version %d", same.Version)
	}
	changed := w.put(t, "billing/token", second)
	value, message := w.publishedSecret(t, "billing", "token", 2, masterKey(1))
	if changed.Version != 2 || !changed.Previous || value != second || message.Previous == nil || message.Previous.Version != 1 {
		t.Errorf("%+v, published %q %+v", changed, value, message)
	}
	if got := w.secrets(t, "?namespace=billing"); len(got) != 1 || got[0].Name != "token" || got[0].Version != 2 {
		t.Errorf("%+v", got)
	}
	if all := w.secrets(t, ""); len(all) != 2 || all[0].Namespace != "billing" || all[1].Namespace != "default" {
		t.Errorf("%+v", all)
	}
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE object = 'secret/billing/token'`); n != 2 {
		t.Errorf("%d lines in the audit log", n)
	}
	const holding = `SELECT (SELECT count(*) FROM audit_log a WHERE a::text LIKE '%plain-value%')
		+ (SELECT count(*) FROM secrets WHERE position('plain-value'::bytea IN sealed) > 0)`
	if n := w.count(t, holding); n != 0 {
		t.Errorf("%d rows hold a value", n)
	}
}

func TestAJobNamesSecretsOfItsNamespaceOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, "other/token", "x")
	p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs", usesSecret("a", "token")), 422)
	if diff := cmp.Diff([]string{"body.target.auth.bearer.secret"}, p.locations()); diff != "" || !strings.Contains(p.Errors[0].Message, "no secret token") {
		t.Errorf("%s %+v", diff, p)
	}
	w.put(t, "default/token", "x")
	job := w.create(t, usesSecret("a", "token"))
	signed := object{"target": object{"auth": nil, "signing": object{"secrets": []string{"token", "gone", "token"}}}}
	p = intoProblem(t, w.call(t, "PATCH", "/api/v1/jobs/"+job.ID.String(), signed), 422)
	if diff := cmp.Diff([]string{"body.target.signing.secrets[1]"}, p.locations()); diff != "" {
		t.Error(diff)
	}
	signed["target"].(object)["signing"] = object{"secrets": []string{"token", "token"}}
	into[object](t, w.call(t, "PATCH", "/api/v1/jobs/"+job.ID.String(), signed), 200)
}

func TestASecretInUseStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, "default/token", "x")
	first, second := w.create(t, usesSecret("a", "token")), w.create(t, usesSecret("b", "token"))
	if got := w.secrets(t, "")[0]; got.Uses != 2 || !slices.Equal(got.UsedBy, []string{"a", "b"}) {
		t.Errorf("%+v", got)
	}
	const path = "/api/v1/secrets/default/token"
	intoProblem(t, w.call(t, "DELETE", path, nil), 409)
	into[object](t, w.call(t, "PATCH", "/api/v1/jobs/"+first.ID.String(), object{"target": object{"auth": nil}}), 200)
	if p := intoProblem(t, w.call(t, "DELETE", path, nil), 409); !strings.Contains(p.Detail, "1, among them b") {
		t.Error(p.Detail)
	}
	into[object](t, w.call(t, "DELETE", "/api/v1/jobs/"+second.ID.String(), nil), 204)
	into[object](t, w.call(t, "DELETE", path, nil), 204)
	intoProblem(t, w.call(t, "DELETE", path, nil), 404)
	w.relayed(t)
	stream, err := w.js.Stream(t.Context(), topology.JobsStream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetLastMsgForSubject(t.Context(), topology.Secret("default", "token"))
	if err != nil || len(msg.Data) > 0 || msg.Header.Get(jetstream.MsgTTLHeader) == "" {
		t.Errorf("not deleted: %v, %v", msg, err)
	}
}

func TestBadSecretsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		path   string
		body   any
		status int
		want   []string
	}{
		"a dot":           {"default/a.b", object{"value": "x"}, 422, []string{"path.name"}},
		"a star":          {"default/*", object{"value": "x"}, 422, []string{"path.name"}},
		"a dot above":     {"a.b/c", object{"value": "x"}, 422, []string{"path.namespace"}},
		"an arrow":        {"default/%3E", object{"value": "x"}, 422, []string{"path.name"}},
		"a huge name":     {"default/" + strings.Repeat("a", 64), object{"value": "x"}, 422, []string{"path.name"}},
		"no value":        {"default/a", object{}, 422, []string{"body.value"}},
		"an empty value":  {"default/a", object{"value": ""}, 422, []string{"body.value"}},
		"a number":        {"default/a", object{"value": 12345678}, 422, []string{"body.value"}},
		"a huge value":    {"default/a", object{"value": strings.Repeat("x", 64<<10+1)}, 422, []string{"body.value"}},
		"many bytes":      {"default/a", object{"value": strings.Repeat("é", 40_000)}, 422, []string{"body.value"}},
		"above all":       {"default/a", object{"value": strings.Repeat("x", 1<<20)}, 413, nil},
		"another field":   {"default/a", object{"value": "x", "version": 7}, 422, []string{"body.version"}},
		"a bare string":   {"default/a", `"hunter2"`, 422, []string{"body"}},
		"not JSON at all": {"default/a", `hunter2`, 400, []string{"body"}},
	} {
		r := w.call(t, "PUT", "/api/v1/secrets/"+c.path, c.body)
		if got := intoProblem(t, r, c.status).locations(); c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
		if bytes.Contains(r.body, []byte("hunter2")) || bytes.Contains(r.body, []byte("12345678")) || len(r.body) > 2000 {
			t.Errorf("%s: the answer shows the value: %s", name, r.body)
		}
	}
	if n := w.count(t, `SELECT count(*) FROM secrets`); n != 0 {
		t.Errorf("%d secrets were stored", n)
	}
	w.put(t, "default/a", strings.Repeat("x", 64<<10))
}

func TestANewMasterKeySealsAnewAtTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, "default/token", "one")
	w.put(t, "default/token", "two")
	w.publishedSecret(t, "default", "token", 2, masterKey(1))
	w.halt(t)
	w.config.MasterKeys.Keys = masterKey(2) + "," + masterKey(1)
	w.restart(t)
	value, message := w.publishedSecret(t, "default", "token", 2, masterKey(2))
	newer, err := seal.Load(seal.Config{Keys: masterKey(2)})
	if err != nil {
		t.Fatal(err)
	}
	previous, err := newer.Open(message.Previous.Text, seal.Place{Namespace: "default", Name: "token", Version: 1})
	if value != "two" || previous != "one" || err != nil {
		t.Errorf("got %q, %q, %v", value, previous, err)
	}
	w.awaitEmptyOutbox(t)
	before := w.messages(t)
	w.halt(t)
	w.restart(t)
	w.awaitEmptyOutbox(t)
	if after := w.messages(t); after != before {
		t.Errorf("a restart published %d messages", after-before)
	}
}

func TestAResyncBringsBackSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, "default/lost", "x")
	w.awaitEmptyOutbox(t)
	w.halt(t)
	if err := w.js.DeleteStream(t.Context(), topology.JobsStream); err != nil {
		t.Fatal(err)
	}
	w.restart(t)
	if value, _ := w.publishedSecret(t, "default", "lost", 1, masterKey(1)); value != "x" {
		t.Errorf("got %q", value)
	}
}

func TestWithoutAMasterKeyNoSecretIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.halt(t)
	w.config.MasterKeys = seal.Config{}
	w.restart(t)
	p := intoProblem(t, w.call(t, "PUT", "/api/v1/secrets/default/token", object{"value": "x"}), 409)
	if !strings.Contains(p.Detail, "CARILLON_MASTER_KEY") {
		t.Error(p.Detail)
	}
}

// A resync that renews secrets and a writer in the middle of a change wait for each
// other in one order only.
func TestARenewalWaitsForAChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, "default/token", "value")
	keys, err := seal.Load(seal.Config{Keys: masterKey(2) + "," + masterKey(1)})
	if err != nil {
		t.Fatal(err)
	}
	writer, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Rollback(context.Background()) }()
	if _, err := writer.Exec(t.Context(), `SELECT FROM secrets FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	renewed := make(chan error, 1)
	go func() {
		_, err := secretstore.New(w.pool, keys, func() {}).Republish(t.Context(), nil)
		renewed <- err
	}()
	eventually.Succeeds(t, func() error {
		if w.count(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
			return errors.New("the resync does not wait")
		}
		return nil
	})
	if _, err := writer.Exec(t.Context(), `UPDATE secrets SET updated_at = now()`); err != nil {
		t.Errorf("the change: %v", err)
	}
	if err := writer.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-renewed; err != nil {
		t.Errorf("the renewal: %v", err)
	}
}
