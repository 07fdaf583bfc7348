package credential

import (
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// shortestKey is what Standard Webhooks asks of a signing key.
const shortestKey = 24

// sign signs the request with every secret that the call names, and with the value
// that each had before: a receiver that knows any of them verifies it.
func (s *sending) sign(run uuid.UUID) error {
	body, err := bodyOf(s.request)
	if err != nil {
		return err
	}
	id, now := run.String(), time.Now()
	var signatures []string
	for _, name := range s.call.Target.Signing.Secrets {
		hooks, err := s.hooks(name)
		if err != nil {
			return err
		}
		for _, hook := range hooks {
			signature, err := hook.Sign(id, now, body)
			if err != nil {
				return err
			}
			signatures = append(signatures, signature)
		}
	}
	header := s.request.Header
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

// hooks are the signers of a secret. Its value must be a key; the one before may
// be anything, for it may be what a mistake was mended from.
func (s *sending) hooks(name string) (hooks []*standardwebhooks.Webhook, err error) {
	values := s.secrets.ResolveAll(s.call.Namespace, name)
	if len(values) == 0 {
		return nil, missing(name)
	}
	for i, value := range values {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(trim(value), "whsec_"))
		switch {
		case err == nil && len(key) >= shortestKey:
			hook, err := standardwebhooks.NewWebhookRaw(key)
			if err != nil {
				return nil, err
			}
			hooks = append(hooks, hook)
		case i == 0:
			return nil, unproven("the secret %s is no signing key: write it as whsec_ and the base64 of at least %d bytes", name, shortestKey)
		}
	}
	return hooks, nil
}

// bodyOf returns a copy of what the request will send.
func bodyOf(request *http.Request) ([]byte, error) {
	if request.GetBody == nil {
		return nil, nil
	}
	body, err := request.GetBody()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
