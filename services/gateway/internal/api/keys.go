package api

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/google/uuid"
)

func (a *API) routeKeys() {
	create := operation(http.MethodPost, "/keys", "create-key", accessTag, "Issue an API key")
	create.Description = "The key itself is in this answer and nowhere else. Nobody grants more than he has: " +
		"neither a higher role, nor other namespaces, nor a later end, nor more requests a second; what is left out is that of the caller."
	create.RequestBody = bodyOf(a, wantedKey{Name: "deploy", Role: keyring.Editor, Namespaces: []string{"billing"}})
	create.DefaultStatus = http.StatusCreated
	register(a, keyring.Admin, create, a.createKey)

	list := operation(http.MethodGet, "/keys", "list-keys", accessTag, "List API keys")
	list.Description = "By name. Those whose namespaces are all among the caller's."
	register(a, keyring.Admin, list, a.listKeys)

	register(a, keyring.Admin, operation(http.MethodGet, "/keys/{id}", "get-key", accessTag, "Read what is known of an API key", http.StatusNotFound), a.getKey)

	remove := operation(http.MethodDelete, "/keys/{id}", "delete-key", accessTag, "Revoke an API key", http.StatusNotFound)
	remove.Description = "It is refused at once by this gateway and within 3 s by the others; sessions and feeds that began with it end then."
	register(a, keyring.Admin, remove, a.deleteKey)
}

// wantedKey is the body of a POST.
type wantedKey struct {
	Name       string       `json:"name" minLength:"1" maxLength:"100" pattern:"^[A-Za-z0-9][A-Za-z0-9 ._@/-]*$" patternDescription:"letters, digits, spaces and any of . _ @ / -" doc:"What revisions and the audit log call its holder." example:"deploy"`
	Role       keyring.Role `json:"role" enum:"viewer,operator,editor,admin"`
	Namespaces []string     `json:"namespaces,omitempty" minItems:"1" maxItems:"100" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits or '-'" doc:"The namespaces that it is for; those of the caller if left out."`
	Rate       *int         `json:"rate,omitempty" minimum:"1" maximum:"100000" doc:"Most requests a second at one gateway; that of the caller, if he has one, or else of CARILLON_KEY_RATE, if left out."`
	ExpiresAt  *time.Time   `json:"expires_at,omitempty" doc:"When it ends; never, or with the caller's key, if left out."`
}

type issuedKey struct {
	keyring.APIKey
	Key string `json:"key" doc:"The key, which is never shown again." example:"car_…"`
}

func (a *API) createKey(ctx context.Context, in *struct{ payload }) (*answer[issuedKey], error) {
	wanted, err := document(a, &in.payload, func(*wantedKey) error { return nil })
	if err != nil {
		return nil, err
	}
	by := callerOf(ctx).Key
	issued, secret, err := a.Keys.Issue(ctx, by, a.rateOf(by), keyring.Wanted(wanted))
	return answerWith(issuedKey{issued, secret}, err)
}

func (a *API) listKeys(ctx context.Context, in *Paging) (*answer[page[keyring.APIKey]], error) {
	after, err := decodeCursor[keyring.Position](in.Cursor)
	if err != nil {
		return nil, err
	}
	entries, err := a.Keys.List(ctx, after, in.Limit+1)
	return answerWith(newPage(entries, in.Limit, keyring.PositionOf), err)
}

// KeyPath is the input of a route to one key.
type KeyPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the key."`
}

func (a *API) getKey(ctx context.Context, in *KeyPath) (*answer[keyring.APIKey], error) {
	return answerWith(a.Keys.Get(ctx, in.ID))
}

func (a *API) deleteKey(ctx context.Context, in *KeyPath) (*struct{}, error) {
	if err := a.Keys.Revoke(ctx, actor(ctx), in.ID); err != nil {
		return nil, err
	}
	a.Logins.Revoked(in.ID)
	return nil, nil
}
