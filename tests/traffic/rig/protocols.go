package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// handshake connects and checks the certificate of a host.
func (p *plane) handshake(ctx context.Context, host string, protocols ...string) (*tls.Conn, error) {
	raw, err := p.dial(ctx, "https", "")
	if err != nil {
		return nil, err
	}
	connection := tls.Client(raw, p.tls(host, protocols...))
	if err := connection.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return connection, nil
}

// askWebsocket opens a websocket, waits without a message if that is asked, and expects an echo.
func askWebsocket(ctx context.Context, a *asker) (string, error) {
	target, err := url.Parse(a.url)
	if err != nil {
		return "", err
	}
	config, err := websocket.NewConfig(a.url, "https://"+target.Host)
	if err != nil {
		return "", err
	}
	var raw net.Conn
	if target.Scheme == "wss" {
		raw, err = a.plane.handshake(ctx, target.Hostname(), "http/1.1")
	} else {
		raw, err = a.plane.dial(ctx, target.Scheme, a.source)
	}
	if err != nil {
		return "", err
	}
	defer raw.Close()
	if err := raw.SetDeadline(time.Now().Add(a.silent + 5*time.Second)); err != nil {
		return "", err
	}
	socket, err := websocket.NewClient(config, raw)
	if err != nil {
		return "", err
	}
	var who, echo string
	if err := websocket.Message.Receive(socket, &who); err != nil {
		return "", err
	}
	if err := sleep(ctx, a.silent); err != nil {
		return "", err
	}
	if err := websocket.Message.Send(socket, "hello"); err != nil {
		return "", err
	}
	if err := websocket.Message.Receive(socket, &echo); err != nil {
		return "", fmt.Errorf("no echo: %w", err)
	}
	if echo != "hello" {
		return "", fmt.Errorf("%q comes back instead of \"hello\"", echo)
	}
	return who, nil
}

// askGRPC calls the health service of HOST or HOST/PREFIX.
func askGRPC(ctx context.Context, a *asker) (string, error) {
	host, prefix, found := strings.Cut(a.url, "/")
	if found {
		prefix = "/" + prefix
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	connection, err := grpc.NewClient("passthrough:///"+a.plane.https, grpc.WithAuthority(host),
		grpc.WithTransportCredentials(credentials.NewTLS(a.plane.tls(host))))
	if err != nil {
		return "", err
	}
	defer connection.Close()
	module, pods := "", map[string]bool{}
	for range attempts {
		var header metadata.MD
		var reply grpc_health_v1.HealthCheckResponse
		err := connection.Invoke(ctx, prefix+grpc_health_v1.Health_Check_FullMethodName,
			&grpc_health_v1.HealthCheckRequest{}, &reply, grpc.Header(&header))
		if err != nil {
			return "", err
		}
		if reply.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			return "", errors.New(reply.Status.String())
		}
		module = strings.Join(header.Get(headerModule), " ")
		pods[strings.Join(header.Get(headerPod), " ")] = true
	}
	return module + ", " + count(pods), nil
}
