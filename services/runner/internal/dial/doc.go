// Package dial opens the connections that calls are made on.
//
// Every address is checked by the guard: without a proxy at the moment it is
// dialled, so that no answer of DNS between check and dial makes a difference.
// With one, the runner looks the host up itself and asks the proxy for a tunnel to
// an address that was checked, never to a name, for plain HTTP too. So the guard
// holds through a proxy as well, and the proxy must let its clients CONNECT to the
// addresses and ports that jobs call. What it does behind that (a redirection of
// its own, another network in which the address means something else) cannot be
// seen from here. The proxy's own address comes from a setting and is not checked.
//
// Connecting and the TLS handshake have a limit each, which the context of the
// call may carry. What runs out is named by a [Timeout].
package dial
