package bus

import (
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// wrongLastSequenceConstant is how a replicated stream may say that an expected
// last sequence did not hold.
const wrongLastSequenceConstant jetstream.ErrorCode = 10164

// Refused reports whether the server checked a publish and stored nothing,
// because the last sequence was not the expected one (10071 or 10164).
func Refused(err error) bool {
	var api jetstream.JetStreamError
	if !errors.As(err, &api) || api.APIError() == nil {
		return false
	}
	code := api.APIError().ErrorCode
	return code == jetstream.JSErrCodeStreamWrongLastSequence || code == wrongLastSequenceConstant
}
