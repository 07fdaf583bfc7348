package schedule

// CompileAnew compiles without looking for what was compiled before, so that it
// can be timed.
func (s Spec) CompileAnew(seed string) (*Schedule, error) { return s.compile(seed) }
