package audit

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/google/uuid"
)

// Fingerprint is Postgres's uuid_hash_extended(id, at in µs since the Unix epoch):
// Bob Jenkins's lookup3 of 2006 over the sixteen bytes. Partitioning by hash rests
// on that function, so no release of Postgres may change it. On a machine whose
// first byte is the greatest it may come out differently; then each job's rows are
// read one by one, which is slow and as exact.
func Fingerprint(id uuid.UUID, at time.Time) uint64 {
	seed := uint64(at.UnixMicro())
	const begin = 0x9e3779b9 + 16 + 3923095
	h := lookup3{begin, begin, begin}
	if seed != 0 {
		h.a += uint32(seed >> 32)
		h.b += uint32(seed)
		h.mix()
	}
	h.a += binary.LittleEndian.Uint32(id[0:])
	h.b += binary.LittleEndian.Uint32(id[4:])
	h.c += binary.LittleEndian.Uint32(id[8:])
	h.mix()
	h.a += binary.LittleEndian.Uint32(id[12:])
	h.final()
	return uint64(h.b)<<32 | uint64(h.c)
}

// lookup3 is the state of the hash.
type lookup3 struct{ a, b, c uint32 }

func (h *lookup3) mix() {
	a, b, c := h.a, h.b, h.c
	a, c = a-c^bits.RotateLeft32(c, 4), c+b
	b, a = b-a^bits.RotateLeft32(a, 6), a+c
	c, b = c-b^bits.RotateLeft32(b, 8), b+a
	a, c = a-c^bits.RotateLeft32(c, 16), c+b
	b, a = b-a^bits.RotateLeft32(a, 19), a+c
	c, b = c-b^bits.RotateLeft32(b, 4), b+a
	h.a, h.b, h.c = a, b, c
}

func (h *lookup3) final() {
	a, b, c := h.a, h.b, h.c
	c = c ^ b - bits.RotateLeft32(b, 14)
	a = a ^ c - bits.RotateLeft32(c, 11)
	b = b ^ a - bits.RotateLeft32(a, 25)
	c = c ^ b - bits.RotateLeft32(b, 16)
	a = a ^ c - bits.RotateLeft32(c, 4)
	b = b ^ a - bits.RotateLeft32(a, 14)
	c = c ^ b - bits.RotateLeft32(b, 24)
	h.b, h.c = b, c
}
