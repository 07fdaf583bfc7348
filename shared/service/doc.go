// Package service is the frame around every service: settings from the
// environment, logs, signals, tracing, and the admin port with health and metrics.
//
// A service itself is one function, Run(ctx, Config) error, that returns when
// ctx ends and everything it held is given back. [Main] runs one as a process;
// `carillon up` and the tests run several side by side. So nothing in here is
// reached from inside a Run but [Health].
package service
