package credential

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"

	"github.com/carillon-cron/carillon/shared/carillon"
)

func (s *sending) mtls(m *carillon.MTLS) error {
	text, err := s.secret(m.Secret)
	if err != nil {
		return err
	}
	shown, err := s.pairs.transport(text, m)
	if err != nil {
		return err
	}
	s.client.Transport = homeward{shown: shown, plain: s.pairs.plain}
	return nil
}

// pairs keeps a transport for each certificate, so that connections made with it
// are used again, and for nobody else.
type pairs struct {
	plain   *http.Transport
	showing func(*tls.Config) *http.Transport
	known   recent[[2][sha256.Size]byte, *http.Transport]
}

func (p *pairs) transport(pair string, m *carillon.MTLS) (*http.Transport, error) {
	key := [2][sha256.Size]byte{sha256.Sum256([]byte(pair)), sha256.Sum256([]byte(m.CA))}
	return p.known.get(key, func() (*http.Transport, error) {
		certificate, err := tls.X509KeyPair([]byte(pair), []byte(pair))
		if err != nil { // its text is left out: it may quote
			return nil, unproven("the secret %s is not a certificate and its key as PEM", m.Secret)
		}
		return p.with(certificate, m.CA), nil
	})
}

// with is a transport that shows a certificate, and trusts the given authorities, if
// any, in the place of the system's.
func (p *pairs) with(certificate tls.Certificate, authorities string) *http.Transport {
	shown := &tls.Config{Certificates: []tls.Certificate{certificate}}
	if authorities != "" {
		shown.RootCAs = x509.NewCertPool()
		shown.RootCAs.AppendCertsFromPEM([]byte(authorities))
	}
	return p.showing(shown)
}

func (p *pairs) close() { p.known.each((*http.Transport).CloseIdleConnections) }

// homeward shows the certificate to the job's own host, and to no other that a
// redirect leads to.
type homeward struct{ shown, plain *http.Transport }

// RoundTrip implements [http.RoundTripper].
func (h homeward) RoundTrip(request *http.Request) (*http.Response, error) {
	for at := request; at.Response != nil; at = at.Response.Request {
		if from := at.Response.Request.URL; !strings.EqualFold(from.Host, at.URL.Host) || at.URL.Scheme != from.Scheme {
			return h.plain.RoundTrip(request)
		}
	}
	return h.shown.RoundTrip(request)
}
