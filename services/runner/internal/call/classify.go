package call

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"syscall"

	"github.com/carillon-cron/carillon/services/runner/internal/credential"
	"github.com/carillon-cron/carillon/services/runner/internal/dial"
	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/guard"
	"github.com/carillon-cron/carillon/shared/wire"
)

// classify sorts the error of an attempt, and says it in a sentence.
func classify(err error) (wire.Class, string) {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // its own text begins with the address
	}
	if unproven, ok := errors.AsType[*credential.Unproven](err); ok {
		return wire.ClassAuth, unproven.Error()
	}
	if blocked, ok := errors.AsType[*guard.Blocked](err); ok {
		return wire.ClassBlocked, blocked.Error()
	}
	if unreachable, ok := errors.AsType[*credential.Unreachable](err); ok { // no word of the target's host
		return wire.ClassAuth, text(unreachable)
	}
	if errors.Is(err, errNoCallbackURL) { // blocked by a setting, as an address is
		return wire.ClassBlocked, err.Error()
	}
	if late, ok := errors.AsType[*dial.Timeout](err); ok {
		return wire.ClassTimeout, late.Error()
	}
	return classOf(err), text(err)
}

func classOf(err error) wire.Class {
	if _, ok := errors.AsType[*unmet](err); ok {
		if errors.Is(err, answer.ErrTooLarge) {
			return wire.ClassTooLarge
		}
		return wire.ClassAssertion
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return wire.ClassDNS
	}
	if aboutTrust(err) {
		return wire.ClassTLS
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Op == "dial" || lostConnection(err) {
		return wire.ClassConnect
	}
	if timed, ok := errors.AsType[net.Error](err); ok && timed.Timeout() {
		return wire.ClassTimeout
	}
	return wire.ClassProtocol
}

// aboutTrust reports whether an error came from TLS. The alerts that the other
// side sends are net.OpErrors of an unexported type, with an operation of their own.
func aboutTrust(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	operation, ok := errors.AsType[*net.OpError](err)
	return verification || record || alert || authority || ok && operation.Op == "remote error" ||
		errors.Is(err, http.ErrSchemeMismatch)
}

func lostConnection(err error) bool {
	_, stream := errors.AsType[streamError](err)
	return stream || hungUp(err) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// streamError has the form of HTTP/2's reset of a stream. net/http does not export
// the type; its value turns itself into any of the same form.
type streamError struct {
	StreamID, Code uint32
	Cause          error
}

func (streamError) Error() string { return "the target reset the stream" }

// hungUp reports whether the connection was closed; by net/http itself, where the
// other side's end was seen while the request was still being sent.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

const maxErrorText = 300

var addresses = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"]*`)

// text returns an error's own words, short and without addresses: those may
// hold secrets, of the job's own or in a Location that the target sent.
func text(err error) string {
	if hungUp(err) {
		return "the target closed the connection before the end of its answer"
	}
	words := clean(addresses.ReplaceAllString(err.Error(), "(address)"))
	if len(words) > maxErrorText {
		words = clean(words[:maxErrorText])
	}
	return words
}
