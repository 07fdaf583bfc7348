package credential

import (
	"encoding/base64"

	"github.com/carillon-cron/carillon/shared/carillon"
	"golang.org/x/net/http/httpguts"
)

func (s *sending) bearer(b *carillon.Bearer) error {
	token, err := s.secret(b.Secret)
	if err != nil {
		return err
	}
	if !httpguts.ValidHeaderFieldValue(token) {
		return unproven("the secret %s has characters that no header can carry", b.Secret)
	}
	s.authorize("Bearer " + token)
	return nil
}

func (s *sending) basic(b *carillon.Basic) error {
	password, err := s.secret(b.Secret)
	if err != nil {
		return err
	}
	s.hidden.Hide(userPair(b, password))
	s.authorize("Basic " + base64.StdEncoding.EncodeToString([]byte(userPair(b, password))))
	return nil
}

func userPair(b *carillon.Basic, password string) string { return b.Username + ":" + password }

func (s *sending) authorize(value string) { s.request.Header["Authorization"] = []string{value} }
