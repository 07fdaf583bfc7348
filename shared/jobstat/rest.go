package jobstat

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/google/uuid"
)

// restVersion is the first byte of a rest. Another version has another one.
const restVersion = 1

// Rest returns what the column rest keeps: all but what has a column of its own.
func (s *Stats) Rest() []byte {
	data := append(make([]byte, 0, 400), restVersion)
	for _, count := range s.Counts.all() {
		data = binary.AppendUvarint(data, uint64(*count))
	}
	data = binary.AppendUvarint(data, uint64(s.Week))
	for _, average := range s.averages() {
		data = binary.BigEndian.AppendUint64(data, math.Float64bits(average.Weight))
		data = binary.BigEndian.AppendUint64(data, math.Float64bits(average.Sum))
	}
	data = append(data, s.Last.RunID[:]...)
	data = append(data, s.LastSuccess.RunID[:]...)
	if s.LastSuccess.RunID != uuid.Nil {
		data = binary.BigEndian.AppendUint64(data, uint64(s.LastSuccess.FireTime.UnixMicro()))
	}
	data = binary.AppendUvarint(data, uint64(len(s.Lateness.Sketch)))
	data = append(data, s.Lateness.Sketch...)
	return s.Streak.append(data)
}

func (c *Counts) all() []*int64 {
	return []*int64{&c.Succeeded, &c.Failed, &c.Cancelled, &c.Skipped, &c.Missed, &c.Expired, &c.Lost}
}

func (s *Stats) averages() []*Average {
	return []*Average{&s.Failing, &s.Duration.Average, &s.Lateness.Average, &s.RecentFailing, &s.RecentDuration}
}

func (s *Stats) readRest(data []byte) error {
	if len(data) == 0 || data[0] != restVersion {
		return ErrUnreadable
	}
	r := reader{data: data[1:]}
	for _, count := range s.Counts.all() {
		*count = int64(r.uvarint())
	}
	s.Week = int(r.uvarint())
	for _, average := range s.averages() {
		average.Weight, average.Sum = math.Float64frombits(r.uint64()), math.Float64frombits(r.uint64())
	}
	copy(s.Last.RunID[:], r.bytes(16))
	copy(s.LastSuccess.RunID[:], r.bytes(16))
	if s.LastSuccess.RunID != uuid.Nil {
		s.LastSuccess.FireTime = time.UnixMicro(int64(r.uint64())).UTC()
	}
	s.Lateness.Sketch = Sketch(r.bytes(r.uvarint()))
	s.Streak.read(&r)
	if !s.Lateness.Sketch.whole() {
		return ErrUnreadable
	}
	return r.err
}

// reader takes data apart from its beginning. After an error, all it reads is zero.
type reader struct {
	data []byte
	err  error
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.data, r.err = nil, ErrUnreadable
		return nil
	}
	taken := r.data[:n:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) uint64() uint64 {
	if taken := r.bytes(8); taken != nil {
		return binary.BigEndian.Uint64(taken)
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	value, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.data, r.err = nil, ErrUnreadable
		return 0
	}
	r.data = r.data[n:]
	return value
}
