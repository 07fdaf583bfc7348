package wire

import (
	"encoding/json"
	"fmt"

	"github.com/carillon-cron/carillon/shared/carillon"
	fast "github.com/segmentio/encoding/json"
)

// Body is what a message of this package can hold.
type Body interface {
	Definition | carillon.Queue | Call | Mark | Outcome | Run
}

// Encode returns the JSON form of a body.
func Encode[T Body](v T) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("wire: " + err.Error()) // unreachable: these types hold no channels, functions or NaNs
	}
	return data
}

// Decode reads the JSON form of a body. Every run is decoded three times on its
// way, and the standard library takes five times as long: a tenth of all the
// CPU time that a run costs.
func Decode[T Body](data []byte) (T, error) {
	var v T
	if err := fast.Unmarshal(data, &v); err != nil {
		return v, fmt.Errorf("wire: %T: %w", v, err)
	}
	return v, nil
}
