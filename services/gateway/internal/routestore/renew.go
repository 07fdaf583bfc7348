package routestore

import (
	"context"
	"log/slog"
)

// Renew seals under the present master key what is sealed under an older one, so
// that the older one may go. What no key opens stays as it is: it may open where the
// keys are others.
func (s *Store) Renew(ctx context.Context) {
	found, err := find(ctx, s.pool, `WHERE sealed IS NOT NULL`)
	if err != nil {
		slog.Warn("alert routes not looked at", "error", err)
		return
	}
	for _, r := range found {
		if s.keys.Current(r.sealed) {
			continue
		}
		if err := s.renew(ctx, &r); err != nil {
			slog.Error("address of an alert route not sealed anew", "namespace", r.Namespace, "route", r.Name, "error", err)
		}
	}
}

// renew leaves a route alone that has changed meanwhile: that sealed it anew.
func (s *Store) renew(ctx context.Context, r *row) error {
	address, err := s.keys.Open(r.sealed, r.place())
	if err != nil {
		return err
	}
	sealed, err := s.keys.Seal(address, r.place())
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `UPDATE alert_routes SET sealed = $3 WHERE id = $1 AND sealed = $2`, r.ID, r.sealed, sealed)
	return err
}
