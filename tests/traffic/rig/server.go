package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// Headers of responses: which pod answered, of which module, and what arrived there.
const (
	headerPod    = "X-Pod"
	headerModule = "X-Module"
	headerPath   = "X-Path"
)

// Header of requests: how long the pod works on it.
const headerWork = "X-Work"

// podServer is the program in the containers of a pod: HTTP, websockets that echo, and gRPC's health service, on
// each port.
type podServer struct {
	module  string
	address string
	ports   []string
	network *podNetwork

	lock    sync.Mutex
	closed  bool
	servers []*http.Server
}

func newPodServer(p *pod, network *podNetwork) *podServer {
	s := &podServer{module: moduleOf(p.Labels), address: p.address, network: network}
	for _, c := range p.spec.Containers {
		for _, port := range c.Ports {
			s.ports = append(s.ports, fmt.Sprint(port.Port))
		}
	}
	return s
}

func moduleOf(labels map[string]string) string {
	for _, label := range []string{"opta.dev/module-name", "app.kubernetes.io/name", "app"} {
		if labels[label] != "" {
			return labels[label]
		}
	}
	return "unknown"
}

// listen starts to serve, unless the server is closed.
func (s *podServer) listen() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	handler := s.handler()
	for _, port := range s.ports {
		if s.closed {
			return nil
		}
		listener, err := s.network.listen(net.JoinHostPort(s.address, port))
		if err != nil {
			return err
		}
		server := &http.Server{Handler: handler, Protocols: &protocols}
		s.servers = append(s.servers, server)
		go server.Serve(listener)
	}
	return nil
}

// close ends the server and all its connections.
func (s *podServer) close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.closed = true
	for _, server := range s.servers {
		server.Close()
	}
	s.servers = nil
}

func (s *podServer) handler() http.Handler {
	rpc := s.grpcServer()
	echo := websocket.Server{Handler: s.echo}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
			rpc.ServeHTTP(w, r)
		case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
			echo.ServeHTTP(w, r)
		default:
			s.answer(w, r)
		}
	})
}

func (s *podServer) answer(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	if work, err := time.ParseDuration(r.Header.Get(headerWork)); err == nil {
		time.Sleep(work)
	}
	w.Header().Set(headerPod, s.address)
	w.Header().Set(headerModule, s.module)
	w.Header().Set(headerPath, r.RequestURI)
	fmt.Fprintf(w, "%s %s\n", s.module, r.RequestURI)
}

// echo sends who answers, and then each message back.
func (s *podServer) echo(connection *websocket.Conn) {
	defer connection.Close()
	message := s.module + " " + connection.Request().RequestURI
	for websocket.Message.Send(connection, message) == nil {
		if websocket.Message.Receive(connection, &message) != nil {
			return
		}
	}
}

func (s *podServer) grpcServer() *grpc.Server {
	name := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		if err := grpc.SetHeader(ctx, metadata.Pairs(headerPod, s.address, headerModule, s.module)); err != nil {
			return nil, err
		}
		return next(ctx, request)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(name))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	return server
}
