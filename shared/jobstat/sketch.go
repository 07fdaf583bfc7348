package jobstat

import (
	"encoding/binary"
	"math"
)

// Sketch is a histogram of positive numbers, in the form in which it is stored:
// for each bucket that is not empty, in rising order, its number and its weight.
// Bucket n holds what is up to smallest·growth^n. A job's durations lie in some
// ten buckets, 50 bytes. An empty Sketch is nil or has no bytes. What stands after the last
// whole entry of one that was cut off is passed over.
type Sketch []byte

const (
	smallest    = 1e-4 // seconds; what is less, or negative, is in bucket 0
	growth      = 1.1
	lastBucket  = 255 // 1e-4 s · 1.1^255 is 41 days; what is more counts as that
	entrySize   = 1 + 4
	negligible  = 1.0 / (1 << 20) // a run of this week, twenty weeks from now
	cancelRound = 1e-5            // what rounding leaves of a weight that is taken away
)

var logGrowth = math.Log(growth)

// Quantile returns the value below which a share q of the weight lies, within
// five percent for values of 0.1 ms to 41 days, or false if the sketch is empty.
func (s Sketch) Quantile(q float64) (value float64, known bool) {
	rest := q * s.total()
	for at := 0; at+entrySize <= len(s); at += entrySize {
		value, known = valueOf(s[at]), true
		if rest -= s.weight(at); rest <= 0 {
			break
		}
	}
	return value, known
}

func (s Sketch) total() (total float64) {
	for at := 0; at+entrySize <= len(s); at += entrySize {
		total += s.weight(at)
	}
	return total
}

// add returns the sketch with a weight more, or less if it is negative. It
// writes to the old one.
func (s Sketch) add(value, weight float64) Sketch {
	bucket, at := bucketOf(value), 0
	for at < len(s) && s[at] < bucket {
		at += entrySize
	}
	if at == len(s) || s[at] != bucket {
		s = append(s, make([]byte, entrySize)...)
		copy(s[at+entrySize:], s[at:])
		s[at] = bucket
		s.setWeight(at, 0)
	}
	s.setWeight(at, s.weight(at)+weight)
	if s.weight(at) <= math.Abs(weight)*cancelRound {
		return append(s[:at], s[at+entrySize:]...)
	}
	return s
}

// scale multiplies all weights with 2^exponent, and forgets those that do not
// matter any more. It writes to the old sketch.
func (s Sketch) scale(exponent int) Sketch {
	kept := s[:0]
	for at := 0; at < len(s); at += entrySize {
		if weight := math.Ldexp(s.weight(at), exponent); weight >= negligible {
			s.setWeight(at, weight)
			kept = append(kept, s[at:at+entrySize]...)
		}
	}
	return kept
}

// whole reports whether it is one at all.
func (s Sketch) whole() bool { return len(s)%entrySize == 0 }

func (s Sketch) weight(at int) float64 {
	return float64(math.Float32frombits(binary.BigEndian.Uint32(s[at+1:])))
}

func (s Sketch) setWeight(at int, weight float64) {
	binary.BigEndian.PutUint32(s[at+1:], math.Float32bits(float32(weight)))
}

func bucketOf(value float64) byte {
	if value <= smallest {
		return 0
	}
	return byte(min(math.Ceil(math.Log(value/smallest)/logGrowth), lastBucket))
}

// valueOf is the value whose relative distance to both ends of its bucket is the
// same.
func valueOf(bucket byte) float64 {
	if bucket == 0 {
		return 0
	}
	return smallest * math.Pow(growth, float64(bucket)) * 2 / (growth + 1)
}
