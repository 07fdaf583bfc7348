package runner_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

var masterKeys = seal.Config{Keys: base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))}

func withKeys(c *config) { c.MasterKeys = masterKeys }

// keep publishes a secret as the gateway does.
func (s *stage) keep(name, value string, version int64) {
	s.Helper()
	keys, err := seal.Load(masterKeys)
	if err != nil {
		s.Fatal(err)
	}
	text, err := keys.Seal(value, seal.Place{Namespace: "default", Name: name, Version: version})
	if err != nil {
		s.Fatal(err)
	}
	s.publish(topology.Secret("default", name), wire.Encode(wire.Secret{Current: wire.Sealed{Version: version, Text: text}}))
}

func (s *stage) provenCall(url string) wire.Call {
	call := s.call(url)
	call.Target.Auth = &carillon.Auth{Bearer: &carillon.Bearer{Secret: "token"}}
	return call
}

func TestSecretsAreKnownBeforeTheFirstRun(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.follow()
	s.define(defaultQueue(5))
	s.keep("token", "one", 1)
	run := s.plan(s.provenCall(target.URL))
	s.start(withKeys)
	if got := s.final(run); got.State != carillon.StateSucceeded {
		t.Errorf("%+v", got)
	}
	s.keep("token", "two", 2)
	s.eventually(func() error {
		s.final(s.plan(s.provenCall(target.URL)))
		if got := target.header("Authorization"); got[0] != "Bearer one" || got[len(got)-1] != "Bearer two" {
			return fmt.Errorf("got %v", got)
		}
		return nil
	})
}

func TestAMissingSecretIsMendedByTheNextAttempt(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer one" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s.follow()
	s.define(defaultQueue(5))
	s.start(withKeys)
	call := s.provenCall(target.URL)
	call.Retry = carillon.Retry{MaxAttempts: 20, MinBackoff: carillon.Duration(time.Second), MaxBackoff: carillon.Duration(time.Second)}
	run := s.plan(call)
	s.eventually(func() error {
		if outcomes := s.of(run.ID); len(outcomes) == 0 || outcomes[0].Attempt == nil {
			return fmt.Errorf("%+v", outcomes)
		}
		return nil
	})
	first := s.of(run.ID)[0]
	if first.State != carillon.StateRetrying || first.Attempt.Class != wire.ClassAuth || !strings.Contains(first.Reason, "the secret token is not there") {
		t.Errorf("%+v %+v", first, first.Attempt)
	}
	if target.calls() > 0 {
		t.Error("the target was called without the secret")
	}
	s.keep("token", "one", 1)
	if got := s.final(run); got.State != carillon.StateSucceeded || got.Attempts < 2 {
		t.Errorf("%+v", got)
	}
}

func TestAMalformedMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	bad := config{Slots: 1, HostConnections: 1, MasterKeys: seal.Config{Keys: "hunter2"}}
	err := runner.Run(t.Context(), bad, service.NewHealth())
	if err == nil || !strings.Contains(err.Error(), "CARILLON_MASTER_KEY") || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}
