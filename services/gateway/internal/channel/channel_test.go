package channel

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/carillon-cron/carillon/shared/guard"
	"github.com/emersion/go-smtp"
)

var message = Message{Title: "Carillon: 2 firing", Text: "FIRING default/report failing: a run has failed\n", Key: "k"}

func allowing(t *testing.T, text string) *Sender {
	t.Helper()
	var allowed guard.Allowed
	if err := allowed.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return New([]guard.Allowed{allowed})
}

// listener serves HTTP, and keeps what was asked.
type listener struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	asked  []string
}

func listen(t *testing.T, tls bool) *listener {
	t.Helper()
	l := &listener{status: 200}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.asked = append(l.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Title")+" "+string(body))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(l.status)
		_, _ = w.Write([]byte("{}"))
	})
	if l.Server = httptest.NewUnstartedServer(handler); tls {
		l.StartTLS()
	} else {
		l.Start()
	}
	t.Cleanup(l.Close)
	return l
}

func (l *listener) host() string { return l.Listener.Addr().String() }

func TestNtfy(t *testing.T) {
	t.Parallel()
	l := listen(t, false)
	address := "ntfy://" + l.host() + "/our-topic?scheme=http"
	if err := allowing(t, "127.0.0.0/8").Send(t.Context(), "default", address, message); err != nil {
		t.Fatal(err)
	}
	if len(l.asked) != 1 || !strings.Contains(l.asked[0], "POST /our-topic Carillon: 2 firing ") || !strings.Contains(l.asked[0], "default/report") {
		t.Errorf("asked %q", l.asked)
	}
	l.status = 500
	if err := allowing(t, "127.0.0.0/8").Send(t.Context(), "default", address, message); err == nil || strings.Contains(err.Error(), "our-topic") {
		t.Errorf("with a status of 500: %v", err)
	}
}

func TestWhatAChannelAnswersIsText(t *testing.T) {
	t.Parallel()
	address := &url.URL{Scheme: "ntfy", Host: "host", Path: "/our-topic"}
	answer := "no\x00 our-topic \xff" + strings.Repeat("é", mostSaid)
	got := masked(errors.New(answer), address).Error()
	if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00") || strings.Contains(got, "topic") || len(got) > 2*mostSaid {
		t.Errorf("%q", got)
	}
}

func TestPagerDutyOpensAndCloses(t *testing.T) {
	t.Parallel()
	l := listen(t, true)
	sender := allowing(t, "127.0.0.0/8")
	sender.roots = l.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	const key = "0123456789abcdef0123456789abcdef"
	for _, resolved := range []bool{false, true} {
		m := message
		m.Resolved = resolved
		if err := sender.Send(t.Context(), "default", "pagerduty://"+l.host()+"/"+key, m); err != nil {
			t.Fatal(err)
		}
	}
	for i, action := range []string{"trigger", "resolve"} {
		if !strings.Contains(l.asked[i], `"event_action":"`+action+`"`) || !strings.Contains(l.asked[i], `"dedup_key":"k"`) {
			t.Errorf("asked %s", l.asked[i])
		}
	}
}

// postOffice is a mail server.
type postOffice struct {
	mu    sync.Mutex
	mails []string
}

func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &counter{office: p}, nil }

// counter takes in one mail.
type counter struct {
	office   *postOffice
	from, to string
}

func (c *counter) Mail(from string, _ *smtp.MailOptions) error { c.from = from; return nil }
func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error   { c.to = to; return nil }
func (c *counter) Reset()                                      {}
func (c *counter) Logout() error                               { return nil }
func (c *counter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.mails = append(c.office.mails, c.from+" "+c.to+"\n"+string(text))
	return err
}

func openOffice(t *testing.T) (*postOffice, string) {
	t.Helper()
	office := &postOffice{}
	server := smtp.NewServer(office)
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(socket) }()
	t.Cleanup(func() { _ = server.Close() })
	return office, socket.Addr().String()
}

func TestMail(t *testing.T) {
	t.Parallel()
	office, host := openOffice(t)
	address := "smtp://" + host + "/?from=carillon@example.com&to=ops@example.com&auth=None&encryption=None&usestarttls=no"
	if err := allowing(t, host).Send(t.Context(), "default", address, message); err != nil {
		t.Fatal(err)
	}
	office.mu.Lock()
	defer office.mu.Unlock()
	if len(office.mails) != 1 {
		t.Fatalf("%d mails", len(office.mails))
	}
	for _, want := range []string{"carillon@example.com ops@example.com", "Subject: Carillon: 2 firing", "default/report failing"} {
		if !strings.Contains(office.mails[0], want) {
			t.Errorf("%q is not in %s", want, office.mails[0])
		}
	}
}

func TestAddressesThatAreNotPublicAreRefused(t *testing.T) {
	t.Parallel()
	l := listen(t, false)
	office, host := openOffice(t)
	sender := New(nil)
	for _, address := range []string{
		"ntfy://" + l.host() + "/topic?scheme=http",
		"pagerduty://" + l.host() + "/0123456789abcdef0123456789abcdef",
		"smtp://" + host + "/?from=a@example.com&to=b@example.com&auth=None&encryption=None&usestarttls=no",
	} {
		err := sender.Send(t.Context(), "default", address, message)
		if err == nil || !strings.Contains(err.Error(), "CARILLON_ALLOW_TARGETS") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if len(l.asked)+len(office.mails) > 0 {
		t.Error("they were called")
	}
}

func TestAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"slack://hook:AAAAAAAAA-BBBBBBBBB-123456789123456789123456@webhook": "slack",
		"smtp://me:secret@mail.example.com:587/?from=a@b.c&to=d@e.f":        "smtp",
		"pagerduty:///0123456789abcdef0123456789abcdef":                     "pagerduty",
		"ntfy://ntfy.sh/topic": "ntfy",
	} {
		if sort, err := Check(address); err != nil || sort != want {
			t.Errorf("%s is %s, %v", address, sort, err)
		}
	}
	for _, wrong := range []string{"", "slack://", "generic://example.com", "logger://", "https://hooks.slack.com/x", "pagerduty:///short", "smtp://host", "ntfy://ntfy.sh"} {
		if sort, err := Check(wrong); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s is %s, %v", wrong, sort, err)
		}
	}
}
