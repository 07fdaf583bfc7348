package system

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// verifier is a target that checks who calls, and echoes what it was shown, as a
// careless one would.
type verifier struct {
	*httptest.Server
	proven, refused atomic.Int64
}

// verify serves a check, over TLS where config is given.
func verify(t *testing.T, config *tls.Config, check func(*http.Request) bool) *verifier {
	t.Helper()
	v := &verifier{}
	v.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if check(r) {
			v.proven.Add(1)
		} else {
			v.refused.Add(1)
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprintf(w, "echo %v of %s", r.Header, r.URL)
		for _, shown := range []string{r.Header.Get("Authorization"), r.Header.Get("X-Key")} {
			fmt.Fprint(w, "\n", inPHP(shown), "\n", inNET(shown))
		}
	}))
	if config == nil {
		v.Start()
	} else {
		v.TLS = config
		v.StartTLS()
	}
	t.Cleanup(v.Close)
	return v
}

// enough says what is wrong unless the verifier has taken n calls, and refused none.
func (v *verifier) enough(n int64) error {
	if v.proven.Load() < n || v.refused.Load() > 0 {
		return fmt.Errorf("%s: %d calls proven, %d refused", v.URL, v.proven.Load(), v.refused.Load())
	}
	return nil
}

// serveTokens is a token endpoint that gives one token for one client's secret. To
// any other it echoes what it got.
func serveTokens(t *testing.T, client, secret, token string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if id, given, _ := r.BasicAuth(); id != client || given != secret {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, given, r.Header)
			return
		}
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, token)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// receiver verifies signatures with the one key that it knows at the time.
type receiver struct {
	*verifier
	key atomic.Pointer[standardwebhooks.Webhook]
}

func receive(t *testing.T, key string) *receiver {
	t.Helper()
	r := &receiver{}
	r.learn(t, key)
	r.verifier = verify(t, nil, func(request *http.Request) bool {
		body, err := io.ReadAll(request.Body)
		return err == nil && r.key.Load().Verify(body, request.Header) == nil
	})
	return r
}

func (r *receiver) learn(t *testing.T, key string) {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	r.key.Store(hook)
}

// certify makes a self-signed certificate for loopback, and its key, as PEM.
func certify(t *testing.T) (certificate, key string) {
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
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", secret)
}

// mutual is a server's side of TLS that wants a certificate of its own authority.
func mutual(t *testing.T, certificate, key, client string) *tls.Config {
	t.Helper()
	own, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	config.ClientCAs.AppendCertsFromPEM([]byte(client))
	return config
}
