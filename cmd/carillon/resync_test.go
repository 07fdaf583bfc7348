package main

import (
	"strings"
	"testing"
)

func TestResyncSaysWhatItNeeds(t *testing.T) {
	t.Setenv("NATS_URL", "")
	t.Setenv("DATABASE_URL", "")
	if _, err := inContext("", "resync"); err == nil || !strings.Contains(err.Error(), "set NATS_URL and DATABASE_URL") {
		t.Error(err)
	}
	t.Setenv("NATS_URL", "nats://127.0.0.1:1")
	t.Setenv("DATABASE_URL", "postgres://user:hidden@127.0.0.1:1/carillon")
	_, err := inContext("", "resync")
	if err == nil || !strings.Contains(err.Error(), "carillon doctor says") || strings.Contains(err.Error(), "hidden") {
		t.Error(err)
	}
}
