package jobstat

import "math"

// Average is a weighted one. Its weights are comparable with those of the same
// Stats only. The zero Average is empty.
type Average struct{ Weight, Sum float64 }

// Mean returns the mean, or false if nothing was counted, or that was so long
// ago that its weight has become zero.
func (a Average) Mean() (mean float64, known bool) {
	if a.Weight <= 0 {
		return 0, false
	}
	return a.Sum / a.Weight, true
}

// replace puts one sample into the place of another, of the same weight.
func (a *Average) replace(was, is sample, weight float64) {
	switch {
	case was.there && is.there:
		a.Sum += weight * (is.value - was.value)
	case is.there:
		a.Weight, a.Sum = a.Weight+weight, a.Sum+weight*is.value
	case was.there:
		a.Weight, a.Sum = max(a.Weight-weight, 0), a.Sum-weight*was.value
	}
}

// scale multiplies all weights with 2^exponent.
func (a *Average) scale(exponent int) {
	a.Weight, a.Sum = math.Ldexp(a.Weight, exponent), math.Ldexp(a.Sum, exponent)
}

// Distribution is an average with its quantiles.
type Distribution struct {
	Average
	Sketch Sketch
}

func (d *Distribution) replace(was, is sample, weight float64) {
	d.Average.replace(was, is, weight)
	if was.there {
		d.Sketch = d.Sketch.add(was.value, -weight)
	}
	if is.there {
		d.Sketch = d.Sketch.add(is.value, weight)
	}
}

func (d *Distribution) scale(exponent int) {
	d.Average.scale(exponent)
	d.Sketch = d.Sketch.scale(exponent)
}
