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
	pair := b.Username + ":" + password
	s.hidden.Hide(pair)
	s.authorize("Basic " + base64.StdEncoding.EncodeToString([]byte(pair)))
	return nil
}

func (s *sending) authorize(value string) { s.request.Header["Authorization"] = []string{value} }
