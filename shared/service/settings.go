package service

import (
	"errors"
	"fmt"
	"os"

	"github.com/caarlos0/env/v11"
	"github.com/carillon-cron/carillon/shared/fault"
)

// Load fills a settings struct from the environment by its env tags. The error
// names every variable that cannot be read.
func Load[C any](config *C) error {
	err := env.Parse(config)
	if err == nil {
		return nil
	}
	if bad := faulty[C](); len(bad) > 0 {
		err = bad
	}
	return fmt.Errorf("settings: %w", err)
}

// faulty says which variables are to blame. The library names the field of the
// struct only, so each variable is read once more, alone.
func faulty[C any]() fault.Faults {
	var faults fault.Faults
	params, _ := env.GetFieldParams(new(C))
	for _, p := range params {
		value, set := os.LookupEnv(p.Key)
		if !set {
			continue
		}
		alone := env.Options{Environment: map[string]string{p.Key: value}}
		if bad, ok := errors.AsType[env.ParseError](env.ParseWithOptions(new(C), alone)); ok {
			faults.Add(p.Key, "%v", bad.Err)
		}
	}
	return faults
}
