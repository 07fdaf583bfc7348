package wire

import (
	"fmt"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/segmentio/encoding/json"
)

// Body is what a message of this package can hold.
type Body interface {
	Adaptations | Adapted | Alert | Backfill | Brief | Call | Cancel | Cooldown | Definition | Mark | Outcome |
		PassAnswer | PassRequest | Pause | Ping | carillon.Queue | Report | Run | Secret
}

// Encode returns the JSON form of a body.
func Encode[T Body](v T) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("wire: " + err.Error()) // unreachable: these types hold no channels, functions or NaNs
	}
	return data
}

// Decode reads the JSON form of a body.
func Decode[T Body](data []byte) (T, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fmt.Errorf("wire: %T: %w", v, err)
	}
	return v, nil
}
