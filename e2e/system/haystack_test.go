package system

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
)

// haystack is all that a system has said and stored, by where.
type haystack struct {
	mu    sync.Mutex
	parts map[string]*strings.Builder
}

func (h *haystack) add(part, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts == nil {
		h.parts = map[string]*strings.Builder{}
	}
	if h.parts[part] == nil {
		h.parts[part] = &strings.Builder{}
	}
	h.parts[part].WriteString(text + "\n")
}

// listen adds every message that passes through NATS from now on: those of all
// streams as they are published and delivered, and the feed.
func (h *haystack) listen(t *testing.T, address string) {
	t.Helper()
	nc, err := nats.Connect(address, nats.RetryOnFailedConnect(true), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if _, err := nc.Subscribe(">", func(msg *nats.Msg) {
		part, text := "messages", fmt.Sprint(msg.Subject, msg.Header, string(msg.Data))
		if strings.Contains(text, "$KV."+topology.CallbacksBucket) {
			part = "callbacks"
		}
		h.add(part, text)
	}); err != nil {
		t.Fatal(err)
	}
	eventually.Succeeds(t, nc.Flush) // the server may only be coming up
}

// dump adds every row of every table. Bytes are there in hexadecimal.
func (h *haystack) dump(t *testing.T, database string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	column := func(sql string) []string {
		rows, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		values, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	for _, table := range column(`SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`) {
		name := pgx.Identifier{table}.Sanitize()
		h.add("tables", table+": "+strings.Join(column("SELECT x::text FROM "+name+" AS x"), "\n"))
	}
}

// has fails the test unless a part holds a text: else a search would prove nothing.
func (h *haystack) has(t *testing.T, part, text string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts[part] == nil || !strings.Contains(h.parts[part].String(), text) {
		t.Errorf("%s: no %q", part, text)
	}
}

// hasNot fails the test if any part, but for some, holds a secret in any form.
func (h *haystack) hasNot(t *testing.T, name, secret string, but ...string) {
	t.Helper()
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for form, text := range map[string]string{
		"plain": secret, "JSON": strings.Trim(string(quoted), `"`), "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
		"hexadecimal": hex.EncodeToString([]byte(secret)), "base64": base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"base64url": base64.RawURLEncoding.EncodeToString([]byte(secret)), "JSON by PHP": inPHP(secret), "address by .NET": inNET(secret),
	} {
		for part, hay := range h.parts {
			if slices.Contains(but, part) {
				continue
			}
			if at := strings.Index(hay.String(), text); at >= 0 {
				t.Errorf("%s (%s) in %s: …%.300q", name, form, part, hay.String()[max(0, at-100):])
			}
		}
	}
}
