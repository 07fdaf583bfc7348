package callback

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"
)

// Ticket is what a token says: for which attempt of which run it was made, and
// until when it is good.
type Ticket struct {
	Job     uuid.UUID
	Run     uuid.UUID
	Attempt int
	Until   time.Time // to the second
}

// ErrUnknown says that nobody here made a token.
var ErrUnknown = errors.New("no such callback")

const (
	bodyBytes = 16 + 16 + 2 + 8
	signBytes = 16 // 2¹²⁸ guesses
)

// sign returns the token of a ticket. It fits in an address as it is.
func sign(secret []byte, t Ticket) string {
	token := make([]byte, 0, bodyBytes+signBytes)
	token = append(token, t.Job[:]...)
	token = append(token, t.Run[:]...)
	token = binary.BigEndian.AppendUint16(token, uint16(min(t.Attempt, math.MaxUint16)))
	token = binary.BigEndian.AppendUint64(token, uint64(t.Until.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(token, signature(secret, token)...))
}

// verify reads a token back, or fails with ErrUnknown.
func verify(secret []byte, token string) (Ticket, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(bodyBytes+signBytes) {
		return Ticket{}, ErrUnknown
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != bodyBytes+signBytes || !hmac.Equal(raw[bodyBytes:], signature(secret, raw[:bodyBytes])) {
		return Ticket{}, ErrUnknown
	}
	return Ticket{
		Job: uuid.UUID(raw[:16]), Run: uuid.UUID(raw[16:32]),
		Attempt: int(binary.BigEndian.Uint16(raw[32:34])),
		Until:   time.Unix(int64(binary.BigEndian.Uint64(raw[34:42])), 0).UTC(),
	}, nil
}

func signature(secret, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return mac.Sum(nil)[:signBytes]
}
