package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// plane is a data plane, and what a client has to know about it.
type plane struct {
	name  string
	http  string // address for http:// URLs, whatever their host
	https string
	roots *x509.CertPool
}

// parsePlane reads NAME=ADDRESS:HTTP:HTTPS.
func parsePlane(text string) (*plane, error) {
	name, rest, _ := strings.Cut(text, "=")
	part := strings.Split(rest, ":")
	if name == "" || len(part) != 3 {
		return nil, fmt.Errorf("%q is not NAME=ADDRESS:HTTP:HTTPS", text)
	}
	return &plane{name: name, http: net.JoinHostPort(part[0], part[1]), https: net.JoinHostPort(part[0], part[2])}, nil
}

// newPlane is parsePlane for a client, which trusts the CA in the file RIG_CA.
func newPlane(text string) (*plane, error) {
	p, err := parsePlane(text)
	if err != nil {
		return nil, err
	}
	if p.roots, err = readCertificates(os.Getenv("RIG_CA")); err != nil {
		return nil, fmt.Errorf("RIG_CA: %w", err)
	}
	return p, nil
}

// dial connects to the data plane from the address `source`, which may be empty.
func (p *plane) dial(ctx context.Context, scheme, source string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	if source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	target := p.http
	if scheme == "https" || scheme == "wss" {
		target = p.https
	}
	return dialer.DialContext(ctx, "tcp", target)
}

func (p *plane) tls(host string, protocols ...string) *tls.Config {
	return &tls.Config{RootCAs: p.roots, ServerName: host, NextProtos: protocols}
}

// client returns an HTTP client without redirects and without connections that are kept.
func (p *plane) client(source string) *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   p.tls(""),
			DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				scheme := "http"
				if strings.HasSuffix(address, ":443") {
					scheme = "https"
				}
				return p.dial(ctx, scheme, source)
			},
		},
	}
}
