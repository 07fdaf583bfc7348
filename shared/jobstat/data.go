package jobstat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// ErrUnreadable says that data was not written by this version.
var ErrUnreadable = errors.New("unreadable statistics")

// dataVersion is the first byte of data. Another version has another one.
const dataVersion = 3

// Data returns the form in which statistics are stored: some 450 to 800 bytes.
func (s *Stats) Data() []byte {
	data := append(make([]byte, 0, 800), dataVersion)
	for _, count := range s.Counts.all() {
		data = binary.AppendUvarint(data, uint64(*count))
	}
	data = binary.AppendUvarint(data, uint64(s.Week))
	for _, average := range s.averages() {
		data = binary.BigEndian.AppendUint64(data, math.Float64bits(average.Weight))
		data = binary.BigEndian.AppendUint64(data, math.Float64bits(average.Sum))
	}
	data = s.Fired.appendInstants(s.Called.append(s.LastSuccess.append(s.Last.append(data))))
	data = appendBytes(data, s.Duration.Sketch)
	data = appendBytes(data, s.Lateness.Sketch)
	return s.Streak.append(data)
}

func (e *End) append(data []byte) []byte {
	data = append(data, e.RunID[:]...)
	return e.appendInstants(appendBytes(appendBytes(data, e.Kind), e.State))
}

func (e *End) appendInstants(data []byte) []byte {
	for _, instant := range e.instants() {
		data = binary.BigEndian.AppendUint64(data, uint64(instant.UnixMicro()))
	}
	return data
}

func appendBytes[T ~string | ~[]byte](data []byte, text T) []byte {
	return append(binary.AppendUvarint(data, uint64(len(text))), text...)
}

func (e *End) instants() []*time.Time { return []*time.Time{&e.FireTime, &e.StartedAt, &e.FinishedAt} }

func (c *Counts) all() []*int64 {
	return []*int64{&c.Succeeded, &c.Failed, &c.Cancelled, &c.Skipped, &c.Missed, &c.Expired, &c.Lost}
}

func (s *Stats) averages() []*Average {
	return []*Average{&s.Failing, &s.Duration.Average, &s.Lateness.Average, &s.RecentFailing, &s.RecentDuration}
}

// Read reads what [Stats.Data] returned of a job. Its error is [ErrUnreadable].
func Read(job uuid.UUID, data []byte) (*Stats, error) {
	s := &Stats{JobID: job}
	if !s.read(data) {
		return nil, fmt.Errorf("%w of job %s", ErrUnreadable, job)
	}
	return s, nil
}

func (s *Stats) read(data []byte) bool {
	if len(data) == 0 || data[0] != dataVersion {
		return false
	}
	r := &reader{data: data[1:]}
	for _, count := range s.Counts.all() {
		*count = int64(r.uvarint())
	}
	s.Week = int(r.uvarint())
	for _, average := range s.averages() {
		average.Weight, average.Sum = math.Float64frombits(r.uint64()), math.Float64frombits(r.uint64())
	}
	s.Last.read(r)
	s.LastSuccess.read(r)
	s.Called.read(r)
	s.Fired.readInstants(r)
	s.Duration.Sketch, s.Lateness.Sketch = r.bytes(r.uvarint()), r.bytes(r.uvarint())
	s.Streak.read(r)
	return r.err == nil && s.Duration.Sketch.whole() && s.Lateness.Sketch.whole()
}

func (e *End) read(r *reader) {
	copy(e.RunID[:], r.bytes(16))
	e.Kind, e.State = carillon.Kind(r.bytes(r.uvarint())), carillon.State(r.bytes(r.uvarint()))
	e.readInstants(r)
}

func (e *End) readInstants(r *reader) {
	for _, instant := range e.instants() {
		*instant = time.UnixMicro(int64(r.uint64())).UTC()
	}
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
