package credential

import (
	"github.com/carillon-cron/carillon/services/runner/internal/mask"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// Hide adds to the mask what the proof of an earlier call may have been, and the
// values of other secrets that it named: those of now, those before the last change,
// and the token that came last.
func (p *Prover) Hide(call *wire.Call, names []string, hidden *mask.Mask) {
	for _, name := range names {
		p.hide(call, name, hidden)
	}
	auth := call.Target.Auth
	switch {
	case auth == nil:
	case auth.Bearer != nil:
		p.hide(call, auth.Bearer.Secret, hidden)
	case auth.Basic != nil:
		for _, password := range p.hide(call, auth.Basic.Secret, hidden) {
			hidden.Hide(userPair(auth.Basic, password))
		}
	case auth.OAuth2 != nil:
		for _, client := range p.hide(call, auth.OAuth2.Secret, hidden) {
			p.hideToken(call.Namespace, auth.OAuth2, client, hidden)
		}
	case auth.MTLS != nil:
		p.hide(call, auth.MTLS.Secret, hidden)
	}
}

// hide hides the values of a secret, and returns them as they are sent.
func (p *Prover) hide(call *wire.Call, name string, hidden *mask.Mask) (values []string) {
	for _, value := range p.secrets.ResolveAll(call.Namespace, name) {
		hidden.Hide(value, trim(value))
		values = append(values, trim(value))
	}
	return values
}

func (p *Prover) hideToken(namespace string, o *carillon.OAuth2, client string, hidden *mask.Mask) {
	hidden.Hide(clientPair(o, client))
	if last := p.tokens.source(namespace, o, client).last(); last != nil {
		hidden.Hide(last.value)
	}
}
