package schedule

import "math/bits"

// The engine works on plain numbers. An instant is a count of Unix seconds; a
// civil time is the reading of a local clock, counted in seconds as if that
// clock showed UTC. So instant + offset = civil, and dates are integer
// arithmetic.

const (
	secondsPerMinute = 60
	secondsPerHour   = 3600
	secondsPerDay    = 86400
)

// The engine knows the years from firstYear up to but excluding endYear. Time
// zones before 1970 are guesswork, and rules for the clocks two centuries from
// now are too.
const (
	firstYear = 1970
	endYear   = 2200
)

// The instants of the engine's range; endInstant is the first beyond it.
var endInstant = midnight(dayNumber(endYear, 1, 1))

// never is returned beside ok == false.
const never = int64(0)

// date is a day of the proleptic Gregorian calendar.
type date struct{ year, month, day int }

// dayNumber counts days from 1 January 1970; after Howard Hinnant's
// days_from_civil (https://howardhinnant.github.io/date_algorithms.html).
func dayNumber(year, month, day int) int {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}

// dateOf is the inverse of dayNumber.
func dateOf(number int) date {
	number += 719468
	era := floorDiv(number, 146097)
	dayOfEra := number - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	d := date{yearOfEra + era*400, (shifted+2)%12 + 1, dayOfYear - (153*shifted+2)/5 + 1}
	if d.month <= 2 {
		d.year++
	}
	return d
}

// weekdayOf returns 0 for Sunday to 6 for Saturday.
func weekdayOf(number int) int {
	return number + 4 - floorDiv(number+4, 7)*7
}

func daysIn(year, month int) int {
	if month == 2 {
		if isLeap(year) {
			return 29
		}
		return 28
	}
	return 30 + (month+month>>3)&1
}

func isLeap(year int) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

// split cuts a civil time into its day number and the second of that day.
func split(civil int64) (number, second int) {
	number = int(floorDiv(civil, secondsPerDay))
	return number, int(civil - midnight(number))
}

// midnight returns the civil time at which a day begins.
func midnight(number int) int64 { return int64(number) * secondsPerDay }

func floorDiv[T int | int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// lowestFrom returns the lowest set bit at or above from, or -1.
func lowestFrom(set uint64, from int) int {
	set = set >> from << from
	if set == 0 {
		return -1
	}
	return bits.TrailingZeros64(set)
}

// highestTo returns the highest set bit at or below to, or -1.
func highestTo(set uint64, to int) int {
	return bits.Len64(set<<(63-to)>>(63-to)) - 1
}
