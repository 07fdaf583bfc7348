package dial

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// Proxy is an HTTP proxy that tunnels connections. It is read from text like
// http://user:password@proxy.example.com:3128, or https:// for a proxy that speaks
// TLS itself. The zero Proxy is none.
type Proxy struct {
	address, host string
	secure        bool
	authorization string
}

func (p Proxy) set() bool { return p.address != "" }

// UnmarshalText reads a proxy. Its error does not repeat the text, for that may
// hold a password.
func (p *Proxy) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return errors.New("not a proxy: write it like http://proxy.example.com:3128 or http://user:password@proxy.example.com:3128")
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	*p = Proxy{address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)), host: u.Hostname(), secure: u.Scheme == "https"}
	if u.User != nil {
		password, _ := u.User.Password()
		p.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	return nil
}

// tunnel connects to the first address of a host that may be called and that the
// proxy reaches.
func (d *Dialer) tunnel(ctx context.Context, network, address string) (net.Conn, error) {
	targets, err := d.lookUp(ctx, address)
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		if err = d.guard.Check(target); err != nil {
			continue
		}
		var conn net.Conn
		if conn, err = d.proxy.connect(ctx, target); err == nil {
			return conn, nil
		}
		// Of its own kind: what is wrong with the proxy's name or certificate is not wrong with the target's.
		err = &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("proxy: %v", err)}
	}
	return nil, err
}

// lookUp returns the addresses of a host, at least one.
func (d *Dialer) lookUp(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	found, err := d.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	targets := make([]netip.AddrPort, len(found))
	for i, ip := range found {
		targets[i] = netip.AddrPortFrom(ip.Unmap(), uint16(number))
	}
	return targets, nil
}

// connect opens a tunnel to an address.
func (p Proxy) connect(ctx context.Context, target netip.AddrPort) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	if p.secure {
		conn = tls.Client(conn, &tls.Config{ServerName: p.host})
	}
	cut := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	err = p.ask(conn, target)
	if !cut() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// maxAnswer is the most that is read of a proxy's answer.
const maxAnswer = 64 << 10

func (p Proxy) ask(conn net.Conn, target netip.AddrPort) error {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target.String()}, Host: target.String(), Header: http.Header{}}
	if p.authorization != "" {
		request.Header.Set("Proxy-Authorization", p.authorization)
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxAnswer))
	response, err := http.ReadResponse(reader, request)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("it answered %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	case reader.Buffered() > 0:
		return errors.New("it sent more than its answer") // in a tunnel the target speaks second
	}
	return nil
}
