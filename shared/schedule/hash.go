package schedule

import (
	"fmt"
	"hash/fnv"
	"math/bits"
	"strconv"
	"strings"
)

// hash returns a number that depends on nothing but the seed and what it is
// for. Over many seeds the numbers are even: FNV-1a reads every byte, and a
// final mix lets each of them reach every bit.
func hash(seed, purpose string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(seed + "\x00" + purpose))
	return mix(h.Sum64())
}

// share scales the hash to [0, size).
func share(seed, purpose string, size int) int {
	high, _ := bits.Mul64(hash(seed, purpose), uint64(size))
	return int(high)
}

// mix is the finalizer of MurmurHash3.
func mix(x uint64) uint64 {
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// resolveHash replaces H, H(a-b), H/n and H(a-b)/n by the numbers that the seed
// stands for.
func (f *field) resolveHash(item, seed string) (string, error) {
	low, high, rest := f.min, f.most, item[1:]
	if inner, ok := strings.CutPrefix(rest, "("); ok {
		var err error
		inner, rest, ok = strings.Cut(inner, ")")
		low, high, err = f.bounds(inner)
		if err != nil || !ok {
			return "", fmt.Errorf("%q is not a range; write for example \"H(%d-%d)\"", item, f.min, f.most)
		}
	}
	size := high - low + 1
	if low > high {
		size += f.period
	}
	if rest == "" {
		return f.number(low + share(seed, f.name, size)), nil
	}
	step, err := strconv.Atoi(strings.TrimPrefix(rest, "/"))
	if err != nil || rest[0] != '/' || step < 1 || step > size {
		return "", fmt.Errorf("%q is not understood; write for example \"H/%d\"", item, max(size/4, 1))
	}
	var numbers []string
	for n := share(seed, f.name, step); n < size; n += step {
		numbers = append(numbers, f.number(low+n))
	}
	return strings.Join(numbers, ","), nil
}

func (f *field) bounds(text string) (low, high int, err error) {
	from, to, _ := strings.Cut(text, "-")
	if low, err = strconv.Atoi(from); err == nil {
		high, err = strconv.Atoi(to)
	}
	if err == nil && (low < f.min || high < f.min || low > f.max || high > f.max) {
		err = strconv.ErrRange
	}
	return low, high, err
}

// number writes n, which may lie beyond the end of a range that wraps around.
func (f *field) number(n int) string {
	if n > f.max {
		n -= f.period
	}
	return strconv.Itoa(n)
}
