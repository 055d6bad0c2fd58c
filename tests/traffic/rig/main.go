// Program rig is what a test of traffic needs besides a control plane and the data planes: the pods, an
// ingress controller, and the clients.
//
//	rig pods                         runs the pods of the node, at addresses that this network namespace reaches
//	rig ingress DIR PLANE CLASS      serves the Ingresses of CLASS through nginx
//	rig ask PLANE TABLE              asks the questions of a table and compares the answers
//	rig load PLANE URL UNROUTED      sends requests until SIGTERM, then reports what became of them
//	rig sessions PLANE URL FILE      begins sessions; continues them if FILE exists
//
// PLANE is NAME=ADDRESS:HTTP:HTTPS, for example nginx=127.0.0.1:10080:10443: the column of the table with the
// expected answers, and where the data plane listens. The first two commands use the cluster of KUBECONFIG;
// the others trust the CA in the file RIG_CA.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

var errUsage = errors.New("usage: rig pods | ingress DIR PLANE CLASS | ask PLANE TABLE | load PLANE URL UNROUTED | sessions PLANE URL FILE")

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	command, args := args[0], args[1:]
	switch {
	case command == "pods" && len(args) == 0:
		return runPods(ctx)
	case command == "ingress" && len(args) == 3:
		return runIngress(ctx, args[0], args[1], args[2])
	case command == "ask" && len(args) == 2:
		return runAsk(ctx, args[0], args[1])
	case command == "load" && len(args) == 3:
		return runLoad(ctx, args[0], args[1], args[2])
	case command == "sessions" && len(args) == 3:
		return runSessions(ctx, args[0], args[1], args[2])
	}
	return errUsage
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	fmt.Fprintln(os.Stderr, "rig:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}
