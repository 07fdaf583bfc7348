package natsserver_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// open starts a server and connects to it within the process.
func open(t *testing.T, dir string) (*natsserver.Server, jetstream.JetStream) {
	t.Helper()
	server, err := natsserver.Start(natsserver.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	nc, err := nats.Connect("", server.Option())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return server, js
}

func TestRestartKeepsWhatWasStored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, js := open(t, dir)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.*"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s.1", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	server.Stop() // the second one does nothing
	_, js = open(t, dir)
	stream, err := js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetLastMsgForSubject(t.Context(), "s.1")
	if err != nil || string(msg.Data) != "kept" {
		t.Errorf("got %v, %v", msg, err)
	}
}

func TestListensOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	closed, _ := open(t, t.TempDir())
	if url := closed.URL(); url != "" {
		t.Errorf("without a port, it takes connections at %s", url)
	}
	listening, err := natsserver.Start(natsserver.Config{Dir: t.TempDir(), Port: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(listening.Stop)
	nc, err := nats.Connect(listening.URL())
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

func TestStartSaysAtOnceWhatIsWrong(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, config := range map[string]natsserver.Config{
		"address already in use": {Dir: t.TempDir(), Port: taken.Addr().(*net.TCPAddr).Port},
		file:                     {Dir: file},
	} {
		began := time.Now()
		server, err := natsserver.Start(config)
		switch {
		case err == nil:
			server.Stop()
			t.Errorf("started, although %s", want)
		case !strings.Contains(err.Error(), want) || time.Since(began) > 10*time.Second:
			t.Errorf("%q after %s; want it to say %q", err, time.Since(began), want)
		}
	}
}
