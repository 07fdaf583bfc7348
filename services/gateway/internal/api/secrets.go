package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/secretstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
)

// SecretPath is the input of a route to one secret.
type SecretPath struct {
	Namespace string `path:"namespace" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits or '-'" doc:"Namespace of the secret."`
	Name      string `path:"name" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits or '-'" doc:"Name of the secret."`
}

func (in *SecretPath) key() carillon.SecretName {
	return carillon.SecretName{Namespace: in.Namespace, Name: in.Name}
}

// secretValue is the body of a PUT.
type secretValue struct {
	Value string `json:"value" minLength:"1" maxLength:"65536" doc:"The value, up to 64 KiB. It is never shown again." example:"whsec_…"`
}

// routeSecrets lets every reader see which secrets there are: documents name them
// anyway. Whoever may write a job may make it send a secret anywhere, so writing a
// secret asks for no more than that.
func (a *API) routeSecrets() {
	list := operation(http.MethodGet, "/secrets", "list-secrets", secretsTag, "List secrets")
	list.Description = "By namespace and name, and which jobs name them; never their values."
	register(a, keyring.Viewer, list, a.listSecrets)

	put := operation(http.MethodPut, "/secrets/{namespace}/{name}", "put-secret", secretsTag, "Create a secret, or give it a new value", http.StatusConflict)
	put.Description = "Jobs of the namespace name it; runs that start from now on use the new value. " +
		"The value before is kept, so that signatures are made with both until the next change. The same value again changes nothing."
	put.RequestBody = bodyOf(a, secretValue{Value: "s3cr3t"})
	register(a, keyring.Editor, put, a.putSecret)

	remove := operation(http.MethodDelete, "/secrets/{namespace}/{name}", "delete-secret", secretsTag, "Delete a secret", http.StatusNotFound, http.StatusConflict)
	remove.Description = "Refused while jobs name it. Runs of earlier revisions that still wait, and name it, fail."
	register(a, keyring.Editor, remove, a.deleteSecret)
}

type secretFilter struct {
	Namespace string `query:"namespace" doc:"Only secrets of this namespace."`
	Paging
}

func (a *API) listSecrets(ctx context.Context, in *secretFilter) (*answer[page[secretstore.Secret]], error) {
	after, err := decodeCursor[carillon.SecretName](in.Cursor)
	if err != nil {
		return nil, err
	}
	secrets, err := a.Secrets.List(ctx, secretstore.Filter{Namespace: in.Namespace, After: after, Limit: in.Limit + 1})
	return answerWith(newPage(secrets, in.Limit, secretstore.NameOf), err)
}

type secretBody struct {
	SecretPath
	payload
}

func (a *API) putSecret(ctx context.Context, in *secretBody) (*answer[secretstore.Secret], error) {
	given, err := document(a, &in.payload, func(s *secretValue) error {
		if len(s.Value) > carillon.MaxSecretBytes {
			return fault.Faults{{Field: "value", Message: "must be at most 64 KiB"}}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answerWith(a.Secrets.Put(ctx, actor(ctx), in.key(), given.Value))
}

func (a *API) deleteSecret(ctx context.Context, in *SecretPath) (*struct{}, error) {
	return nil, a.Secrets.Delete(ctx, actor(ctx), in.key())
}
