package carillon

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/google/uuid"
)

// NewJobID returns a fresh job id: a UUIDv7, so that ids sort by creation.
func NewJobID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// NewRunID returns the id of the run that a job's fire time, or a trigger at
// that instant, becomes. It is a pure function of its arguments: however often
// and wherever it is computed, the same fire has the same id.
//
// The layout is UUIDv8 (RFC 9562 §5.8): 48 bits of fire time in milliseconds,
// then 74 bits of SHA-256 over job, instant and kind. Ids therefore sort by fire
// time, name their ledger partition, and serve as W3C trace ids as they are.
func NewRunID(job uuid.UUID, kind Kind, fire time.Time) uuid.UUID {
	var seed [40]byte
	copy(seed[:16], job[:])
	binary.BigEndian.PutUint64(seed[16:], uint64(fire.UnixNano()))
	n := 24 + copy(seed[24:], kind)
	sum := sha256.Sum256(seed[:n])

	var id uuid.UUID
	copy(id[:], sum[:16])
	ms := uint64(fire.UnixMilli())
	binary.BigEndian.PutUint16(id[0:], uint16(ms>>32))
	binary.BigEndian.PutUint32(id[2:], uint32(ms))
	id[6] = id[6]&0x0f | 0x80 // version 8
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// RunTime returns the fire time that a run id carries, to the millisecond.
func RunTime(id uuid.UUID) time.Time {
	ms := int64(binary.BigEndian.Uint16(id[0:]))<<32 | int64(binary.BigEndian.Uint32(id[2:]))
	return time.UnixMilli(ms).UTC()
}

// Partitions is how many shares all jobs are cut into; a share is planned by
// one planner at a time. It is part of every subject, so it never changes for
// the life of a deployment. Twelve divides evenly over 1, 2, 3, 4, 6 planners.
const Partitions = 12

// PartitionOf returns the partition of a job, in [0, Partitions).
func PartitionOf(job uuid.UUID) int {
	h := fnv.New32a()
	_, _ = h.Write(job[:])
	return int(h.Sum32() % Partitions)
}
