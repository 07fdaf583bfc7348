// Package process reads what can be seen of a running process from outside: its
// CPU time and memory in /proc, and its health and metrics at its admin address.
package process
