package credential

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// pair makes a self-signed certificate for the loopback address, with its key.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", secret)
}

// serveTLS serves with a pair, and asks clients for a certificate.
func serveTLS(t *testing.T, certificate, key string, ask tls.ClientAuthType, trusted string, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	own, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handle)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are part of the tests
	server.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: ask, ClientCAs: x509.NewCertPool()}
	server.TLS.ClientCAs.AppendCertsFromPEM([]byte(trusted))
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestACertificateIsShownToItsTarget(t *testing.T) {
	t.Parallel()
	serverCert, serverKey := pair(t)
	clientCert, clientKey := pair(t)
	otherCert, otherKey := pair(t)
	server := serveTLS(t, serverCert, serverKey, tls.RequireAndVerifyClientCert, clientCert, func(http.ResponseWriter, *http.Request) {})
	p := prover(t, known{"mine": {clientCert + clientKey}, "reversed": {clientKey + "\n" + clientCert}, "others": {otherCert + otherKey}})
	for name, c := range map[string]struct {
		secret, ca string
		works      bool
	}{
		"the right one":          {"mine", serverCert, true},
		"with its key first":     {"reversed", serverCert, true},
		"one nobody trusts":      {"others", serverCert, false},
		"a server nobody trusts": {"mine", "", false},
		"another authority":      {"mine", otherCert, false},
	} {
		auth := &carillon.Auth{MTLS: &carillon.MTLS{Secret: c.secret, CA: c.ca}}
		status, _, err := do(t.Context(), p, carillon.Target{URL: server.URL, Auth: auth})
		if works := err == nil && status == 200; works != c.works {
			t.Errorf("%s: %d, %v", name, status, err)
		}
	}
}

func TestARedirectElsewhereSeesNoCertificate(t *testing.T) {
	t.Parallel()
	certificate, key := pair(t)
	seen := make(chan int, 2)
	note := func(r *http.Request) { seen <- len(r.TLS.PeerCertificates) }
	elsewhere := serveTLS(t, certificate, key, tls.RequestClientCert, "", func(_ http.ResponseWriter, r *http.Request) { note(r) })
	home := serveTLS(t, certificate, key, tls.RequestClientCert, "", func(w http.ResponseWriter, r *http.Request) {
		note(r)
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(certificate))
	plain := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}
	p := New(known{"mine": {certificate + key}}, plain, copies(plain))
	t.Cleanup(p.Close)
	status, _, err := do(t.Context(), p, carillon.Target{URL: home.URL, Auth: &carillon.Auth{MTLS: &carillon.MTLS{Secret: "mine"}}})
	if status != 200 || err != nil {
		t.Fatal(status, err)
	}
	if first, second := <-seen, <-seen; first != 1 || second != 0 {
		t.Errorf("home saw %d certificates, elsewhere %d", first, second)
	}
}

func TestOneConnectionServesManyCallsOfACertificate(t *testing.T) {
	t.Parallel()
	certificate, key := pair(t)
	server := serveTLS(t, certificate, key, tls.RequireAndVerifyClientCert, certificate, func(http.ResponseWriter, *http.Request) {})
	dials := 0
	transport := &http.Transport{ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials++
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	p := New(known{"mine": {certificate + key}}, transport, copies(transport))
	t.Cleanup(p.Close)
	for range 5 {
		auth := &carillon.Auth{MTLS: &carillon.MTLS{Secret: "mine", CA: certificate}}
		if status, _, err := do(t.Context(), p, carillon.Target{URL: server.URL, Auth: auth}); status != 200 || err != nil {
			t.Fatal(status, err)
		}
	}
	if dials != 1 {
		t.Errorf("%d connections", dials)
	}
}

func TestAPairIsNeverQuoted(t *testing.T) {
	t.Parallel()
	certificate, _ := pair(t)
	_, key := pair(t)
	p := prover(t, known{"odd": {certificate + key}})
	_, _, err := do(t.Context(), p, carillon.Target{URL: "https://127.0.0.1:1", Auth: &carillon.Auth{MTLS: &carillon.MTLS{Secret: "odd"}}})
	if err == nil || bytes.Contains([]byte(err.Error()), []byte("PRIVATE")) || err.Error() != "the secret odd is not a certificate and its key as PEM" {
		t.Error(err)
	}
}
